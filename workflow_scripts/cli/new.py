"""`echoclr new`: overlay, key and tables to fill in for a study of one's own."""

import argparse
import csv
import os
import re
import shlex
from pathlib import Path

from workflow_scripts.cli.configuration import ROOT, merged
from workflow_scripts.cli.errors import OK, CommandError
from workflow_scripts.cli.study_checks import list_archive

EXAMPLES = """  echoclr new my_study --dicom /data/echo/dicom    labels.csv lists the studies of the archive
  echoclr new my_study                             DICOM files in my_study/dicom, or named later"""
MAX_FILES = 20_000  # of a larger archive the headers are not read here: the label table stays empty
TEMPLATE = ROOT / "config" / "template.yaml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # as study.name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, and the archive if it is there already."""
    parser.add_argument("folder", metavar="DIR", help="new folder of the study")
    parser.add_argument("--dicom", metavar="DICOM_DIR", help="folder of DICOM files (default: DIR/dicom)")
    parser.add_argument("--name", help="name of the study (default: that of DIR)")


def run(arguments: argparse.Namespace) -> int:
    """Write mine.yaml, pseudonym.key, labels.csv and views.csv; nothing that is there is replaced."""
    from echoclr_core.deidentify.identifiers.secret_key import make_key

    folder = Path(arguments.folder)
    name = arguments.name or folder.resolve().name
    if not NAME.fullmatch(name):
        raise CommandError(f"--name: {name!r}; allowed are letters, digits, _ and -, a letter or digit first")
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"DIR: {folder} is a file; name a folder")
    there = [
        one for one in ("mine.yaml", "pseudonym.key", "labels.csv", "views.csv") if (folder / one).exists()
    ]
    if there:
        raise CommandError(f"DIR: {folder} holds {', '.join(there)} already; name a new folder")
    archive = Path(arguments.dicom) if arguments.dicom else folder / "dicom"
    if arguments.dicom and not archive.is_dir():
        raise CommandError(f"--dicom: there is no folder {arguments.dicom}")
    folder.mkdir(parents=True, exist_ok=True)
    studies, study_key, note = _studies(archive)
    overlay = _overlay(name, str(archive.resolve()) if arguments.dicom else "dicom", study_key)
    (folder / "mine.yaml").write_text(overlay, encoding="utf-8")
    make_key(folder / "pseudonym.key")
    _write_table(folder / "labels.csv", _label_columns(), studies)
    _write_table(folder / "views.csv", ["view", "video"], [])
    print(f"{folder}/mine.yaml       the overlay: what differs from config.yaml\n"
          f"{folder}/pseudonym.key   key of the pseudonyms, mode 0600: keep a copy in a safe place\n"
          f"{folder}/labels.csv      {note}\n"
          f"{folder}/views.csv       labelled views for the view classifier: fill it in, or name weights\n"
          "Next:\n"
          f"  echoclr doctor --directory {shlex.quote(str(folder))} --configfile "
          f"{shlex.quote(str(folder / 'mine.yaml'))}")  # fmt: skip
    return OK


def _overlay(name: str, dicom: str, study_key: str) -> str:
    """The template with the name, the archive, and the study key where it is not the default."""
    text = TEMPLATE.read_text(encoding="utf-8")
    quoted = "'" + dicom.replace("'", "''") + "'" if re.search(r"[^\w/.-]", dicom) else dicom
    text = text.replace("name: my_study", f"name: {name}").replace("dicom_dir: dicom", f"dicom_dir: {quoted}")
    if study_key != "AccessionNumber":
        text = text.replace("  labels: labels.csv", f"  study_key: {study_key}\n  labels: labels.csv", 1)
    return text


def _studies(archive: Path) -> tuple[list[dict[str, str]], str, str]:
    """Rows of the label table, the DICOM keyword that names studies, and what is said of the table."""
    empty = "label table: fill it in, one row a study"
    listed = list_archive(str(archive)) if archive.is_dir() else None
    if listed is None or not listed.files:
        return [], "AccessionNumber", empty
    if listed.files > MAX_FILES or not listed.complete:
        return [], "AccessionNumber", f"{empty} (the archive is too large to list its studies here)"
    from echoclr_core.dicom.catalogue import scan_archive

    for keyword in ("AccessionNumber", "StudyInstanceUID"):
        found = scan_archive(archive, study_key=keyword, workers=len(os.sched_getaffinity(0)))
        usable = found[found["outcome"] == "ok"]
        if len(usable) > (found["outcome"] == "no_study_key").sum():
            break
    first = usable.drop_duplicates("study_key")[["study_key", "patient_key", "study_date"]].fillna("")
    rows = first.sort_values("study_key").to_dict("records")
    return rows, keyword, f"label table with the {len(rows)} studies of the archive (real keys): fill it in"


def _label_columns() -> list[str]:
    """The columns that config.yaml names, and those that the tasks need, in their order."""
    named = [column for column in merged([])["input"]["columns"].values() if column]
    wanted = ("study_key", "patient_key", "study_date", "sex", "as_severity", "lv_mass_index")
    return [column for column in named if column in wanted]


def _write_table(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    """A CSV table that its owner alone can read: label tables hold identifiers."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
