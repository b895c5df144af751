"""The adapter of docs/encoders.md is an encoder like the others; torchvision's own weights are converted."""

import re
import sys
import types
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn
from torchvision.models import video

from echoclr_core.explain.gradcam import grad_cam
from echoclr_core.finetune.run import finetune
from echoclr_core.finetune.settings import FinetuneSettings
from echoclr_core.models import encoder, encoders
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier
from echoclr_core.models.weights import load_encoder
from echoclr_core.options.augmentation import AugmentationOptions
from echoclr_core.pretrain.run import pretrain
from echoclr_core.pretrain.settings import PretrainSettings
from tools.convert_weights import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "encoders.md").read_text(encoding="utf-8")
FOREIGN = EncoderSettings(name="foreign_vit")
AUGMENTATION = AugmentationOptions(pad=1)


class VideoTransformer(nn.Module):
    """Stands for the class of another package: tubelets of 2 x 8 x 8, one layer, no batch norm."""

    def __init__(self, width):
        super().__init__()
        self.patches = nn.Conv3d(3, width, (2, 8, 8), stride=(2, 8, 8))
        self.layer = nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.0, batch_first=True)

    def forward(self, clips):
        return self.layer(self.patches(clips).flatten(2).transpose(1, 2))


@pytest.fixture
def adapter(monkeypatch, tmp_path):
    """The file of the page among the encoders."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    folder = tmp_path / "encoders"
    folder.mkdir()
    (folder / "foreign_vit.py").write_text(code, encoding="utf-8")
    package = types.ModuleType("foreign_package")
    package.VideoTransformer = VideoTransformer
    monkeypatch.setitem(sys.modules, "foreign_package", package)
    encoder.encoder_names()  # the library's own register in the true list, not in the copy
    monkeypatch.setattr(encoder, "_BUILDERS", dict(encoder._BUILDERS))
    monkeypatch.setattr(encoders, "__path__", [*encoders.__path__, str(folder)])
    monkeypatch.delitem(sys.modules, "echoclr_core.models.encoders.foreign_vit", raising=False)
    yield
    sys.modules.pop("echoclr_core.models.encoders.foreign_vit", None)


def test_the_adapter_pretrains_and_is_fine_tuned_frozen_and_whole(adapter, make_store, tmp_path):
    store = make_store()
    videos = store.index[["video_id", "study_id"]]
    settings = PretrainSettings(
        batch_size=6,
        max_steps=1,
        learning_rate=1e-3,
        precision="fp32",
        augmentation=AUGMENTATION,
        projector=(8, 8),
    )
    more = {"device": "cpu", "terminal": False}
    trained = pretrain(store, videos, FOREIGN, settings, code="of the test", **more).encoder
    assert trained.features == 16
    labelled = videos.assign(label=[0, 1] * 9)
    moved = {}
    for frozen in (True, False):
        how = FinetuneSettings(
            learning_rate=1e-2,
            clip_length=4,
            batch_size=6,
            max_epochs=1,
            precision="fp32",
            freeze_encoder=frozen,
            augmentation=AUGMENTATION,
        )
        result = finetune(
            store,
            labelled[:12],
            labelled[12:],
            FOREIGN,
            trained.state_dict(),
            how,
            state_dir=tmp_path / str(frozen),
            code="of the test",
            **more,
        )
        after = result.model.encoder.state_dict()
        moved[frozen] = any(not torch.equal(after[name], held) for name, held in trained.state_dict().items())
    assert moved == {True: False, False: True}


def test_grad_cam_reads_the_maps_of_the_adapter(adapter):
    model = Classifier(build_encoder(FOREIGN, seed=0)).eval()
    assert grad_cam(model, torch.rand(3, 4, 16, 16)).shape == (4, 16, 16)


def test_the_overlay_of_the_page_names_what_it_defines():
    [text] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    overlay = yaml.safe_load(text)
    assert overlay["initialisations"]["foreign"]["encoder"] == FOREIGN.name
    assert set(overlay["initialisations"]) <= set(overlay["finetune"]["initialisations"])


@pytest.mark.parametrize(
    "name", ["s3d", *(pytest.param(large, marks=pytest.mark.slow) for large in ("swin3d_t", "mvit_v2_s"))]
)
def test_torchvisions_own_weights_are_converted_as_the_page_says(name, tmp_path):
    [line] = [line for line in PAGE.splitlines() if f"--encoder {name} " in line]
    options = line.partition(f"{name}.safetensors ")[2].split()
    torch.manual_seed(0)
    network = getattr(video, name)(weights=None)
    source, target = tmp_path / f"{name}.pth", tmp_path / f"{name}.safetensors"
    torch.save(network.state_dict(), source)
    assert main([str(source), str(target), *options]) == 0
    built = build_encoder(EncoderSettings(name=name))
    load_encoder(target, built)
    theirs = network.state_dict()
    assert all(
        torch.equal(held, theirs[key.removeprefix("network.")]) for key, held in built.state_dict().items()
    )
