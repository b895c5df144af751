"""What the label-efficiency page reads: each repeat under its draw of the labels and its pretraining."""

import pandas as pd
import pytest

from echoclr_core.design.grid import Grid
from echoclr_core.finetune.tables import PREDICTIONS
from tools.study_results import read_scores

DRAWS, SEEDS = 2, 2


def small_grid() -> Grid:
    """One initialisation, two draws of the labels, each fine-tuned from two pretrainings."""
    config = {"finetune": {"draws": DRAWS, "initialisations": ["echoclr"]}, "pretrain": {"seeds": SEEDS}}
    return Grid(config)


def write_predictions(folder, draw, probabilities, studies=("a", "b")):
    path = folder / "predictions" / "lvh" / "echoclr" / "1" / draw / "internal.parquet"
    path.parent.mkdir(parents=True)
    rows = [
        {
            "video_id": f"{study}0",
            "study_id": study,
            "view": "plax",
            "label": label,
            "clip_probabilities": [value],
            "video_probability": value,
            "study_probability": value,
        }
        for label, (study, value) in enumerate(zip(studies, probabilities, strict=True))
    ]
    PREDICTIONS.write(pd.DataFrame(rows), path)


def test_repeats_are_read_under_their_draw_and_pretraining(tmp_path):
    expected = {"0": (0.1, 0.2), "1": (0.3, 0.4), "0_seed1": (0.5, 0.6), "1_seed1": (0.7, 0.8)}
    for draw, probabilities in expected.items():
        write_predictions(tmp_path, draw, probabilities)
    labels, scores = read_scores(tmp_path, small_grid(), "lvh", "internal", "1")
    assert labels.tolist() == [0, 1]
    found = {repeat: tuple(row) for repeat, row in scores["echoclr"].items()}
    assert found == {
        (0, 0): (0.1, 0.2),
        (1, 0): (0.3, 0.4),
        (0, 1): (0.5, 0.6),
        (1, 1): (0.7, 0.8),
    }


def test_models_of_other_studies_are_refused(tmp_path):
    for draw in small_grid().draws:
        studies = ("a", "c") if draw == "1_seed1" else ("a", "b")
        write_predictions(tmp_path, draw, (0.1, 0.2), studies)
    with pytest.raises(ValueError, match=r"1_seed1.*other studies than those of the first model"):
        read_scores(tmp_path, small_grid(), "lvh", "internal", "1")
