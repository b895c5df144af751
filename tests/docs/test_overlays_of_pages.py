"""The overlays that the pages of own tasks, views and methods show are allowed configurations."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from echoclr_core.design.tasks import study_tasks
from workflow_scripts.lib.config_checks import resolve_config

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = [
    (page, number, block)
    for page in ("tasks", "views", "methods")
    for number, block in enumerate(
        re.findall(
            r"```yaml\n(.*?)```", (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8"), re.DOTALL
        )
    )
    if "barlow_twins" not in block  # its file is put there by tests/pretrain/test_methods.py
]


@pytest.mark.parametrize(("page", "number", "block"), BLOCKS, ids=lambda value: str(value)[:12])
def test_an_overlay_of_the_page_is_allowed(page, number, block):
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    overlay = yaml.safe_load(block)
    update_config(config, overlay)
    resolved = resolve_config(config, ROOT, check_paths=False)
    for name in overlay.get("tasks", {}):
        resolved["finetune"]["tasks"] = [name]
        assert study_tasks(resolved)[0].columns()


def test_every_page_has_an_overlay():
    assert {page for page, _, _ in BLOCKS} == {"tasks", "views", "methods"}
