"""A model's file says what it is, and the model scores stored clips and explains itself from it."""

import dataclasses
import json

import numpy as np
import pytest
import torch

import echoclr_core.models
from echoclr_core.explain import grad_cam
from echoclr_core.finetune.export import header_of, save_model
from echoclr_core.finetune.run import finetune
from echoclr_core.finetune.scoring import predict
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.classifier_file import ClassifierHeader, read_header
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.weights import read_weights, save_encoder, save_weights
from echoclr_core.training.inputs import grey_input, network_input
from echoclr_core.video.store import ClipStore

TINY = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
SETTINGS = FinetuneSettings(
    clip_length=4, batch_size=5, max_epochs=1, learning_rate=1e-3, eval_clips_per_video=3, precision="fp32"
)
RULE = {"column": "as_severity", "positive": ["Severe"]}


@pytest.fixture(params=["plain", "kinetics, smaller"])
def trained(request, make_store, tmp_path):
    """A store, and a model trained on it: result, settings and file."""
    store = make_store((3, 2, 3), frames=[8, 12, 9, 3, 20, 8, 8, 8])
    videos = store.index[["video_id", "study_id"]].assign(label=[1, 1, 1, 0, 0, 1, 1, 1])
    change = {} if request.param == "plain" else {"normalisation": "kinetics400", "input_size": 8}
    settings = dataclasses.replace(SETTINGS, **change)
    result = finetune(store, videos, videos, TINY, None, settings, device="cpu", terminal=False)
    path = tmp_path / "model.safetensors"
    save_model(path, result, task="severe_as", label_rule=RULE, initialisation="random")
    return store, videos, result, settings, path


def test_a_loaded_model_scores_videos_as_prediction_does(trained):
    store, videos, result, settings, path = trained
    model = echoclr_core.models.load(path)
    assert not model.training
    table = predict(result.model, store, videos, settings, device="cpu")
    for row in table.itertuples():
        assert model.score_video(store.video(row.video_id)) == pytest.approx(row.video_probability, abs=1e-6)


def test_clips_are_prepared_bit_by_bit_as_in_training(trained):
    store, _, _, settings, path = trained
    model = echoclr_core.models.load(path)
    clips = store.clips(list(store.index["video_id"]), [0] * 8, 4)
    grey = grey_input(torch.from_numpy(clips), None, settings.input_size)
    assert torch.equal(model.prepare(clips), network_input(grey, normalisation=settings.normalisation))
    scores = model.score(clips)
    assert scores.shape == (8,)
    assert model.score(clips[0])[0] == pytest.approx(scores[0], abs=1e-6)


def test_the_header_names_what_a_user_must_know(trained):
    _, _, result, settings, path = trained
    header = read_header(path)
    assert header == header_of(result, task="severe_as", label_rule=RULE, initialisation="random")
    assert header.encoder == TINY
    assert (header.frame_size, header.input_size) == ((16, 16), settings.input_size or 16)
    assert (header.clip_length, header.clips_per_video, header.frame_rate) == (4, 3, 15.0)
    assert header.normalisation == (
        "min-max" if settings.normalisation == "min-max" else "min-max, kinetics400"
    )
    assert (header.task, header.label_rule) == ("severe_as", RULE)
    assert set(header.digests) == {"training and validation data", "fingerprint", "code"}
    assert all(len(digest) >= 16 for digest in header.digests.values())
    _, metadata = read_weights(path)
    assert json.loads(metadata["encoder"])["width"] == 4  # plain JSON, for readers without this package


def test_grad_cam_of_a_stored_clip_is_one_call(trained):
    store, _, _, _, path = trained
    model = echoclr_core.models.load(path)
    clip = store.clip("v_00_1", 0, 8)
    found = grad_cam(model, clip)
    assert found.shape == clip.shape
    assert 0 <= found.min() <= found.max() <= 1
    prepared = grad_cam(model, model.prepare(clip)[0])
    if prepared.shape == found.shape:
        np.testing.assert_array_equal(found, prepared)


def test_a_store_opens_by_its_folder(make_store, tmp_path):
    make_store((2,))
    folder = tmp_path / "clips"
    folder.mkdir()
    (tmp_path / "frames.npy").rename(folder / "0.npy")
    (tmp_path / "index.parquet").rename(folder / "0.parquet")
    (folder / "store.json").write_text('{"shards": ["0"]}')
    frames = np.load(folder / "0.npy")
    opened = ClipStore.open_folder(folder)
    np.testing.assert_array_equal(opened.video("v_00_0"), frames[:8])
    with pytest.raises(FileNotFoundError):
        ClipStore.open_folder(tmp_path)


@pytest.mark.parametrize(
    ("clips", "told"),
    [
        (np.zeros((4, 16, 16), np.float32), "float32"),
        (np.zeros((4, 8, 16), np.uint8), r"\(1, 4, 8, 16\); allowed are uint8 \(T, 16, 16\)"),
        (np.zeros((16, 16), np.uint8), "allowed are uint8"),
    ],
)
def test_other_clips_are_refused(tmp_path, clips, told):
    path = tmp_path / "m.safetensors"
    header = ClassifierHeader(encoder=TINY, frame_size=(16, 16), input_size=16, clip_length=4)
    model = echoclr_core.models.loading.ClipClassifier(build_encoder(TINY, seed=0), header)
    save_weights(path, model.state_dict(), header.to_metadata())
    with pytest.raises(ValueError, match=told):
        echoclr_core.models.load(path).score(clips)


def test_other_files_are_refused_with_what_they_are(tmp_path):
    encoder = build_encoder(TINY, seed=0)
    path = tmp_path / "encoder.safetensors"
    save_encoder(path, encoder, {"method": "echoclr"})
    with pytest.raises(ValueError, match=r"encoder\.safetensors holds an encoder without a head"):
        echoclr_core.models.load(path)
    save_weights(path, encoder.state_dict(), {"task": "lvh"})
    with pytest.raises(ValueError, match="holds weights without a header"):
        echoclr_core.models.load(path)
    header = ClassifierHeader(encoder=TINY, frame_size=(16, 16), input_size=16, clip_length=4)
    later = header.to_metadata() | {"format": "2"}
    save_weights(path, encoder.state_dict(), later)
    with pytest.raises(ValueError, match="is of format 2; this version reads up to 1"):
        echoclr_core.models.load(path)
    save_weights(path, encoder.state_dict(), header.to_metadata())
    with pytest.raises(ValueError, match="does not fit ClipClassifier"):
        echoclr_core.models.load(path)
    with pytest.raises(FileNotFoundError, match="no weights at"):
        echoclr_core.models.load(tmp_path / "none.safetensors")


def test_a_file_without_a_trained_model_says_why(tmp_path):
    path = tmp_path / "m.safetensors"
    header = ClassifierHeader(
        encoder=TINY, frame_size=(16, 16), input_size=16, clip_length=4, failure="the loss is nan at step 3"
    )
    save_weights(path, build_encoder(TINY, seed=0).state_dict(), header.to_metadata())
    assert read_header(path).failure == "the loss is nan at step 3"
    with pytest.raises(ValueError, match="holds no trained model: the loss is nan at step 3"):
        echoclr_core.models.load(path)
