"""A study as small as can be: two models of one task, a view classifier, and their bundle."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, UltrasoundMultiFrameImageStorage

from echoclr_core.common.avi_writing import write_avi
from echoclr_core.common.digest import file_digest
from echoclr_core.common.randomness import generator
from echoclr_core.evaluate.schema import EVALUATION
from echoclr_core.finetune.scoring import predict
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models.classifier_file import ClassifierHeader, save_classifier
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.predict.export import ExportedStudy, export_bundle
from echoclr_core.predict.model_card import CardTables
from echoclr_core.video.store import ClipStore
from echoclr_core.video.store_building import build_store
from echoclr_core.video.tables import MASKED_VIDEOS
from echoclr_core.views.files import save_classifier as save_view_classifier
from echoclr_core.views.networks import CompactViewNet, TorchClassifier

ENCODER = EncoderSettings(name="r3d", width=4, blocks=(1, 1))
SCORING = FinetuneSettings(clip_length=4, batch_size=8, eval_clips_per_video=4, input_size=8)
SIZE = 16
VIDEOS = {f"v_{number:02d}": f"s_{number // 2:02d}" for number in range(24)}


def masked_videos(folder):
    """MASKED_VIDEOS of noise videos written into ``folder``."""
    folder.mkdir(parents=True)
    rows = []
    for number, (video, study) in enumerate(VIDEOS.items()):
        frames = generator(3, video).integers(0, 256, (6 + number % 3, SIZE, SIZE)).astype(np.uint8)
        path = folder / f"{video}.avi"
        write_avi(path, frames, 20.0 + number, "ffv1", 95)
        rows.append(
            {
                "video_id": video,
                "study_id": study,
                "outcome": "ok",
                "n_frames": len(frames),
                "fps": 20.0 + number,
                "height": SIZE,
                "width": SIZE,
                "hull_fraction": 0.3 + number / 100,
                "sha256": file_digest(path),
            }
        )
    return MASKED_VIDEOS.check(pd.DataFrame(rows, columns=list(MASKED_VIDEOS.columns)))


def save_model(path, seed):
    """A classifier with random weights in a file."""
    torch.manual_seed(seed)
    model = Classifier(build_encoder(ENCODER, seed=seed)).eval()
    header = ClassifierHeader(
        encoder=ENCODER,
        frame_size=(SIZE, SIZE),
        input_size=SCORING.input_size,
        clip_length=SCORING.clip_length,
        clips_per_video=SCORING.eval_clips_per_video,
        task="severe_as",
        digests={"code": "0" * 16},
    )
    save_classifier(path, model, header)
    return model


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """folder, masked (videos and table), store, models, predictions of all videos, ExportedStudy, tables."""
    folder = tmp_path_factory.mktemp("study")
    masked = masked_videos(folder / "masked")
    build_store(masked, folder / "masked", folder / "clips.npy", folder / "clips.parquet", size=SIZE)
    store = ClipStore.open([folder / "clips.parquet"], [folder / "clips.npy"])
    rows = masked[["video_id", "study_id"]].assign(label=[number // 2 % 2 for number in range(len(masked))])
    models = {draw: folder / f"model_{draw}.safetensors" for draw in ("0", "1")}
    predictions = {
        draw: predict(save_model(path, int(draw)), store, rows, SCORING, device="cpu")
        for draw, path in models.items()
    }
    torch.manual_seed(5)
    network = CompactViewNet(2, width=2)
    with torch.no_grad():  # every video shows the kept view
        network.head.weight.zero_()
        network.head.bias.copy_(torch.tensor([3.0, 0.0]))
    views = TorchClassifier(network, ["plax", "other"], "plax")
    save_view_classifier(views, folder / "classifier.safetensors")
    training = masked[["video_id", "study_id", "fps", "height", "width", "hull_fraction"]]
    exported = ExportedStudy(
        models=models,
        task={"name": "severe_as", "title": "Severe AS", "label_rule": {"column": "as_severity"}},
        initialisation="echoclr",
        ratio=1.0,
        deidentify={"boundary": "sector"},
        views={
            "classifier": "compact",
            "kept": "plax",
            "classes": ["plax", "other"],
            "frames": 4,
            "seed": 3,
            "onnx": {},
        },
        mask={"size": SIZE},
        view_classifier=folder / "classifier.safetensors",
        batch_size=SCORING.batch_size,
        precision="fp32",
        validation=predictions,
        training_videos=training.assign(kept_fraction=0.5, manufacturer="philips"),
        digests={"split": "1" * 64},
    )
    return SimpleNamespace(
        folder=folder,
        masked=masked,
        store=store,
        predictions=predictions,
        exported=exported,
        tables=card_tables(),
    )


def card_tables():
    """Tables of a card: one row a metric and calibration, a flow of three steps."""
    flow = pd.DataFrame(
        [
            ("archive", "kept", 20, 60, True),
            ("views", "another_view", 3, 36, False),
            ("views", "kept", 17, 24, True),
            ("split", "train", 12, 24, True),
        ],
        columns=["stage", "reason", "studies", "videos", "kept"],
    )
    flow = flow.assign(order=range(4), level=["file", "video", "video", "study"])
    metric = {
        **{"task": "severe_as", "init": "echoclr", "ratio": 1.0, "draw": 0, "cohort": "internal"},
        **{"metric": "auroc", "value": 0.81, "ci_low": 0.7, "ci_high": 0.9, "n_studies": 50},
        **{"n_positive": 9, "n_labelled_studies": 12, "n_resamples": 100, "n_redrawn": 0, "reason": None},
    }
    metrics = EVALUATION["metrics"].check(pd.DataFrame([metric, metric | {"init": "random", "value": 0.51}]))
    group = {name: metric[name] for name in EVALUATION["subgroups"].columns if name in metric}
    groups = [
        group | {"characteristic": "sex", "level": level, "place": place, "n_positive": positive}
        for place, (level, positive) in enumerate((("female", 2), ("male", 7)))
    ]
    tables = {
        "flow": flow,
        "metrics": metrics,
        "subgroups": EVALUATION["subgroups"].check(pd.DataFrame(groups)),
        **{name: EVALUATION[name].empty() for name in ("operating_points", "calibration")},
    }
    return CardTables(**tables)


@pytest.fixture(scope="session")
def bundle_folder(study, tmp_path_factory):
    """The bundle of the study: an ensemble of two models."""
    folder = tmp_path_factory.mktemp("export") / "severe_as_echoclr"
    export_bundle(folder, study.exported, study.store, study.tables)
    return folder


PLANTED = {
    "PatientName": "Canaryfield^Wilhelmina",
    "PatientID": "MRN-CANARY-4711",
    "AccessionNumber": "ACC-CANARY-99812",
    "StudyDate": "20190317",
    "PatientBirthDate": "19530228",
    "StudyInstanceUID": "1.2.826.0.1.3680043.9999.77.1",
    "InstitutionName": "Canary Hospital",
}


def write_loop(path, number, *, vendor="Philips", broken=False, **tags):
    """A cine loop of noise in a fan with identifiers in its header."""
    rng = np.random.default_rng(number)
    y, x = np.mgrid[0.5:240, 0.5:320]
    window = (np.hypot(x - 160, y - 36) < 180) & (np.abs(np.arctan2(x - 160, y - 36)) < 0.65)
    frames = np.where(window, np.clip(70 * rng.rayleigh(0.8, (12, 240, 320)), 0, 255), 0).astype(np.uint8)
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.3680043.9999.78.{number}"
    for keyword, value in (PLANTED | tags).items():
        setattr(data, keyword, value)
    data.Manufacturer, data.FrameTime, data.NumberOfFrames = vendor, 40, len(frames)
    data.Rows, data.Columns, data.SamplesPerPixel = 240, 320, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.PixelRepresentation = 7, 0
    data.PixelData = frames.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    data.save_as(path, enforce_file_format=True)
    if broken:
        path.write_bytes(path.read_bytes()[:-200_000])


@pytest.fixture(scope="session")
def patients(tmp_path_factory):
    """A folder of DICOM files: a study of a known vendor, one of an unknown one, one of corrupt files."""
    folder = tmp_path_factory.mktemp("Canaryfield")
    uid = PLANTED["StudyInstanceUID"]
    write_loop(folder / "a" / "loop 1.dcm", 1)
    write_loop(folder / "a" / "loop 2.dcm", 2)
    write_loop(folder / "a" / "broken.dcm", 3, broken=True)
    write_loop(folder / "b" / "loop.dcm", 4, vendor="Nobody Imaging", StudyInstanceUID=f"{uid}.2")
    write_loop(folder / "c" / "broken.dcm", 5, broken=True, StudyInstanceUID=f"{uid}.3")
    (folder / "letter.pdf").write_bytes(b"%PDF Canaryfield Wilhelmina")
    return folder
