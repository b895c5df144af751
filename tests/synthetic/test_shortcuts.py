"""The label must be in anatomy and motion: simple statistics of picture and header do not give it away."""

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from echoclr_core.common import generator
from echoclr_core.synthetic.anatomy import draw_anatomy
from echoclr_core.synthetic.settings import SyntheticSettings
from echoclr_core.synthetic.video import fan_video, make_take

STUDIES = 240


def statistics(take):
    """What a lazy model could look at: brightness, histogram, change, sector, file size, header numbers."""
    frames = fan_video(take)
    inside = frames.max(0) > 0
    values = frames[:, inside]
    histogram = np.histogram(values, 16, (0, 256))[0] / values.size
    change = np.abs(np.diff(frames.astype(int), axis=0)).mean()
    quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
    size = sum(len(cv2.imencode(".jpg", frame, quality)[1]) for frame in frames)
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    sector = (inside.mean(), np.ptp(rows), np.ptp(columns), take.acquisition.sector.half_angle)
    header = (take.acquisition.sector.depth, take.cycle.heart_rate)
    return [values.mean(), values.std(), frames.mean(), change, size, *histogram, *sector, *header]


@pytest.fixture(scope="module")
def cohort():
    settings = SyntheticSettings()
    rows, severe, thick = [], [], []
    for study in range(STUDIES):
        anatomy = draw_anatomy(generator(settings.seed, "shortcut", study))
        take = make_take(settings, anatomy, study, 1, "plax", 3, 5.0)
        rows.append(statistics(take))
        severe.append(anatomy.severe_stenosis)
        thick.append(anatomy.hypertrophy)
    return np.array(rows), {"severe_as": np.array(severe), "lvh": np.array(thick)}


@pytest.mark.parametrize("task", ["severe_as", "lvh"])
@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_a_linear_model_on_simple_statistics_fails(cohort, task, strength):
    rows, labels = cohort
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    scores = cross_val_predict(model, rows, labels[task], cv=5, method="predict_proba")[:, 1]
    assert roc_auc_score(labels[task], scores) < 0.65


def test_the_test_would_see_a_planted_shortcut(cohort):
    rows, labels = cohort
    planted = rows.copy()
    planted[:, 0] += 6.0 * labels["severe_as"]  # the sick are a little brighter
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    scores = cross_val_predict(model, planted, labels["severe_as"], cv=5, method="predict_proba")[:, 1]
    assert roc_auc_score(labels["severe_as"], scores) > 0.65
