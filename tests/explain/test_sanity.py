"""The randomisation check tells a learnt map from an edge detector's, and loses one part at a time."""

import numpy as np
import pandas as pd
import pytest
import torch
from small_network import Network
from torch import nn
from torchvision.models.video import r3d_18

from echoclr_core.explain.sanity import (
    cascade_stages,
    randomisation_cascade,
    rank_correlation,
    redraw_weights,
)
from echoclr_core.models.encoder import EncoderSettings, build_encoder
from echoclr_core.models.heads import Classifier


def test_stages_from_output_to_input():
    assert cascade_stages(Network()) == ["head", "last_block", "stem"]
    assert cascade_stages(r3d_18(num_classes=1)) == ["fc", "layer4", "layer3", "layer2", "layer1", "stem"]
    model = Classifier(build_encoder(EncoderSettings(name="r3d", width=4, blocks=(1, 1)), seed=0))
    stages = cascade_stages(model)
    assert stages[0] == "head"
    assert stages[-1] == "encoder.stem"
    weights = {name for name, _ in model.named_parameters()}
    reached = {name for name in weights if any(name.startswith(f"{stage}.") for stage in stages)}
    assert reached == weights, "every weight is redrawn in the end"


def test_redrawing_keeps_values_and_loses_places():
    model = Network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    everything, block = redraw_weights(model, cascade_stages(model)), redraw_weights(model, ["last_block"])
    for name, value in everything.state_dict().items():
        assert torch.equal(value.flatten().sort()[0], before[name].flatten().sort()[0])
        changed = not torch.equal(block.state_dict()[name], before[name])
        assert changed == (name in ("last_block.0.weight", "last_block.0.bias"))
    assert not torch.equal(everything.stem[0].weight, before["stem.0.weight"])
    # A part keeps its draw however many others are redrawn with it.
    assert torch.equal(everything.last_block[0].weight, block.last_block[0].weight)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with pytest.raises(ValueError, match=r"\['some'\] are not in the model"):
        redraw_weights(model, ["some"])


def test_cascade_tells_an_edge_detector_from_a_learnt_map():
    """With one channel there is nothing to arrange: the map survives any redraw. With eight it does not."""
    stubborn = nn.Sequential(
        nn.Conv3d(1, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(1, 1)
    )
    with torch.no_grad():
        for weight in stubborn.parameters():
            weight.fill_(0.5)
    clips = [torch.rand(1, 4, 8, 8), torch.rand(1, 4, 8, 8)]
    np.testing.assert_allclose(randomisation_cascade(stubborn, clips), np.ones((2, 2)))
    model = Network(3)
    clips = [torch.rand(3, 16, 16, 16) for _ in range(3)]
    found = randomisation_cascade(model, clips, n_randomisations=5)
    assert found.shape == (3, 3)
    assert np.abs(found[-1]).max() < 0.95
    np.testing.assert_array_equal(found, randomisation_cascade(model, clips, n_randomisations=5))
    assert np.isnan(randomisation_cascade(model, clips, n_randomisations=0)).all()


def test_evidence_against_the_class_is_compared_too():
    """After ReLU these maps would be zero, and nothing could be said."""
    model = Network(1)
    with torch.no_grad():
        model.head.weight.copy_(-model.head.weight.abs())
    clips = [torch.rand(3, 8, 16, 16)]
    assert np.isfinite(randomisation_cascade(model, clips, n_randomisations=1)).all()


def test_rank_correlation():
    a = np.arange(8.0).reshape(2, 2, 2)
    assert rank_correlation(a, a**3) == pytest.approx(1)
    assert rank_correlation(a, -a) == pytest.approx(-1)
    ranks = pd.Series([1, 2, 2, 3]).rank()
    other = pd.Series([1, 3, 2, 2]).rank()
    expected = np.corrcoef(ranks, other)[0, 1]
    assert rank_correlation(np.array([1, 2, 2, 3]), np.array([1, 3, 2, 2])) == pytest.approx(expected)
    assert np.isnan(rank_correlation(a, np.zeros_like(a)))
