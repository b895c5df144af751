"""Technical subgroups and the differences between them: a planted effect of the vendor is found."""

import numpy as np
import pandas as pd
import pytest

from echoclr_core.evaluate.bootstrap import Resamples
from echoclr_core.evaluate.details import subgroup_metrics
from echoclr_core.evaluate.differences import subgroup_differences
from echoclr_core.evaluate.metrics import auroc
from echoclr_core.evaluate.resampling import resampling_of
from echoclr_core.evaluate.schema import SUBGROUP_DIFFERENCES
from echoclr_core.evaluate.settings import EvaluationSettings
from echoclr_core.evaluate.study_scores import study_table
from echoclr_core.evaluate.technical import TECHNICAL, describe_studies, thirds, with_technical

RUN = {"task": "lvh", "ratio": 1.0, "draw": 0, "cohort": "internal"}
HOW = EvaluationSettings(n_resamples=200, seed=3)


def planted(n=600, seed=0):
    """Studies of three vendors; the model knows nothing of the heart on those of the third."""
    rng = np.random.default_rng(seed)
    vendor = np.array(["ge", "philips", "siemens"])[rng.choice(3, n, p=[0.45, 0.3, 0.25])]
    label = (rng.random(n) < 0.4).astype(int)
    effect = np.where(vendor == "siemens", 0.0, 1.8)
    score = 1 / (1 + np.exp(-rng.normal(size=n) - effect * (label - 0.5)))
    ids = [f"s_{k:04d}" for k in range(n)]
    studies = pd.DataFrame(
        {
            "study_id": ids,
            "sex": np.where(rng.random(n) < 0.5, "female", "male"),
            "vendor": vendor,
            "frame_rate": rng.uniform(20, 90, n),
            "n_videos": rng.integers(1, 5, n),
        }
    )
    return pd.DataFrame({"study_id": ids, "label": label, "study_probability": score}), studies


def test_a_planted_vendor_effect_is_found():
    predictions, studies = planted()
    table = subgroup_differences({"echoclr": predictions}, studies, **RUN, settings=HOW)
    pd.testing.assert_frame_equal(table, SUBGROUP_DIFFERENCES.check(table))
    apart = table[(table["ci_low"] > 0) | (table["ci_high"] < 0)]
    vendor = apart[apart["characteristic"] == "vendor"]
    assert vendor[["level", "reference"]].values.tolist() == [["siemens", "ge"]]
    assert vendor["difference"].item() == apart["difference"].min() < -0.2
    # 8 further differences: at 95 %, one or two intervals without 0 are chance
    assert len(apart) <= 3
    assert {"sex", "vendor", "frame rate", "number of videos"} == set(table["characteristic"])


def test_values_and_intervals_are_those_of_the_definition():
    predictions, studies = planted(120, seed=1)
    table = subgroup_differences({"echoclr": predictions}, studies, **RUN, settings=HOW)
    row = table[table["level"] == "philips"].iloc[0]
    frame = study_table(predictions)
    labels, scores = frame["label"].to_numpy(), frame["score"].to_numpy()
    first = (studies["vendor"] == "philips").to_numpy()
    second = (studies["vendor"] == row["reference"]).to_numpy()
    expected = auroc(labels[first], scores[first]) - auroc(labels[second], scores[second])
    assert row["difference"] == pytest.approx(expected, abs=1e-12)
    drawn = []
    for counts in Resamples(labels, resampling_of(frame, RUN, HOW, None)):
        for lane in counts.T.astype(int):
            rows = np.repeat(np.arange(len(labels)), lane)
            pair = [rows[part[rows]] for part in (first, second)]
            if all(len(np.unique(labels[members])) == 2 for members in pair):
                values = [auroc(labels[members], scores[members]) for members in pair]
                drawn.append(values[0] - values[1])
    assert row["n_resamples"] == len(drawn)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), abs=1e-12)


def test_few_cases_have_no_interval_and_one_class_no_row():
    predictions, studies = planted(60)
    studies["vendor"] = np.where(np.arange(60) < 6, "ge", "philips")
    predictions.loc[:5, "label"] = [1, 0, 1, 0, 1, 0]
    table = subgroup_differences({"echoclr": predictions}, studies, **RUN, settings=HOW)
    vendor = table[table["characteristic"] == "vendor"]
    assert vendor["ci_low"].isna().all()
    assert vendor["level"].tolist() == ["ge"]
    predictions.loc[:5, "label"] = 0
    table = subgroup_differences({"echoclr": predictions}, studies, **RUN, settings=HOW)
    assert "vendor" not in set(table["characteristic"])
    one = predictions.assign(label=0)
    assert subgroup_differences({"echoclr": one}, studies, **RUN, settings=HOW).empty


def test_levels_of_the_subgroups_rise():
    predictions, studies = planted(90)
    table = subgroup_metrics({"echoclr": predictions}, studies, **RUN, settings=HOW)
    bands = table[table["characteristic"] == "frame rate"].drop_duplicates("level").sort_values("place")
    assert [level[0] for level in bands["level"]] == ["<", bands["level"].iloc[1][0], "≥"]
    assert bands["n_studies"].sum() == 90


def test_thirds():
    levels, names = thirds(pd.Series([1.0, 2, 3, 4, 5, 6, None]))
    assert names == ["<2.67", "2.67 to <4.33", "≥4.33"]
    assert levels.dropna().tolist() == [*[names[0]] * 2, *[names[1]] * 2, *[names[2]] * 2]
    assert levels.isna().tolist() == [False] * 6 + [True]
    assert thirds(pd.Series([2.0, 2, 2]))[1] == ["all"]
    assert thirds(pd.Series([1, 1, 1, 1, 2]))[0].nunique() <= 2
    assert thirds(pd.Series([None, None], dtype="float64"))[1] == []


def shards(vendors=("ge", "ge", "philips")):
    ids = ["v1", "v2", "v3"]
    videos = pd.DataFrame({"video_id": ids, "study_id": ["a", "a", "b"], "fps": [30.0, 50.0, 20.0]})
    files = pd.DataFrame(
        {
            "video_id": [*ids, "v4"],
            "study_id": ["a", "a", "b", "a"],
            "outcome": ["ok", "ok", "ok", "burned_in_text"],
            "manufacturer": [*vendors, None],
        }
    )
    masked = pd.DataFrame({"video_id": ids, "height": [480, 600, 480], "hull_fraction": [0.5, 0.7, 0.4]})
    views = pd.DataFrame({"video_id": ids, "margin": [0.9, 0.2, None]})
    return videos, files, masked, views


def test_description_of_the_studies():
    table = describe_studies(*shards()).set_index("study_id")
    assert table.loc["a"].to_dict() == {
        "vendor": "ge",
        "frame_rate": 40.0,
        "image_height": 540.0,
        "n_videos": 2,
        "masked_share": pytest.approx(0.4),
        "view_margin": 0.2,
        "n_quarantined": 1,
    }
    assert describe_studies(*shards(("ge", "philips", "other")))["vendor"].tolist() == ["several", "other"]
    none = describe_studies(*shards((None, None, None)))
    pd.testing.assert_frame_equal(none, TECHNICAL.check(none))
    assert none["vendor"].isna().all()
    videos, files, masked, views = shards()
    with pytest.raises(ValueError, match="the masked videos lack 1 of 3"):
        describe_studies(videos, files, masked[:2], views)


def test_a_column_of_the_labels_with_the_same_name_hides_nothing():
    """The labels table may have a column vendor of its own, and the cohort counts its videos too."""
    technical = describe_studies(*shards())
    studies = pd.DataFrame({"study_id": ["b", "a"], "vendor": ["x", "y"], "n_videos": [7, 7], "sex": "male"})
    joined = with_technical(studies, technical)
    assert joined["study_id"].tolist() == ["b", "a"]
    assert joined["vendor"].tolist() == ["philips", "ge"]
    assert joined["n_videos"].tolist() == [1, 2]
    assert "sex" in joined.columns
