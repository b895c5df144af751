"""What is checked before any job runs: the configuration, the input tables, the files that must be there."""

import ast
import copy
import json
import re
import sys
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError

from echoclr_core.common.validation import fill_defaults, problems
from echoclr_core.tasks.task import make_task
from echoclr_core.views.keep import kept_views
from workflow_scripts.lib import results_folder, synthetic_folder
from workflow_scripts.lib.initialisations import encoder_of, initialisation_problems, own_rates
from workflow_scripts.lib.layout import videos_provided
from workflow_scripts.lib.study_tasks import study_tasks, task_names, task_problems, with_task_columns

# The targets of the command line, in the order of the study.
STAGES = (
    *("catalog", "deidentify", "review", "views", "mask", "cohort"),
    *("pretrain", "finetune", "evaluate", "perturb", "explain", "report"),
)


@cache
def schema(root: Path) -> dict:
    """The JSON Schema of the configuration, written from echoclr_core/options/ by `make config`."""
    return json.loads((root / "config" / "schema" / "config.schema.json").read_text(encoding="utf-8"))


def resolve_config(config: dict, root: Path, *, check_paths: bool) -> dict:
    """The configuration with defaults filled in, or a WorkflowError that lists every problem at once.

    Parameters
    ----------
    config
        As Snakemake merged it.
    root
        The repository.
    check_paths
        Whether the keys that have no default must be filled.
    """
    found = problems(schema(root), config)
    if found:
        found += _further_problems(config, found, root)
    else:
        config = fill_defaults(schema(root), config)
        found = synthetic_folder.input_problems(config)
        config = synthetic_folder.fill_inputs(config)
        found += _problems_of_names(config, root)
        if check_paths:
            # Bundles score new patients without a study: what the study lacks is said where its jobs are due.
            found = ([] if config["predict"]["dicom_dir"] else _empty_paths(config)) + found
            found += synthetic_folder.folder_problems(config) + results_folder.problems(config)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise WorkflowError(f"{len(found)} problem{'s' * (len(found) > 1)} in the configuration:\n{lines}")
    return with_task_columns(config)


def _problems_of_names(config: dict, root: Path) -> list[str]:
    """Problems of a configuration that the schema allows: keys against each other, and names of encoders."""
    found = _between_keys(config) + _encoder_problems(config["model"]["encoder"], root)
    return found + initialisation_problems(config, encoder_names(root))


def _further_problems(config: dict, found: list[str], root: Path) -> list[str]:
    """What is wrong besides ``found``, the problems of single keys, so that nobody meets it one run later.

    The keys of ``found`` are left out for this; what may follow from that alone is not told.
    """
    config, wrong = copy.deepcopy(config), [line.partition(": ")[0] for line in found]
    for key in wrong:
        *sections, last = key.split(".")
        part = config
        for name in sections:
            part = part.get(name) if isinstance(part, dict) else None
        if isinstance(part, dict):
            part.pop(last, None)
    if problems(schema(root), config):
        return []
    further = _problems_of_names(fill_defaults(schema(root), config), root)
    return [
        line
        for line in further
        if not any(key.startswith(line.partition(": ")[0]) or key in line for key in wrong)
    ]


def refuse_copies_of_logs(show_failed_logs: bool) -> None:
    """Raise a WorkflowError where the engine would copy logs: those in restricted/ hold identifiers."""
    if show_failed_logs:
        raise WorkflowError(
            "--show-failed-logs is not allowed: it would copy logs of restricted/, which may name patients, "
            "to the terminal and into .snakemake/log; each failing job says where its log is"
        )


def refuse_review(wildcards) -> list[str]:
    """Input function of the target review where there are no DICOM files: raises WorkflowError."""
    raise WorkflowError("the target review needs DICOM files: videos of input.avi are taken as they are")


def _empty_paths(config: dict) -> list[str]:
    wanted = ("avi.dir", "avi.table") if videos_provided(config) else ("dicom_dir", "labels")
    provided = config["input"] | {f"avi.{key}": value for key, value in config["input"]["avi"].items()}
    empty = [f"input.{key}" for key in wanted if not provided[key]]
    if not empty:
        return []
    return [
        *(f"{key}: is empty; name your data here (see README, Your own archive)" for key in empty),
        "No data yet? `make demo` runs the whole study on a synthetic cohort and needs none of these keys.",
    ]


def _avi_problems(config: dict) -> list[str]:
    """Keys that do not go together with videos that come without DICOM, or need them."""
    avi, found = config["input"]["avi"], []
    provided = videos_provided(config)
    for key in ("dicom_dir", "labels"):
        if provided and config["input"][key]:
            found.append(f"input.{key}: stands beside input.avi; name DICOM files or videos, not both")
    if config["deidentify"]["write_dicom"] and (provided or config["deidentify"]["boundary"] == "rectangle"):
        found.append("deidentify.write_dicom: needs DICOM files and deidentify.boundary: sector")
    if provided and config["deidentify"]["decisions"]:
        found.append("deidentify.decisions: stands beside input.avi; it is about DICOM files alone")
    if config["views"]["classifier"] == "provided" and not provided:
        found.append(
            "views.classifier: provided needs the table of input.avi; for DICOM files choose a network"
        )
    if config["cohort"]["split_unit"] == "table" and not (
        provided and (avi["split"] or avi["layout"] != "table")
    ):
        found.append("cohort.split_unit: table needs input.avi with its split column in input.avi.split")
    if provided and avi["layout"] != "table":
        found += _layout_problems(config, avi["layout"])
    return found


def _layout_problems(config: dict, layout: str) -> list[str]:
    """Tasks that read columns which a published table does not have."""
    from echoclr_core.cohort.video_table import LAYOUTS

    labels = LAYOUTS[layout].labels
    there = [*labels.extra, *(["wall_thickness"] if labels.ivsd else [])]
    found = []
    for name in task_names(config):
        try:
            columns = make_task(name, config["tasks"][name]).columns()
        except ValueError:  # told by task_problems
            continue
        lacking = [column for column in columns if column not in there]
        if lacking:
            found.append(
                f"finetune.tasks: the layout {layout} has no column {', '.join(lacking)} for {name}; it has "
                f"{', '.join(there)}"
            )
    return found


def _between_keys(config: dict) -> list[str]:
    """Problems that no single key shows."""
    found = []
    tune, views, cohort = config["finetune"], config["views"], config["cohort"]
    found += _avi_problems(config) + _released_problems(config)
    total = sum(cohort["split_fractions"])
    if abs(total - 1) > 1e-9:
        found.append(
            f"cohort.split_fractions: {cohort['split_fractions']} sum to {total:g}; they must sum to 1"
        )
    both = sorted(set(cohort["development_years"]) & set(cohort["external_years"]))
    if both:
        found.append(f"cohort.external_years: {both} are development years too; a year is one or the other")
    found += task_problems(config)
    all_rates = {f"finetune.learning_rates.{key}": rates for key, rates in tune["learning_rates"].items()}
    for key, rates in (all_rates | own_rates(config)).items():
        found += _rate_problems(key, rates)
    if "kinetics400" in tune["initialisations"] and config["model"]["encoder"] != "r3d_18":
        found.append(
            f"finetune.initialisations: kinetics400 weights are those of r3d_18, but model.encoder is "
            f"{config['model']['encoder']}; leave kinetics400 out or use r3d_18"
        )
    found += _keep_problems(config)
    if config["model"]["input_size"] > config["mask"]["size"]:
        found.append("model.input_size: may not be larger than mask.size")
    if views["classifier"] == "compact" and not (views["weights"] or views["labels"]):
        found.append(
            "views.labels: the compact classifier needs labelled views here, or its weights in views.weights"
        )
    if views["classifier"] == "onnx" and not (views["weights"] and views["classes"]):
        found.append(
            "views.weights: the onnx classifier needs its file here and its class list in views.classes"
        )
    found += _export_problems(config)
    scoring = config["evaluate"]
    if scoring["resample_unit"] == "patient" and scoring["stratified_intervals"]:
        found.append(
            "evaluate.stratified_intervals: not with evaluate.resample_unit: patient, since a patient's "
            "studies may be of both classes"
        )
    if scoring["age_bands"] != sorted(scoring["age_bands"]):
        found.append(f"evaluate.age_bands: {scoring['age_bands']}; ages must rise")
    return found


def _keep_problems(config: dict) -> list[str]:
    """Classes of views.keep that stand there twice, or that no video of a synthetic cohort shows."""
    try:
        classes = kept_views(config["views"]["keep"])
    except ValueError as error:
        return [str(error)]
    synthetic, views = config["synthetic"], config["views"]
    if not synthetic["development_studies"] or views["classifier"] != "compact" or views["weights"]:
        return []
    wrong = [name for name in classes if name not in synthetic["views"]]
    if not wrong:
        return []
    shown = synthetic["views"]
    return [f"views.keep: no video of the synthetic cohort shows {wrong}; synthetic.views are {shown}"]


def _export_problems(config: dict) -> list[str]:
    """Names under export that the study does not train."""
    tune, found = config["finetune"], []
    for key in ("tasks", "initialisations"):
        wrong = [name for name in config["export"][key] if name not in tune[key]]
        if wrong:
            found.append(f"export.{key}: {wrong} are not in finetune.{key}; allowed are {tune[key]}")
    ratio = config["export"]["ratio"]
    if ratio is not None and not any(abs(ratio - one) < 1e-9 for one in tune["ratios"]):
        found.append(f"export.ratio: {ratio} is not in finetune.ratios; allowed are {tune['ratios']}")
    return found


def _released_problems(config: dict) -> list[str]:
    """Names in input.released_columns that are no published column."""
    chosen = config["input"]
    allowed = {*chosen["extra_columns"], chosen["columns"]["as_severity"], chosen["avi"]["view"], "view"}
    allowed |= {column for task in config["tasks"].values() for column in _columns_of(task)}
    allowed = sorted(name for name in allowed if name)
    wrong = [name for name in chosen["released_columns"] if name not in allowed]
    if not wrong:
        return []
    return [f"input.released_columns: {wrong} are not published; columns that are: {allowed}"]


def _columns_of(task: dict) -> list[str]:
    """The columns that a task's rule names; none where the rule is wrong, which is said elsewhere."""
    try:
        return list(make_task("task", task).columns())
    except ValueError:
        return []


def _encoder_problems(name: str, root: Path) -> list[str]:
    known = encoder_names(root)
    if name in known:
        return []
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return [f"model.encoder: {name!r} is not known; allowed are {known}{hint}"]


def encoder_names(root: Path) -> list[str]:
    """The names under ``@register`` in echoclr_core/models/encoders/, read without loading torch."""
    files = sorted((root / "echoclr_core" / "models" / "encoders").glob("*.py"))
    found = []
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "register":
                found += [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    return sorted(found)


def _rate_problems(key: str, rates: list) -> list[str]:
    found, seen = [], {}
    for rate in rates:
        try:
            value = float(rate)
        except ValueError:
            found.append(f'{key}: {rate!r} is no number; write learning rates like "1e-4" or 0.0001')
            continue
        if value <= 0:
            found.append(f"{key}: {rate!r} must be more than 0")
        if value in seen:
            found.append(f"{key}: {rate!r} and {seen[value]!r} are the same rate")
        seen[value] = rate
    return found


def check_tables(config: dict) -> None:
    """Check the input tables that are there already, all problems at once.

    The list goes to the terminal only: it quotes values of the tables, and Snakemake keeps what an exception
    says in its log.
    """
    from echoclr_core.cohort.table_checks import check_labels
    from workflow_scripts.lib.label_columns import label_columns

    _check_view_labels(config)
    _check_decisions(config)
    if videos_provided(config):
        _check_video_table(config)
        return
    path = config["input"]["labels"]
    if config["synthetic"]["development_studies"] or not path or not Path(path).exists():
        return
    columns = label_columns(_column_settings(config))
    _raise_table_errors(check_labels(path, columns, tasks=study_tasks(config)), "input.labels")


def _check_view_labels(config: dict) -> None:
    from echoclr_core.views.labels import NOTE, view_label_problems

    views, synthetic = config["views"], config["synthetic"]["development_studies"]
    if views["classifier"] == "compact" and not synthetic and Path(views["labels"] or "-").exists():
        released = "view" in config["input"]["released_columns"]
        found = view_label_problems(views["labels"], list(kept_views(views["keep"])), released=released)
        notes = [line for line in found if line.startswith(NOTE)]
        print("\n".join(notes), end="\n" * bool(notes), file=sys.stderr)
        _raise_table_errors([line for line in found if line not in notes], "views.labels")


def _check_decisions(config: dict) -> None:
    path = config["deidentify"]["decisions"]
    if path and Path(path).is_file():
        from echoclr_core.deidentify.review.decisions import DecisionError, read_decisions

        try:
            read_decisions(path)
        except DecisionError as error:
            _raise_table_errors(str(error).splitlines(), "deidentify.decisions")


def _check_video_table(config: dict) -> None:
    from echoclr_core.cohort.table_checks import check_video_table
    from workflow_scripts.lib.video_table import video_layout

    path = config["input"]["avi"]["table"]
    if path and Path(path).exists():
        layout = video_layout(_column_settings(config))
        _raise_table_errors(check_video_table(path, layout, tasks=study_tasks(config)), "input.avi.table")


def _raise_table_errors(found: list[str], key: str) -> None:
    """Raise a WorkflowError where there are problems; print them, and what is only a warning."""
    for line in getattr(found, "warnings", ()):
        print(f"warning: {line}", file=sys.stderr)
    if found:
        print("\n".join(found), file=sys.stderr)
        raise WorkflowError(f"{len(found)} problem(s) in the table of {key}, listed above.")


def _column_settings(config: dict) -> SimpleNamespace:
    """What the rules that read labels have of the configuration."""
    return SimpleNamespace(
        **config["input"],
        age_column=config["evaluate"]["age_column"],
        several_patients=config["cohort"]["several_patients"],
    )


def require_files(config: dict, *, synthetic: bool, targets: Collection[str] = ()) -> None:
    """Raise a WorkflowError that lists every file the run will need and that is not there.

    ``targets`` are those of the command line: a run that ends with an early stage needs less.
    """
    missing = _patient_problems(config) if "predict" in targets else []
    if runs_study(targets):
        missing += _empty_paths(config) if config["predict"]["dicom_dir"] else []  # else said earlier
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


def _patient_problems(config: dict) -> list[str]:
    """What the target predict lacks: folder, bundles, key."""
    from workflow_scripts.lib.patients import bundle_problems  # loads torch

    return bundle_problems(config) + _key_problems(config, synthetic=False)


def _key_problems(config: dict, *, synthetic: bool) -> list[str]:
    from workflow_scripts.lib.secret_key import key_problems  # pandas: not needed in cluster jobs

    return key_problems(config, synthetic=synthetic)


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
        own = results_folder.own_weights(config)
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
        from workflow_scripts.lib.classifier import classifier_problems  # loads torch or onnxruntime

        missing += classifier_problems(
            config["views"], released="view" in config["input"]["released_columns"]
        )
    if views and config["views"]["classifier"] == "zhang" and not config["views"]["weights"]:
        missing.append(
            "views.weights: the network of Zhang et al. needs its weights here; without them set "
            "views.classifier: compact and views.labels"
        )
    missing += _key_problems(config, synthetic=synthetic)
    if tuning and "kinetics400" in config["finetune"]["initialisations"]:
        missing += _kinetics_problem(config, fetch=fetch and not missing)
    if tuning:
        missing += _own_weights_problems(config)
    return missing


def require_known_labels(config: dict) -> None:
    """Raise a WorkflowError where a catalogue is there already and holds no study of the label table."""
    crosswalk = results_folder.results_path(config) / "restricted" / "crosswalk.parquet"
    if not crosswalk.is_file():
        return  # catalog_archive checks once the catalogue is there
    import pandas as pd

    from echoclr_core.cohort.key_match import UnmatchedLabelsError
    from workflow_scripts.lib.label_keys import require_labels_in

    try:
        require_labels_in(config["input"], pd.read_parquet(crosswalk))
    except UnmatchedLabelsError as error:
        raise WorkflowError(str(error)) from None


def refuse_changed_cohort(config: dict) -> None:
    """Raise a WorkflowError where writing the synthetic cohort anew would remove what somebody put there.

    The names go to the terminal only: they may be those of patients, and Snakemake keeps what an exception
    says in its log.
    """
    folder = Path(config["synthetic"]["folder"])
    found = synthetic_folder.foreign_files(folder)
    if found:
        print("\n".join(found[:20] + ["..."] * (len(found) > 20)), file=sys.stderr)
        raise WorkflowError(
            f"synthetic.folder: {folder} holds {len(found)} file(s) that were added or changed since the "
            "cohort was written, listed above; the cohort is due to be written anew, which would remove "
            "them. Move them elsewhere, remove the folder, or name another"
        )


def _last_stage(targets: Collection[str]) -> int:
    """The number of the last stage that is asked for; of the last of all, unless each target is a stage."""
    known = [STAGES.index(target) for target in targets if target in STAGES]
    return max(known) if known and len(known) == len(targets) else len(STAGES) - 1


def _kinetics_problem(config: dict, *, fetch: bool) -> list[str]:
    """What is wrong with the Kinetics-400 weights; where none are named or cached, torchvision may ``fetch``
    them.
    """
    from echoclr_core.models.encoder import EncoderSettings, build_encoder
    from echoclr_core.models.kinetics import fetch_kinetics, kinetics_file, load_kinetics

    named = config["finetune"]["kinetics_weights"]
    try:
        try:
            path = kinetics_file(named)
        except FileNotFoundError:
            if named or not fetch:
                raise
            print("fetching torchvision's Kinetics-400 weights of r3d_18 into its cache", file=sys.stderr)
            path = fetch_kinetics()
        load_kinetics(build_encoder(EncoderSettings(name="r3d_18")), path)
    except (FileNotFoundError, ValueError) as error:
        return [f"finetune.kinetics_weights: {error}"]
    return []


def _own_weights_problems(config: dict) -> list[str]:
    """What is wrong with the weights of the user's own initialisations; each is loaded on trial."""
    own = results_folder.own_weights(config)
    if not own:
        return []
    from echoclr_core.models.encoder import EncoderSettings, build_encoder
    from echoclr_core.models.weights import load_encoder

    found = []
    for name, entry in own.items():
        try:
            encoder = build_encoder(EncoderSettings(**encoder_of(config, name)))
            load_encoder(entry["weights"], encoder)
        except (FileNotFoundError, ValueError) as error:
            found.append(f"initialisations.{name}.weights: {error}")
    return found
