"""What the study may write to: results/<study name>/, which holds nothing of the user's."""

from pathlib import Path

from echoclr_core.design.initialisations import own_weights

FOLDERS = (
    "restricted state logs benchmarks deidentified dicom views masked cohort clips pretrain finetune "
    "selected predictions evaluation explain figures tensorboard export predict robustness"
)
FILES = (
    "report.html settings.json manuscript.md references.bib checklist.html checklist.csv checklist.md "
    "checklist.tex provenance.html provenance.json ro-crate-metadata.json workflow.smk"
)
PARTS = frozenset(f"{FOLDERS} {FILES}".split())
"""What the stages write directly below the folder of a study."""


def results_path(config: dict) -> Path:
    """The folder of the study."""
    return Path("results") / config["study"]["name"]


def named_paths(config: dict) -> dict[str, str]:
    """Key to value of each key that names a file or folder of the user's; empty ones are left out."""
    named = {
        f"{section}.{key}": config[section][key]
        for section, keys in {
            "input": ("dicom_dir", "labels", "pseudonym_key_file"),
            "views": ("labels", "weights", "classes"),
            "finetune": ("kinetics_weights",),
            "deidentify": ("decisions",),
            "predict": ("dicom_dir",),
        }.items()
        for key in keys
    }
    named |= {
        f"initialisations.{name}.weights": entry["weights"] for name, entry in own_weights(config).items()
    }
    named |= {f"input.avi.{key}": config["input"]["avi"][key] for key in ("dir", "table")}
    return {key: path for key, path in named.items() if path}


def problems(config: dict) -> list[str]:
    """What forbids this study to write to its folder: jobs remove and replace what lies there."""
    folder = results_path(config)
    place, found = folder.resolve(), []
    for key, named in named_paths(config).items():
        path = Path(named).resolve()
        if path.is_relative_to(place):
            found.append(f"{key}: lies in {folder}, which this study writes to; move it elsewhere")
        elif place.is_relative_to(path) and path.is_dir():
            found.append(f"{key}: holds {folder}, which this study writes to; start in another folder")
    return found + _foreign(folder) + _left_dicom_files(config, folder)


def _foreign(folder: Path) -> list[str]:
    if not folder.exists():
        return []
    if not folder.is_dir():
        return [f"study.name: {folder} is a file; choose another name"]
    names = {path.name for path in folder.iterdir()}
    if not names or names & PARTS:
        return []
    return [
        f"study.name: {folder} exists and holds nothing that a study wrote; choose another name, since jobs "
        "remove and replace what lies there"
    ]


def _left_dicom_files(config: dict, folder: Path) -> list[str]:
    """DICOM files of an earlier run, which no job replaces: a video that was rejected since would stay."""
    left = folder / "dicom"
    if config["deidentify"]["write_dicom"] or not left.is_dir() or not any(left.iterdir()):
        return []
    return [
        f"deidentify.write_dicom: false, but {left} holds DICOM files of an earlier run, which later "
        "decisions and settings do not reach; set it to true (echoclr deidentify --dicom), or remove "
        "that folder"
    ]
