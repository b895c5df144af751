"""Make the label table of a study of MIMIC-IV-ECHO from the tables of that data set.

python -m tools.mimic_iv_echo_labels /data/mimic-iv-echo/1.0 labels.csv --measurement lvef
python -m tools.mimic_iv_echo_labels /data/mimic-iv-echo/1.0 labels.csv --measurement ef=lvef,biplane_lvef

Reads echo-study-list.csv (a row a DICOM study: subject_id, study_id, measurement_id) and
structured-measurement.csv (a row a measurement: measurement_id, test_type, measurement, result), each also as
.csv.gz or with underscores in the name. Writes a row a DICOM study: study_key ("s" and the study_id, as its
folder is called), patient_key (subject_id), sex where asked for, and a column a measurement. It prints what
it left empty, and why.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

ROWS = 1_000_000  # of the measurements, held at once
TEXT = {"dtype": "string", "keep_default_na": False, "na_values": [""]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table as the command line says; 2 and a message where that cannot be done."""
    chosen = _parser().parse_args(arguments)
    try:
        wanted = dict(_column(text) for text in chosen.measurement)
        if len(wanted) < len(chosen.measurement):
            raise ValueError(f"--measurement: {chosen.measurement} name a column twice")
        if chosen.labels.exists():
            raise ValueError(f"{chosen.labels} exists already; name a new file")
        table, notes = label_table(chosen.root, wanted, sex=chosen.sex, test_types=chosen.test_type)
        descriptor = os.open(chosen.labels, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            table.to_csv(file, index=False)
    except (ValueError, OSError) as error:
        print(f"nothing was written: {error}", file=sys.stderr)
        return 2
    print("\n".join(notes))
    print(f"wrote {chosen.labels}: {len(table)} studies of {table['patient_key'].nunique()} patients")
    return 0


def label_table(
    root: Path, wanted: Mapping[str, Sequence[str]], *, sex: Path | None, test_types: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Labels and what is to be said of them.

    Parameters
    ----------
    root
        The folder that holds the tables.
    wanted
        Column to names of measurements; the first of them that a study has is taken.
    sex
        MIMIC-IV's patients.csv (subject_id, gender), or None for no such column.
    test_types
        Values of test_type that count, in any case.

    Raises
    ------
    ValueError
        A table is missing or lacks a column; a measurement occurs nowhere.
    """
    studies = _read(_find(root, "echo-study-list"), ["subject_id", "study_id", "measurement_id"])
    twice = studies["study_id"].duplicated(keep=False)
    if twice.any():
        raise ValueError(
            f"echo-study-list names {int(twice.sum())} rows with a study_id that stands there twice"
        )
    names = [name for several in wanted.values() for name in several]
    rows = _measurements(_find(root, "structured-measurement"), names, studies["measurement_id"], test_types)
    values = rows.groupby(["measurement_id", "measurement"])["result"].agg(["first", "nunique"])
    several = values["nunique"] > 1
    wide = values["first"].mask(several).unstack("measurement").reindex(columns=names)
    found = wide.reindex(studies["measurement_id"]).set_axis(studies.index)
    table = pd.DataFrame({"study_key": "s" + studies["study_id"], "patient_key": studies["subject_id"]})
    notes = [f"{int(studies['measurement_id'].isna().sum())} of {len(studies)} studies have no measurements"]
    if sex is not None:
        genders = _read(sex, ["subject_id", "gender"]).drop_duplicates().set_index("subject_id")["gender"]
        table["sex"] = studies["subject_id"].map(genders)
    for column, options in wanted.items():
        table[column] = found[list(options)].bfill(axis=1).iloc[:, 0]
        notes.append(
            f"{column} ({', '.join(options)}): {int(table[column].notna().sum())} studies have a value"
        )
    if several.any():
        notes.append(f"{int(several.sum())} measurements left empty: several results in one examination")
    return table, notes


def _measurements(
    path: Path, names: Sequence[str], wanted: pd.Series, test_types: Sequence[str]
) -> pd.DataFrame:
    columns = ["measurement_id", "test_type", "measurement", "result"]
    _require_columns(path, columns)
    types, known = {text.casefold() for text in test_types}, set()
    parts = []
    for part in pd.read_csv(path, usecols=columns, chunksize=ROWS, **TEXT):
        known |= set(part["measurement"].dropna())
        of_type = part["test_type"].str.casefold().isin(types)
        parts.append(
            part[of_type & part["measurement"].isin(names) & part["measurement_id"].isin(set(wanted))]
        )
    if unknown := sorted(set(names) - known):
        close = sorted(name for name in known if any(text in name or name in text for text in unknown))
        raise ValueError(f"{path.name} has no measurement {unknown}; similar names: {close[:20]}")
    return pd.concat(parts, ignore_index=True).dropna(subset=["result"])


def _find(root: Path, name: str) -> Path:
    for stem in (name, name.replace("-", "_")):
        for suffix in (".csv", ".csv.gz"):
            if (path := root / f"{stem}{suffix}").is_file():
                return path
    raise ValueError(f"{root} holds no {name}.csv or {name}.csv.gz; name the folder of the data set's tables")


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    _require_columns(path, columns)
    return pd.read_csv(path, usecols=columns, **TEXT)


def _require_columns(path: Path, columns: list[str]) -> None:
    there = list(pd.read_csv(path, nrows=0).columns)
    if lacking := [name for name in columns if name not in there]:
        raise ValueError(f"{path.name} has no column {lacking}; it has {there}")


def _column(text: str) -> tuple[str, list[str]]:
    """Column and measurements of "ef=lvef,biplane_lvef"; "lvef" is short for "lvef=lvef"."""
    name, _, several = text.partition("=")
    options = [one.strip() for one in (several or name).split(",")]
    if not name.strip() or not all(options):
        raise ValueError(f"--measurement: {text!r}; allowed are NAME and COLUMN=NAME,NAME")
    return name.strip(), options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mimic_iv_echo_labels",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("root", type=Path, help="folder with the tables of MIMIC-IV-ECHO")
    parser.add_argument("labels", type=Path, help="the table to write (mode 0600), a new file")
    parser.add_argument(
        "--measurement",
        action="append",
        required=True,
        metavar="COLUMN=NAME,NAME",
        help="a column, and the measurements whose first result it takes; may be repeated",
    )
    parser.add_argument("--sex", type=Path, metavar="PATIENTS", help="MIMIC-IV's patients.csv, for the sex")
    parser.add_argument(
        "--test-type", nargs="+", default=["tte"], help="kinds of examination that count (default: tte)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
