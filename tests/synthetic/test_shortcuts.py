"""The label must be in anatomy and motion: statistics of picture, file and header do not give it away.

With a small cohort an AUROC is uncertain by a few hundredths. What docs/synthetic_evidence.md has was
measured by

    SHORTCUT_STUDIES=2000 python -m pytest -s tests/synthetic/test_shortcuts.py
"""

import os

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from echoclr_core.evaluate.precision import auroc_standard_error
from echoclr_core.synthetic.plan.cohort import label_row, plan_studies, study_anatomy
from echoclr_core.synthetic.plan.patients import make_patient
from echoclr_core.synthetic.plan.settings import SyntheticSettings
from echoclr_core.synthetic.rendering.video import fan_video, make_video_spec, place_fan
from echoclr_core.synthetic.screen.vendor_screens import VENDOR_SCREENS

STUDIES = int(os.environ.get("SHORTCUT_STUDIES", "400"))
TASKS = ("severe_as", "lvh", "reduced_ef")
NORMAL_EF = {"F": 54, "M": 52}  # %, as in config/demo.yaml


def picture_statistics(spec):
    """Brightness, histogram, change and file size of one video as it is trained on."""
    frames = fan_video(spec)
    inside = frames.max(0) > 0
    values = frames[:, inside]
    counts = np.histogram(values, 16, (0, 256))[0] / values.size
    change = np.abs(np.diff(frames.astype(int), axis=0)).mean()
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    size = sum(len(cv2.imencode(".jpg", frame, quality)[1]) for frame in frames)
    histogram = {f"histogram_{i}": count for i, count in enumerate(counts)}
    whole = {"mean": values.mean(), "spread": values.std(), "frame_mean": frames.mean()}
    return {**whole, "change": change, "file_size": size, **histogram, "fan_share": inside.mean()}


def sector_geometry(plan, spec):
    """The fan on its screen, as a region tag would give it."""
    height, width = plan.screen
    x0, y0, x1, y1 = VENDOR_SCREENS[plan.vendor_screen].fan
    sector, cut = spec.acquisition.sector, spec.acquisition.cut
    fan = place_fan(sector, (x0 * width, y0 * height, x1 * width, y1 * height), cut)
    place = {"apex_x": fan.apex[0], "apex_y": fan.apex[1], "right": fan.cut[1], "left": fan.cut[0]}
    return {**place, "scale": fan.scale, "depth": sector.depth, "half_angle": sector.half_angle}


def header_fields(plan, video, patient, spec):
    """What headers and the screen's captions say of patient, scanner and file."""
    return {
        "age": patient.age(plan.date),
        "sex": patient.anatomy.sex,
        "year": int(plan.date[:4]),
        "month": int(plan.date[4:6]),
        "rows": plan.screen[0],
        "columns": plan.screen[1],
        "vendor_screen": plan.vendor_screen,
        "encoding": video.encoding,
        "rate_tag": video.rate_tag,
        "quirk": video.quirk,
        "videos": len(plan.videos),
        "accession": len(plan.accession),
        "patient_id": len(patient.identifier),
        "heart_rate": round(spec.cycle.heart_rate),
        "gain": round(spec.acquisition.acoustics.gain),
        "dynamic_range": round(spec.acquisition.acoustics.dynamic_range),
    }


@pytest.fixture(scope="module")
def cohort():
    settings = SyntheticSettings(development_studies=STUDIES, external_studies=0, view_studies=0)
    rows, severe, thick, weak = [], [], [], []
    for plan in plan_studies(settings):
        video, anatomy = plan.videos[0], study_anatomy(settings, plan)
        patient = make_patient(settings, plan.patient)
        spec = make_video_spec(settings, anatomy, plan.number, video.number, "plax", 3, 5.0)
        header = header_fields(plan, video, patient, spec)
        rows.append({**picture_statistics(spec), **sector_geometry(plan, spec), **header})
        label = label_row(settings, plan)
        severe.append(label["as_severity"] == "Severe")
        thick.append(anatomy.hypertrophy)
        weak.append(label["ejection_fraction"] < NORMAL_EF[anatomy.sex])
    table = pd.get_dummies(pd.DataFrame(rows)).astype(float)
    return table, {"severe_as": np.array(severe), "lvh": np.array(thick), "reduced_ef": np.array(weak)}


def linear_auroc(table, label, strength):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))
    scores = cross_val_predict(model, table.to_numpy(), label, cv=5, method="predict_proba")[:, 1]
    return roc_auc_score(label, scores)


def limit(task, label):
    """0.65 for the two tasks of the paper; a reduced ejection fraction has few cases among 400 studies: what
    is measured on 1,000 (0.58, docs/synthetic_evidence.md) and two standard errors.
    """
    if task != "reduced_ef":
        return 0.65
    return 0.58 + 2 * auroc_standard_error(0.58, int(label.sum()), int((~label).sum()))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("strength", [0.001, 0.01, 1.0])
def test_a_linear_model_on_simple_statistics_fails(cohort, task, strength):
    table, labels = cohort
    auroc = linear_auroc(table, labels[task], strength)
    print(f"{task}, {len(table)} studies, C {strength}: {auroc:.3f}")
    assert auroc < limit(task, labels[task])


def test_the_test_would_see_a_planted_shortcut(cohort):
    table, labels = cohort
    planted = table.assign(mean=table["mean"] + 6.0 * labels["severe_as"])  # the sick are a little brighter
    assert linear_auroc(planted, labels["severe_as"], 1.0) > 0.65
    weak = labels["reduced_ef"]
    planted = table.assign(mean=table["mean"] + 6.0 * weak)
    assert linear_auroc(planted, weak, 1.0) > limit("reduced_ef", weak)
