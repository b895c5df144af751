"""Parts of the configuration as parameters of rules: only what matters to a rule starts it again."""

import json
from functools import partial

from echoclr_core.design.initialisations import SSL, known_initialisations
from echoclr_core.design.tasks import task_names


def in_order(config: dict) -> dict:
    """The configuration with lists that stand for sets in one order: that of the paper, or rising.

    How a user lists the initialisations, say, changes no result and must start no job.
    """
    tune, methods = config["finetune"], config["pretrain"]["methods"]
    inits = [init for init in known_initialisations(config) if init in tune["initialisations"]]
    years = {name: sorted(config["cohort"][name]) for name in ("development_years", "external_years")}
    grid = {
        "tasks": task_names(config),
        "initialisations": inits,
        "ratios": sorted(tune["ratios"]),
    }
    return config | {
        "finetune": tune | grid,
        "pretrain": config["pretrain"] | {"methods": [method for method in SSL if method in methods]},
        "cohort": config["cohort"] | years,
    }


def slices_of(config: dict):
    """A function that gives parts of ``config``, see :func:`config_slice`."""
    return partial(config_slice, config)


def config_slice(config: dict, *paths: str, leave_out: tuple[str, ...] = ()) -> str:
    """Parts of the configuration as JSON: key path to value, sorted.

    A plain string is what Snakemake compares most reliably: the order of dict keys would count, and changed
    objects of other types go unnoticed.

    Parameters
    ----------
    paths
        Key paths such as "pretrain" or "study.seed".
    leave_out
        Key paths that the rule does not depend on, such as "deidentify.keep_videos".
    """
    chosen = {}
    for path in paths:
        value = config
        for part in path.split("."):
            value = value[part]
        if isinstance(value, dict):
            value = {key: item for key, item in value.items() if f"{path}.{key}" not in leave_out}
        chosen[path] = value
    return json.dumps(chosen, sort_keys=True, ensure_ascii=False)
