"""A bundle holds all that scores new videos as the study did, and nothing that names anybody."""

import dataclasses
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import yaml

from echoclr_core.common.avi_reading import read_avi
from echoclr_core.common.avi_writing import write_avi
from echoclr_core.models.classifier_file import ClassifierHeader, read_header, save_classifier
from echoclr_core.models.loading import load
from echoclr_core.options.clip import ClipOptions
from echoclr_core.predict import load_bundle
from echoclr_core.predict.bundle_file import read_description, write_description
from echoclr_core.predict.export import export_bundle
from echoclr_core.predict.validation_set import ensemble_validation, thresholds


def test_avis_score_as_the_study_was_predicted(study, bundle_folder):
    bundle = load_bundle(bundle_folder)
    found = bundle.predict_avis(sorted((study.folder / "masked").glob("*.avi"), reverse=True))
    expected = np.mean([table["video_probability"] for table in study.predictions.values()], axis=0)
    expected = dict(zip(study.predictions["0"]["video_id"], expected, strict=True))
    assert list(found["video"]) == sorted(expected, reverse=True)
    assert found["probability"].to_numpy() == pytest.approx([expected[v] for v in found["video"]], abs=1e-6)


def test_one_model_scores_bit_for_bit_whatever_the_company(study, tmp_path):
    alone = dataclasses.replace(study.exported, models={"0": study.exported.models["0"]})
    export_bundle(tmp_path / "one", alone, study.store, study.tables)
    bundle, table = load_bundle(tmp_path / "one"), study.predictions["0"]
    ids = list(table["video_id"])
    for some in (ids, ids[3:10], ids[::-1]):
        scores = bundle.score_store(study.store, some)["0"].mean(1)
        assert (scores == table.set_index("video_id").loc[some, "video_probability"].to_numpy()).all()


def test_full_size_files_are_masked_first_and_bad_ones_are_rows(study, bundle_folder, tmp_path):
    rng = np.random.default_rng(0)
    frames = np.zeros((6, 40, 60), np.uint8)
    frames[:, 8:32, 12:48] = rng.integers(20, 255, (6, 24, 36))
    write_avi(tmp_path / "full.avi", frames, 20.0, "ffv1", 95)
    write_avi(tmp_path / "black.avi", frames * 0, 20.0, "ffv1", 95)
    (tmp_path / "broken.avi").write_bytes(b"RIFF no video")
    names = ["broken", "full", "black"]
    found = load_bundle(bundle_folder).predict_avis([tmp_path / f"{name}.avi" for name in names])
    assert list(found["outcome"]) == ["unreadable", "ok", "blank"]
    assert list(found["probability"].notna()) == [False, True, False]


def test_the_frame_rate_of_clips_is_that_of_the_study(study, tmp_path):
    clip = {"frame_rate": 10.0, "missing_frame_rate": "exclude"}
    slower = dataclasses.replace(study.exported, clip=clip)
    export_bundle(tmp_path / "slower", slower, study.store, study.tables)
    bundle = load_bundle(tmp_path / "slower")
    assert bundle.clip_settings() == ClipOptions(**clip)
    path = study.folder / "masked" / "v_00.avi"  # 6 frames at 20 frames/s
    found = bundle.predict_avis([path])["probability"][0]
    frames = read_avi(path)[0][[0, 2, 4]]
    assert found == pytest.approx(np.mean([m.score_video(frames) for m in bundle.models.values()]), abs=1e-6)


def test_a_bundle_of_an_earlier_version_scores_every_frame(bundle_folder, tmp_path):
    shutil.copytree(bundle_folder, tmp_path / "earlier")
    values = json.loads((tmp_path / "earlier" / "bundle.json").read_text())
    assert values.pop("clip") == {"frame_rate": None, "missing_frame_rate": "every_frame"}
    (tmp_path / "earlier" / "bundle.json").write_text(json.dumps(values))
    assert load_bundle(tmp_path / "earlier").clip_settings() == ClipOptions()


def test_without_videos_there_is_an_empty_table(bundle_folder):
    assert load_bundle(bundle_folder).predict_avis([]).empty


def test_missing_and_doubled_names_are_named(study, bundle_folder, tmp_path):
    bundle, path = load_bundle(bundle_folder), study.folder / "masked" / "v_00.avi"
    with pytest.raises(ValueError, match=r"named more than once"):
        bundle.predict_avis([path, path])
    with pytest.raises(ValueError, match=r"1 of 2 files are not there.*nowhere\.avi"):
        bundle.predict_avis([path, tmp_path / "nowhere.avi"])


def test_the_description_says_what_the_study_fixed(study, bundle_folder):
    found = read_description(bundle_folder)
    assert [model["draw"] for model in found["models"]] == ["0", "1"]
    assert found["scoring"]["clip_length"] == 4
    assert found["scoring"]["batch_size"] == 8
    assert found["training"]["fps"] == [20.0, 43.0]
    assert found["training"]["manufacturers"] == ["philips"]
    assert found["training"]["embedding_limit"] > 0
    validation = ensemble_validation(study.predictions)
    assert found["thresholds"] == thresholds(validation, 0.9)
    scores = [t.groupby("study_id")["video_probability"].mean() for t in study.predictions.values()]
    assert validation["score"].to_numpy() == pytest.approx(np.mean(scores, axis=0), abs=1e-12)
    curve = found["validation"]["calibration_curve"]
    assert curve
    assert not {"n_studies", "n_positive", "lowest", "highest"} & set(curve[0])


def test_a_threshold_that_calls_nobody_is_null():
    validation = pd.DataFrame(
        {"study_id": list("abcd"), "label": [1, 0, 0, 0], "score": [0.1, 0.9, 0.2, 0.3]}
    )
    found = {point["criterion"]: point["threshold"] for point in thresholds(validation, 0.9)}
    assert found["specificity"] is None
    assert found["sensitivity"] == 0.1
    assert thresholds(validation.assign(label=0), 0.9) == []


def test_nothing_in_a_bundle_names_anybody(study, bundle_folder):
    """No pseudonym, source, file name or path: words of the study, and the shapes of pseudonyms and paths."""
    names = {*study.masked["video_id"], *study.masked["study_id"], str(study.folder)}
    names |= set(study.folder.parts[1:4])
    shapes = re.compile(rb"\b[pvsu]_[a-z2-7]{16}\b|(?<![\w.])/(?:home|work|tmp|data|mnt|root)/|\.dcm\b")
    for path in bundle_folder.rglob("*"):
        content = path.read_bytes()
        assert not shapes.search(content), path.name
        assert [name for name in names if name.encode() in content or name in path.name] == [], path.name


def test_equal_studies_give_equal_bundles(study, bundle_folder, tmp_path):
    export_bundle(tmp_path / "again", study.exported, study.store, study.tables)
    for path in bundle_folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_the_card_is_read_as_a_model_card(study, bundle_folder):
    text = (bundle_folder / "README.md").read_text()
    _, front, body = text.split("---\n", 2)
    assert yaml.safe_load(front)["pipeline_tag"] == "video-classification"
    assert "Research use only" in body
    assert "0.810 (0.700 to 0.900)" in body
    assert "0.510" not in body  # of another initialisation
    for title in (
        "Intended use",
        "## Data",
        "## Metrics",
        "## Calibration",
        "## Subgroups",
        "## Known limits",
    ):
        assert title in body
    assert "| Kept view | another view | 3 | 36 |" in body


def test_small_counts_stay_out_of_the_card(study, tmp_path):
    tables = dataclasses.replace(study.tables, least_cell=5)
    export_bundle(tmp_path / "b", study.exported, study.store, tables)
    body = (tmp_path / "b" / "README.md").read_text()
    assert "| another view | &lt;5 | 36 |" in body
    assert "sex female" not in body


def test_changed_and_missing_files_are_refused(bundle_folder, tmp_path):
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    with (copy / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=r"copy: model\.safetensors is missing or differs"):
        load_bundle(copy)
    (copy / "bundle.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"copy: no bundle\.json there"):
        load_bundle(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ratio": 2}, r"ratio: 2 is not allowed"),
        ({"models": []}, r"models: \[\] is not allowed"),
        ({"nonsense": 1}, r"nonsense: unknown key"),
        ({"format": "echoclr bundle 9"}, r"format: 'echoclr bundle 9' is not allowed"),
    ],
)
def test_a_description_of_another_form_is_refused(bundle_folder, tmp_path, change, message):
    values = json.loads((bundle_folder / "bundle.json").read_text()) | change
    (tmp_path / "bundle.json").write_text(json.dumps(values))
    with pytest.raises(ValueError, match=message):
        read_description(tmp_path)
    with pytest.raises(ValueError, match=message):
        write_description(tmp_path, {name: value for name, value in values.items() if name != "files"}, [])


def test_models_without_weights_are_left_out_and_none_is_an_error(study, tmp_path):
    header = dataclasses.replace(read_header(study.exported.models["0"]), failure="loss is not finite")
    assert isinstance(header, ClassifierHeader)
    save_classifier(tmp_path / "failed.safetensors", load(study.exported.models["0"]), header)
    models = {"0": tmp_path / "failed.safetensors", "1": study.exported.models["1"]}
    description = export_bundle(
        tmp_path / "b", dataclasses.replace(study.exported, models=models), study.store, study.tables
    )
    assert [model["draw"] for model in description["models"]] == ["1"]
    only = dataclasses.replace(study.exported, models={"0": models["0"]})
    with pytest.raises(ValueError, match=r"no model was trained \(loss is not finite\)"):
        export_bundle(tmp_path / "c", only, study.store, study.tables)


def test_ten_lines_of_the_docs(study, bundle_folder, tmp_path):
    """The code of docs/predict.md runs as it stands, but for the two folders."""
    from pathlib import Path

    page = (Path(__file__).resolve().parents[2] / "docs" / "predict.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert len(code.strip().splitlines()) <= 10
    code = code.replace("results/demo/export/severe_as_echoclr", str(bundle_folder))
    code = code.replace('"videos"', repr(str(study.folder / "masked")))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "v_00" in done.stdout
