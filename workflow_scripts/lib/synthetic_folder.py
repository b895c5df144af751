"""A study of the synthetic cohort: its keys, and the files of the cohort that stand for the user's.

The paths are outputs of a rule, and Snakemake removes outputs before a job starts. They are therefore never
taken from the configuration: all lie at fixed names below ``synthetic.folder``, and that folder must be new,
empty, or carry the mark of an earlier cohort (``echoclr_core.synthetic.files.own_folder``).
"""

from difflib import get_close_matches
from pathlib import Path

from echoclr_core.design.sources import is_synthetic
from echoclr_core.design.tasks import OWN_COLUMNS, task_names
from echoclr_core.synthetic.files.own_folder import FILES, MARK, is_marked
from echoclr_core.tasks.task import make_task

INPUTS = {
    ("input", "dicom_dir"): "dicom",
    ("input", "labels"): "labels",
    ("input", "pseudonym_key_file"): "key",
    ("views", "labels"): "views",
}
"""Keys that name a file of the cohort to that file; in a synthetic study empty or exactly this path."""


LABEL_COLUMNS = (
    *("study_key", "patient_key", "study_date", "sex", "as_severity", "lv_mass_index", "age", "race"),
    *("ethnicity", "height", "weight", "bsa", "ivsd", "lvidd", "pwtd", "heart_rate", "ejection_fraction"),
    "valve_area",
)
"""The columns of the cohort's label table, known before it is made."""


def output_paths(config: dict) -> dict[str, str]:
    """Name of each output to its path, all below ``synthetic.folder``."""
    return {name: f"{config['synthetic']['folder']}/{file}" for name, file in FILES.items()}


def input_problems(config: dict) -> list[str]:
    """Keys that name the user's own data in a study of the synthetic cohort: it is one or the other."""
    if not is_synthetic(config):
        return []
    if not config["synthetic"]["folder"]:
        return ["synthetic.folder: is empty; name a new folder for the synthetic cohort, such as demo_data"]
    paths, found = output_paths(config), []
    for (section, key), name in INPUTS.items():
        value = config[section][key]
        if value and Path(value) != Path(paths[name]):
            found.append(f"{section}.{key}: names your own data, but {_both(config)}")
    found += [
        f"input.avi.{key}: names your own data, but {_both(config)}"
        for key in ("dir", "table")
        if config["input"]["avi"][key]
    ]
    return found


def _both(config: dict) -> str:
    studies = config["synthetic"]["development_studies"]
    return (
        f"synthetic.development_studies is {studies}, which makes a synthetic cohort; leave the overlay of "
        "the synthetic cohort out of --configfile, or set synthetic.development_studies: 0"
    )


def fill_inputs(config: dict) -> dict:
    """The configuration of a synthetic study with the paths of its cohort; any other as it is."""
    if not is_synthetic(config):
        return config
    paths = output_paths(config)
    filled = {section: dict(config[section]) for section, _ in INPUTS}
    for (section, key), name in INPUTS.items():
        filled[section][key] = paths[name]
    return config | filled


def column_problems(config: dict) -> list[str]:
    """Columns that the configuration names and the label table of the cohort will not have."""
    if not is_synthetic(config):
        return []
    inputs, wanted = config["input"], {}
    for name, column in inputs["columns"].items():
        if column and not (name == "study_year" and inputs["columns"]["study_date"]):
            wanted[f"input.columns.{name}"] = [column]
    wanted["input.extra_columns"] = inputs["extra_columns"]
    for name in task_names(config):
        try:
            columns = make_task(name, config["tasks"][name]).columns()
        except ValueError:  # told by task_problems
            continue
        wanted[f"tasks.{name}"] = [column for column in columns if column not in OWN_COLUMNS]
    found = []
    for key, columns in wanted.items():
        for column in (column for column in columns if column not in LABEL_COLUMNS):
            near = get_close_matches(column, LABEL_COLUMNS, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            found.append(
                f"{key}: the label table of the synthetic cohort has no column {column}; it has "
                f"{list(LABEL_COLUMNS)}{hint}"
            )
    return found


def folder_problems(config: dict) -> list[str]:
    """What forbids the generator to write to ``synthetic.folder``."""
    if not is_synthetic(config):
        return []
    folder = Path(config["synthetic"]["folder"])
    if not folder.exists() or is_marked(folder) or (folder.is_dir() and not any(folder.iterdir())):
        return []
    return [
        f"synthetic.folder: {folder} exists and was not written by the generator of the synthetic cohort (it "
        f"has no file {MARK}); name a new folder, or remove this one if nothing in it is needed"
    ]
