"""The files that a run needs, looked for before its first job."""

import re
import sys
from collections.abc import Collection
from pathlib import Path

from snakemake.exceptions import WorkflowError

from echoclr_core.design.initialisations import own_weights
from echoclr_core.design.sources import unnamed_data
from workflow_scripts.lib.results_folder import results_path

# The targets of the command line, in the order of the study.
STAGES = (
    *("catalog", "deidentify", "review", "views", "mask", "cohort"),
    *("pretrain", "finetune", "evaluate", "perturb", "explain", "report"),
)


def require_files(config: dict, *, synthetic: bool, targets: Collection[str] = ()) -> None:
    """Raise a WorkflowError that lists every file the run will need and that is not there.

    ``targets`` are those of the command line: a run that ends with an early stage needs less.
    """
    missing = _patient_problems(config, synthetic) if "predict" in targets else []
    if runs_study(targets):
        missing += unnamed_data(config) if config["predict"]["dicom_dir"] else []  # else said earlier
        missing += missing_files(config, synthetic=synthetic, targets=targets, fetch=not missing)
    if missing:
        lines = "\n".join(f"  {line}" for line in missing)
        raise WorkflowError(
            f"{len(missing)} file(s) are missing or unsuitable, so no job was started:\n{lines}"
        )
    if runs_study(targets) and not synthetic and _last_stage(targets) >= STAGES.index("cohort"):
        require_known_labels(config)


def runs_study(targets: Collection[str]) -> bool:
    """Whether the targets of the command line need the study: all but `predict` alone."""
    return set(targets) != {"predict"}


def _patient_problems(config: dict, synthetic: bool) -> list[str]:
    """What the target predict lacks: folder, bundles, key."""
    from workflow_scripts.lib.patients import bundle_problems  # loads torch

    if synthetic:
        print(
            "warning: the pseudonyms of these patients are made with the key of a synthetic cohort, which "
            "follows from its seed: anybody could compute them. For real patients run `predict` with a "
            "configuration of your own that names input.pseudonym_key_file",
            file=sys.stderr,
        )
    return bundle_problems(config) + _key_problems(config, synthetic=synthetic, needed=True)


def _key_problems(config: dict, *, synthetic: bool, needed: bool = False) -> list[str]:
    from workflow_scripts.lib.secret_key import key_problems  # pandas: not needed in cluster jobs

    return key_problems(config, synthetic=synthetic, needed=needed)


def warn_of_missing_files(config: dict, *, synthetic: bool, arguments: Collection[str]) -> None:
    """In a dry run, print a warning for each configured path that does not exist: a run would stop there."""
    if not any(re.fullmatch(r"-[a-zA-Z]*n[a-zA-Z]*|--dry.*", argument) for argument in arguments):
        return
    for key, path in wanted_paths(config, synthetic=synthetic).items():
        if path and not Path(path).exists():
            print(f"warning: {key}: there is no {path}; a run would stop here", file=sys.stderr)


def wanted_paths(config: dict, *, synthetic: bool, targets: Collection[str] = ()) -> dict[str, str]:
    """Key to path, empty for none, of everything that a run to ``targets`` reads and no rule makes."""
    last = _last_stage(targets)
    views, cohort, tuning = (last >= STAGES.index(name) for name in ("views", "cohort", "finetune"))
    wanted = {} if synthetic else {"input.dicom_dir": config["input"]["dicom_dir"]}
    wanted |= {f"input.avi.{key}": config["input"]["avi"][key] for key in ("dir", "table")}
    wanted["deidentify.decisions"] = config["deidentify"]["decisions"] or ""
    if not synthetic and cohort:
        wanted["input.labels"] = config["input"]["labels"]
    if not synthetic and views:
        wanted["views.labels"] = config["views"]["labels"]
    if not synthetic:
        key_file = config["input"]["pseudonym_key_file"]  # what looks like a key itself is never printed
        wanted["input.pseudonym_key_file"] = "" if re.fullmatch(r"[0-9a-fA-F]{32,}", key_file) else key_file
    if views:
        wanted |= {f"views.{key}": config["views"][key] for key in ("weights", "classes")}
    if tuning and "kinetics400" in config["finetune"]["initialisations"]:
        wanted["finetune.kinetics_weights"] = config["finetune"]["kinetics_weights"]
    if tuning:
        own = own_weights(config)
        wanted |= {f"initialisations.{name}.weights": entry["weights"] for name, entry in own.items()}
    return wanted


def missing_files(
    config: dict, *, synthetic: bool, targets: Collection[str] = (), fetch: bool = False
) -> list[str]:
    """What a run to ``targets`` lacks, one line each; torchvision may ``fetch`` Kinetics weights."""
    last = _last_stage(targets)
    views, tuning = (last >= STAGES.index(name) for name in ("views", "finetune"))
    checked_below = ("input.pseudonym_key_file", "finetune.kinetics_weights", "initialisations.")
    missing = [
        f"{key}: there is no {path}"
        for key, path in wanted_paths(config, synthetic=synthetic, targets=targets).items()
        if path and not key.startswith(checked_below) and not Path(path).exists()
    ]
    if not missing and views and config["views"]["weights"]:
        from echoclr_core.views.configured import classifier_problems  # loads torch or onnxruntime

        missing += classifier_problems(
            config["views"], released="view" in config["input"]["released_columns"]
        )
    if views and config["views"]["classifier"] == "zhang" and not config["views"]["weights"]:
        missing.append(
            "views.weights: the network of Zhang et al. needs its weights here; without them set "
            "views.classifier: compact and views.labels"
        )
    missing += _key_problems(config, synthetic=synthetic)
    if tuning and ("kinetics400" in config["finetune"]["initialisations"] or own_weights(config)):
        from workflow_scripts.lib.weight_checks import weight_problems  # loads torch

        missing += weight_problems(config, fetch=fetch and not missing)
    return missing


def require_known_labels(config: dict) -> None:
    """Raise a WorkflowError where a catalogue is there already and holds no study of the label table."""
    crosswalk = results_path(config) / "restricted" / "crosswalk.parquet"
    if not crosswalk.is_file():
        return  # catalog_archive checks once the catalogue is there
    import pandas as pd

    from echoclr_core.cohort.key_match import UnmatchedLabelsError, match_label_file, require_match

    inputs = config["input"]
    try:
        require_match(
            match_label_file(inputs["labels"], inputs["columns"]["study_key"], pd.read_parquet(crosswalk))
        )
    except UnmatchedLabelsError as error:
        raise WorkflowError(str(error)) from None


def _last_stage(targets: Collection[str]) -> int:
    """The number of the last stage that is asked for; of the last of all, unless each target is a stage."""
    known = [STAGES.index(target) for target in targets if target in STAGES]
    return max(known) if known and len(known) == len(targets) else len(STAGES) - 1
