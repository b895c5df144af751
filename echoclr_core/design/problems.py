"""What does not go together in a configuration: problems that no single key shows, a line each."""

import ast
from difflib import get_close_matches
from pathlib import Path

from echoclr_core.design.initialisations import initialisation_problems, own_rates
from echoclr_core.design.sources import is_synthetic, videos_provided
from echoclr_core.design.tasks import task_names, task_problems
from echoclr_core.tasks.task import make_task
from echoclr_core.views.keep import kept_views

ENCODERS = Path(__file__).parents[1] / "models" / "encoders"


def key_problems(config: dict) -> list[str]:
    """Every problem of a configuration that is valid key by key (see ``echoclr_core.common.validation``)."""
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
    found += _export_name_problems(config)
    scoring = config["evaluate"]
    if scoring["resample_unit"] == "patient" and scoring["stratified_intervals"]:
        found.append(
            "evaluate.stratified_intervals: not with evaluate.resample_unit: patient, since a patient's "
            "studies may be of both classes"
        )
    if scoring["age_bands"] != sorted(scoring["age_bands"]):
        found.append(f"evaluate.age_bands: {scoring['age_bands']}; ages must rise")
    found += _encoder_problems(config["model"]["encoder"])
    return found + initialisation_problems(config, encoder_names())


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


def _keep_problems(config: dict) -> list[str]:
    """Classes of views.keep that stand there twice, or that no video of a synthetic cohort shows."""
    try:
        classes = kept_views(config["views"]["keep"])
    except ValueError as error:
        return [str(error)]
    synthetic, views = config["synthetic"], config["views"]
    if not is_synthetic(config) or views["classifier"] != "compact" or views["weights"]:
        return []
    wrong = [name for name in classes if name not in synthetic["views"]]
    if not wrong:
        return []
    shown = synthetic["views"]
    return [f"views.keep: no video of the synthetic cohort shows {wrong}; synthetic.views are {shown}"]


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


def _export_name_problems(config: dict) -> list[str]:
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


def _encoder_problems(name: str) -> list[str]:
    known = encoder_names()
    if name in known:
        return []
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return [f"model.encoder: {name!r} is not known; allowed are {known}{hint}"]


def encoder_names() -> list[str]:
    """The names under ``@register`` in echoclr_core/models/encoders/, read without loading torch."""
    found = []
    for path in sorted(ENCODERS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "register":
                found += [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    return sorted(found)
