"""Projector and classifier."""

import pytest
import torch

from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier, Projector

torch.set_num_threads(1)
SMALL = EncoderSettings(name="r3d", width=4, blocks=(1, 1))


def test_projector_is_512_256_128_without_biases():
    projector = Projector(512, 256, 128)
    assert [tuple(parameter.shape) for parameter in projector.parameters()] == [(256, 512), (128, 256)]
    rows = torch.randn(3, 512)
    first, second = projector[0].weight, projector[2].weight
    torch.testing.assert_close(projector(rows), (rows @ first.T).clamp(min=0) @ second.T)


def test_classifier_gives_one_logit_a_clip():
    model = Classifier(build_encoder(SMALL, seed=0)).eval()
    clips = torch.rand(5, 3, 4, 16, 16)
    logits = model(clips)
    assert logits.shape == (5,)
    torch.testing.assert_close(logits, model.head(model.encoder(clips))[:, 0])


def test_dropout_stands_before_the_linear_unit():
    torch.manual_seed(0)
    model = Classifier(build_encoder(SMALL, seed=0), dropout=0.5).train()
    model.encoder.eval()
    clips = torch.rand(1, 3, 4, 16, 16).expand(200, -1, -1, -1, -1)
    logits = model(clips)
    assert logits.unique().numel() > 50  # of the features, not of the logit: that would give two values
    with pytest.raises(ValueError, match="dropout must lie"):
        Classifier(build_encoder(SMALL, seed=0), dropout=1.0)


def test_logits_stay_float32_under_autocast():
    model = Classifier(build_encoder(SMALL, seed=0))
    with torch.autocast("cpu", torch.bfloat16):
        assert model(torch.rand(2, 3, 4, 16, 16)).dtype == torch.float32
