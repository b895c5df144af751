"""A small archive for the tests of the cohort, and the lines of its flow."""

from pathlib import Path

import pandas as pd
import yaml

from echoclr_core.cohort.build import build_cohort
from echoclr_core.cohort.label_tables import LABELS
from echoclr_core.cohort.settings import CohortSettings
from echoclr_core.tasks.task import make_task

ROOT = Path(__file__).resolve().parents[2]
PAPER = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["tasks"]
TASKS = tuple(make_task(name, values) for name, values in PAPER.items())
YEARS = {"development_years": range(2016, 2021), "external_years": [2021]}
SETTINGS = CohortSettings(**YEARS, tasks=TASKS)


class Archive:
    """A small archive of which each study is described by one call."""

    def __init__(self):
        self.files, self.views, self.masks, self.labels = [], [], [], []

    def study(
        self, name, *, videos=2, year=2018, patient=None, grade="None", sex="female", index=90.0, label=True
    ):
        for number in range(videos):
            self.video(name, f"{name}-{number}", year=year, patient=patient)
        if label:
            row = {
                "study_id": name,
                "patient_id": patient,
                "study_year": year,
                "sex": sex,
                "as_severity": grade,
            }
            self.labels.append(
                row | {"lv_mass_index": index, "lv_mass_index_from": "table" if index else None}
            )
        return self

    def video(self, study, name, *, outcome="ok", view="plax", mask="ok", year=2018, patient=None):
        file = {"video_id": name, "study_id": study, "patient_id": patient, "study_year": year}
        self.files.append(file | {"outcome": outcome})
        if outcome == "ok":
            view_outcome = "unreadable" if view == "unreadable" else "ok"
            self.views.append(
                {
                    "video_id": name,
                    "outcome": view_outcome,
                    "kept": view == "plax",
                    "kept_view": view if view == "plax" else None,
                }
            )
            if view == "plax":
                self.masks.append({"video_id": name, "outcome": mask, "n_frames": 40, "fps": 30.0})
        return self

    def build(self, settings=SETTINGS, **more):
        labels = LABELS.check(pd.DataFrame(self.labels))
        tables = [pd.DataFrame(rows) for rows in (self.files, self.views, self.masks)]
        tables[1]["kept"] = tables[1]["kept"].astype("boolean")
        return build_cohort(*tables, labels, settings=settings, **more)


def basic(n=20):
    archive = Archive()
    for number in range(n):
        grade = "Severe" if number % 4 == 0 else "None"
        archive.study(f"s{number:02d}", patient=f"p{number:02d}", grade=grade, index=85.0 + number)
    return archive


def lines(flow, stage):
    chosen = flow[flow["stage"] == stage]
    return {row.reason: (row.studies, row.videos) for row in chosen.itertuples()}
