"""Grad-CAM against a closed form, a slow oracle, and the paper's shapes."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models.video import r3d_18

from echoclr_core.explain.gradcam import class_activation, grad_cam, raw_grad_cam, signed_activation, zoom_map
from echoclr_core.explain.layers import last_conv_block


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Small(nn.Module):
    """Two convolutions with batch norm, mean over time and space, one linear unit."""

    def __init__(self, inplace=False, outputs=1):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv3d(3, 4, 3, stride=2, padding=1), nn.BatchNorm3d(4), nn.ReLU(inplace)
        )
        self.last_block = nn.Sequential(
            nn.Conv3d(4, 6, 3, stride=2, padding=1), nn.BatchNorm3d(6), nn.ReLU(inplace)
        )
        self.head = nn.Linear(6, outputs)

    def forward(self, clips):
        return self.head(self.last_block(self.stem(clips)).mean((2, 3, 4)))


def small(**settings):
    torch.manual_seed(0)
    model = Small(**settings)
    with torch.no_grad():
        for _ in range(3):  # running statistics other than 0 and 1
            model.train()(torch.rand(4, 3, 8, 16, 16))
    return model.eval()


def slow_oracle(model, clip, layer, target=0):
    """Keep the layer's output, differentiate, sum voxel by voxel."""
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    logit = model(clip[None]).reshape(-1)[target]
    handle.remove()
    gradient = torch.autograd.grad(logit, kept[0])[0][0].numpy()
    maps = kept[0][0].detach().numpy()
    channels, *shape = maps.shape
    weights = [gradient[c].mean() for c in range(channels)]
    found = np.zeros(shape)
    for place in itertools.product(*map(range, shape)):
        found[place] = max(0.0, sum(weights[c] * maps[(c, *place)] for c in range(channels)))
    return found, float(logit.detach())


def test_paper_shapes_and_slow_oracle_on_r3d_18():
    torch.manual_seed(1)
    model = r3d_18(num_classes=1).eval()
    clip = torch.rand(3, 32, 112, 112)
    coarse, logit = class_activation(model, clip)
    expected, expected_logit = slow_oracle(model, clip, model.layer4)
    assert coarse.shape == (4, 7, 7)
    assert expected.max() > 0
    np.testing.assert_allclose(coarse, expected, atol=1e-5 * expected.max())
    assert logit == pytest.approx(expected_logit, rel=1e-5)
    full = grad_cam(model, clip)
    assert full.shape == (32, 112, 112)
    assert full.dtype == np.float32
    assert full.min() >= 0
    assert full.max() == 1
    # Corner to corner: the corners of the zoomed map are those of the coarse one, on the zoomed map's scale.
    ends = np.ix_([0, -1], [0, -1], [0, -1])
    np.testing.assert_allclose(full[ends] * zoom_map(coarse, full.shape).max(), coarse[ends], rtol=1e-5)


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("place", ["last_block", "convolution"])
def test_slow_oracle_on_a_small_network(inplace, place):
    clip = torch.rand(3, 8, 16, 16)
    model, plain = small(inplace=inplace), small()
    layer = model.last_block if place == "last_block" else model.last_block[1]
    plain_layer = plain.last_block if place == "last_block" else plain.last_block[1]
    expected, logit = slow_oracle(plain, clip, plain_layer)
    coarse, found = class_activation(model, clip, layer)
    np.testing.assert_allclose(coarse, expected, atol=1e-6)
    assert found == pytest.approx(logit, abs=1e-6)


def test_closed_form():
    """One 1x1x1 convolution with weights (2, -1), mean, head (3, 5): map = ReLU((3*2 - 5) * x) / voxels."""
    model = nn.Sequential(
        nn.Conv3d(1, 2, 1, bias=False), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(2, 1)
    )
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([2.0, -1.0]).view(2, 1, 1, 1, 1))
        model[3].weight.copy_(torch.tensor([[3.0, 5.0]]))
        model[3].bias.fill_(0.25)
    clip = torch.linspace(-1, 2, 4 * 5 * 6).view(1, 4, 5, 6)
    raw = raw_grad_cam(model, clip)
    np.testing.assert_allclose(raw, np.maximum(clip[0].numpy(), 0) / clip.numel(), atol=1e-7)
    np.testing.assert_allclose(grad_cam(model, clip), np.maximum(clip[0].numpy(), 0) / 2, atol=1e-6)
    # Its sum before ReLU is the logit less the bias: here with a clip that is never negative.
    positive = clip + 1
    coarse, logit = class_activation(model, positive)
    assert coarse.sum() == pytest.approx(logit - 0.25, rel=1e-5)


def test_nothing_speaks_for_the_class():
    model = small()
    with torch.no_grad():
        model.head.weight.copy_(-model.head.weight.abs())
    found = grad_cam(model, torch.rand(3, 8, 16, 16))
    assert found.shape == (8, 16, 16)
    assert (found == 0).all()


@pytest.mark.parametrize("shape", [(3, 1, 16, 16), (3, 2, 9, 31), (3, 7, 16, 16), (3, 40, 5, 5)])
@pytest.mark.parametrize("fill", ["random", "constant", "black"])
def test_odd_clips(shape, fill):
    clip = {"random": torch.rand(shape), "constant": torch.full(shape, 0.4), "black": torch.zeros(shape)}[
        fill
    ]
    found = grad_cam(small(), clip)
    assert found.shape == shape[1:]
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() in (0, 1)


@pytest.mark.parametrize("shape", [(3, 1, 112, 112), (3, 5, 56, 64), (3, 16, 112, 80)])
def test_odd_clips_in_r3d_18(shape):
    torch.manual_seed(0)
    model = r3d_18(num_classes=1)
    for clip in (torch.rand(shape), torch.zeros(shape)):
        found = grad_cam(model, clip)
        assert found.shape == shape[1:]
        assert found.max() in (0, 1)


def test_the_signed_map_is_the_map_before_relu():
    model, clip = small(), torch.rand(3, 8, 16, 16)
    signed, logit = signed_activation(model, clip)
    coarse, same = class_activation(model, clip)
    assert signed.min() < 0
    assert logit == same
    np.testing.assert_array_equal(np.maximum(signed, 0), coarse)
    assert signed.sum() == pytest.approx(logit - float(model.head.bias.detach()), abs=1e-5)


def test_model_is_left_as_it_was():
    model = small(inplace=True).train()
    model.stem[1].eval()  # a frozen batch norm inside a model in training
    for weight in model.stem.parameters():
        weight.requires_grad_(False)
    model.head.weight.grad = torch.ones_like(model.head.weight)
    flags = [module.training for module in model.modules()]
    state = {name: value.clone() for name, value in model.state_dict().items()}
    clip = torch.rand(3, 8, 16, 16)
    kept = clip.clone()
    first = raw_grad_cam(model, clip)
    assert [module.training for module in model.modules()] == flags
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert torch.equal(model.head.weight.grad, torch.ones_like(model.head.weight))
    assert all(weight.grad is None for weight in model.last_block.parameters())
    assert model.stem[2].inplace
    assert torch.equal(clip, kept)
    assert not clip.requires_grad
    np.testing.assert_array_equal(first, raw_grad_cam(small(), clip))


def test_works_inside_no_grad_and_from_an_array():
    model = small()
    clip = np.random.default_rng(0).random((3, 8, 16, 16))
    expected = grad_cam(model, torch.from_numpy(clip))
    with torch.no_grad():
        np.testing.assert_array_equal(grad_cam(model, clip), expected)
    with torch.inference_mode():
        np.testing.assert_array_equal(grad_cam(model, clip), expected)


def test_several_outputs_need_a_target():
    model = small(outputs=3)
    clip = torch.rand(3, 8, 16, 16)
    with pytest.raises(ValueError, match="3 outputs; 'target' must name one"):
        grad_cam(model, clip)
    with pytest.raises(ValueError, match="target: 3; allowed is 0 to 2"):
        grad_cam(model, clip, target=3)
    expected, logit = slow_oracle(model, clip, model.last_block, target=2)
    coarse, found = class_activation(model, clip, target=2)
    np.testing.assert_allclose(coarse, expected, atol=1e-6)
    assert found == pytest.approx(logit)


@pytest.mark.parametrize("clip", [torch.rand(8, 16, 16), torch.zeros(3, 8, 16, 16, dtype=torch.uint8)])
def test_clips_of_another_kind(clip):
    with pytest.raises(ValueError, match="allowed is a float clip"):
        grad_cam(small(), clip)


def test_numbers_that_are_not_finite():
    with pytest.raises(ValueError, match="not finite"):
        grad_cam(small(), torch.full((3, 8, 16, 16), float("nan")))


def test_a_layer_without_maps():
    model = small()
    with pytest.raises(ValueError, match="Linear does not give maps"):
        grad_cam(model, torch.rand(3, 8, 16, 16), model.head)


def test_the_last_block_is_found_in_order():
    model = small()
    assert last_conv_block(model) is model.last_block
    wrapped = nn.Module()
    wrapped.encoder = model
    assert last_conv_block(wrapped) is model.last_block
    video = r3d_18(num_classes=1)
    assert last_conv_block(video) is video.layer4
    plain = nn.Sequential(nn.Conv3d(1, 1, 1), nn.Conv3d(1, 1, 1), nn.ReLU())
    assert last_conv_block(plain) is plain[1]
    with pytest.raises(ValueError, match="no Conv3d"):
        last_conv_block(nn.Linear(1, 1))


def test_zoom_is_linear_interpolation_without_overshoot():
    coarse = np.random.default_rng(0).random((4, 7, 7)).astype(np.float32)
    zoomed = zoom_map(coarse, (32, 112, 112))
    points = [np.linspace(0, old - 1, new) for old, new in zip(coarse.shape, (32, 112, 112), strict=True)]

    def at(t, y, x):  # trilinear, by its definition
        total = 0.0
        for corner in itertools.product([0, 1], repeat=3):
            weight, place = 1.0, []
            for side, value, size in zip(corner, (t, y, x), coarse.shape, strict=True):
                low = min(int(value), size - 2)
                weight *= (value - low) if side else 1 - (value - low)
                place.append(low + side)
            total += weight * coarse[tuple(place)]
        return total

    for t, y, x in [(0, 0, 0), (31, 111, 111), (10, 50, 77), (3, 111, 1), (17, 64, 8)]:
        assert zoomed[t, y, x] == pytest.approx(at(points[0][t], points[1][y], points[2][x]), abs=1e-5)
    assert coarse.min() <= zoomed.min()
    assert zoomed.max() <= coarse.max()
    assert zoom_map(coarse, (31, 56, 45), order=3).min() >= 0
    assert zoom_map(coarse[:1], (5, 7, 7)).shape == (5, 7, 7)
