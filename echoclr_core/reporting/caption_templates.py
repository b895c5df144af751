"""Captions in report/*.rst, rendered as Snakemake's own report renders them."""

from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment, StrictUndefined


class Captions:
    """Captions by name.

    Parameters
    ----------
    paths
        The .rst files.
    config, params
        What stands in them as ``snakemake.config[...]`` and ``snakemake.params....``.
    """

    def __init__(self, paths: list[str], *, config: dict, params: dict):
        self._templates = {Path(path).stem: Path(path).read_text(encoding="utf-8") for path in paths}
        self._values = SimpleNamespace(config=config, params=SimpleNamespace(**params))

    def __call__(self, name: str) -> str:
        """The caption ``name`` with its numbers; an unknown number is an error, not a gap."""
        template = Environment(undefined=StrictUndefined, autoescape=False).from_string(self._templates[name])
        return template.render(snakemake=self._values)
