"""Notes beside the catalogue: which archive it holds, and which one the plan compared it with."""

import json
from pathlib import Path

from echoclr_core.common.digest import digest
from echoclr_core.common.files import write_json

LISTED, CATALOGUED = "listed.json", "catalogued.json"


def settings_digest(*values: object) -> str:
    """Digest of what the catalogue depends on besides the archive: another one writes every table."""
    return digest(list(values))


def note_listed(state: str, archive: str, settings: str, shards: list[str]) -> None:
    """Keep what the plan compared, for :func:`note_catalogued` and for jobs on other machines."""
    write_json(Path(state) / LISTED, {"archive": archive, "settings": settings, "shards": shards})


def note_catalogued(state: str) -> None:
    """The catalogue now holds what the plan listed. A file that came later is a change of the next plan."""
    listed = read_record(Path(state) / LISTED)
    write_json(Path(state) / CATALOGUED, {name: listed[name] for name in ("archive", "settings")})


def read_record(path: Path) -> dict:
    """A note; empty where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
