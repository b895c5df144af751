"""The configuration with its defaults, checked before anything is planned."""

import copy
import json
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

from echoclr_core.common.validation import fill_defaults
from echoclr_core.common.validation import problems as schema_problems
from echoclr_core.design.problems import key_problems
from echoclr_core.design.sources import unnamed_data
from echoclr_core.design.tasks import with_task_columns
from workflow_scripts.lib import results_folder, synthetic_folder
from workflow_scripts.lib.table_checks import tell_table_problems


@cache
def schema(root: Path) -> dict:
    """The JSON Schema of the configuration, written from echoclr_core/options/ by `make config`."""
    return json.loads((root / "config" / "schema" / "config.schema.json").read_text(encoding="utf-8"))


def resolve_config(config: dict, root: Path, *, check_paths: bool) -> dict:
    """The configuration with defaults filled in, or a WorkflowError that lists every problem at once.

    Problems of the input tables are told with them, where reading the table needs none of the wrong keys.

    Parameters
    ----------
    config
        As Snakemake merged it.
    root
        The repository.
    check_paths
        Whether the keys that have no default must be filled.
    """
    found = schema_problems(schema(root), config)
    if found:
        valid = _without(config, _keys(found), root)
        found += _further_problems(valid, found) if valid else []
    else:
        config = fill_defaults(schema(root), config)
        found = synthetic_folder.input_problems(config)
        config = valid = synthetic_folder.fill_inputs(config)
        found += key_problems(config) + synthetic_folder.column_problems(config)
        if check_paths:
            # Bundles score new patients without a study: what the study lacks is said where its jobs are due.
            found = ([] if config["predict"]["dicom_dir"] else unnamed_data(config)) + found
            found += synthetic_folder.folder_problems(config) + results_folder.problems(config)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        told = tell_table_problems(valid, _keys(found)) if check_paths and valid else []
        tables = "".join(f"\n{line}" for line in told)
        raise WorkflowError(
            f"{len(found)} problem{'s' * (len(found) > 1)} in the configuration:\n{lines}{tables}"
        )
    return with_task_columns(config)


def _keys(found: list[str]) -> list[str]:
    """The keys that lines of problems begin with."""
    return [line.partition(": ")[0] for line in found]


def _without(config: dict, wrong: list[str], root: Path) -> dict | None:
    """The configuration without the wrong keys, with defaults; None if it is still not valid."""
    config = copy.deepcopy(config)
    for key in wrong:
        *sections, last = key.split(".")
        part = config
        for name in sections:
            part = part.get(name) if isinstance(part, dict) else None
        if isinstance(part, dict):
            part.pop(last, None)
    if schema_problems(schema(root), config):
        return None
    return synthetic_folder.fill_inputs(fill_defaults(schema(root), config))


def _further_problems(config: dict, found: list[str]) -> list[str]:
    """What is wrong besides ``found``, the problems of single keys, so that nobody meets it one run later.

    ``config`` lacks those keys; what may follow from that alone is not told.
    """
    further = key_problems(config) + synthetic_folder.column_problems(config)
    wrong = _keys(found)
    return [
        line
        for line in further
        if not any(key.startswith(line.partition(": ")[0]) or key in line for key in wrong)
    ]
