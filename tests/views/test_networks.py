"""The networks, and Zhang et al.'s variables mapped to torch."""

import numpy as np
import pytest
import torch

from echoclr_core.views.checkpoint import import_zhang, torch_state, variable_shapes
from echoclr_core.views.networks import (
    ZHANG_PLAX,
    ZHANG_VIEWS,
    CompactViewNet,
    TorchClassifier,
    ZhangVGG16,
)

SMALL = {"width": 2, "hidden": 24, "size": 64}  # 64: the last map is 2 × 2, so the flattening order counts


def random_variables(network, seed=0):
    rng = np.random.default_rng(seed)
    shapes = variable_shapes(network)
    return {
        name: rng.normal(0, 1 / np.sqrt(max(np.prod(shape[:-1]), 4)), shape).astype(np.float32)
        for name, shape in shapes.items()
    }


def convolve(x, kernel, bias):
    """TensorFlow's conv2d, stride 1, SAME: x (N, H, W, C), kernel (3, 3, I, O)."""
    n, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    out = np.zeros((n, height, width, kernel.shape[3]))
    for dy in range(3):
        for dx in range(3):
            out += padded[:, dy : dy + height, dx : dx + width] @ kernel[dy, dx]
    return out + bias


def zhang_oracle(frames, variables):
    """The network as TensorFlow computes it, in float64 and (N, H, W, C)."""
    v = {name: array.astype(np.float64) for name, array in variables.items()}
    x = np.repeat(frames.astype(np.float64)[..., None] - 24, 3, axis=3)
    for block, layers in ((1, 2), (2, 2), (3, 3), (4, 3), (5, 3)):
        for layer in range(1, layers + 1):
            name = f"network/conv{block}_{layer}"
            x = np.maximum(convolve(x, v[f"{name}/W"], v[f"{name}/b"]), 0)
        n, height, width, channels = x.shape
        x = x.reshape(n, height // 2, 2, width // 2, 2, channels).max(axis=(2, 4))
    x = x.reshape(len(x), -1)
    x = np.maximum(x @ v["network/fc6/W"] + v["network/fc6/b"], 0)
    x = np.maximum(x @ v["network/fc7/W"] + v["network/fc7/b"], 0)
    logits = x @ v["network/fc8/W"] + v["network/fc8/b"]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_imported_weights_give_what_tensorflow_gives():
    network = ZhangVGG16(**SMALL)
    variables = random_variables(network)
    network.load_state_dict(torch_state(variables, network), strict=True)
    frames = np.random.default_rng(1).integers(0, 256, (3, 64, 64)).astype(np.uint8)
    with torch.inference_mode():
        ours = network.eval()(torch.from_numpy(frames)[:, None]).softmax(1).numpy()
    expected = zhang_oracle(frames, variables)
    assert np.abs(ours - expected).max() < 1e-4
    assert np.ptp(expected, axis=0).max() > 0.01  # the frames are told apart, so the comparison has a meaning


def test_the_published_layout_has_the_published_sizes():
    """138 million weights for 1000 classes; with 23 the last layer alone differs."""
    with torch.device("meta"):
        network = ZhangVGG16()
    assert sum(weight.numel() for weight in network.parameters()) == 138_357_544 - 4097 * (1000 - 23)
    shapes = variable_shapes(network)
    assert shapes["network/conv1_1/W"] == (3, 3, 3, 64)
    assert shapes["network/conv5_3/W"] == (3, 3, 512, 512)
    assert shapes["network/fc6/W"] == (25_088, 4096)
    assert shapes["network/fc8/W"] == (4096, 23)
    assert len(shapes) == 32


def test_zhangs_views():
    assert len(ZHANG_VIEWS) == len(set(ZHANG_VIEWS)) == 23
    assert ZHANG_VIEWS.index(ZHANG_PLAX) == 1


def test_the_import_gives_a_named_classifier_and_ignores_the_optimiser():
    network = ZhangVGG16(23, width=1, hidden=8)
    variables = random_variables(network)
    plain = import_zhang(variables, width=1, hidden=8)
    extra = {
        "network/conv3_1/W/Adam": np.zeros(3),
        "network/fc8/b/Adam_1": np.zeros(3),
        "beta1_power": np.array(1),
    }
    again = import_zhang({f"{n}:0": a for n, a in variables.items()} | extra, width=1, hidden=8)
    frames = np.random.default_rng(1).integers(0, 256, (2, 224, 224)).astype(np.uint8)
    assert (plain.classes, plain.plax, plain.kind) == (ZHANG_VIEWS, "plax_plax", "zhang_vgg16")
    assert np.array_equal(plain.probabilities(frames), again.probabilities(frames))


def test_a_foreign_checkpoint_is_refused_with_every_difference():
    network = ZhangVGG16(**SMALL)
    variables = random_variables(network)
    del variables["network/fc7/b"]
    variables["network/fc9/W"] = np.zeros((2, 2))
    variables["network/fc8/W"] = np.zeros((24, 8))
    with pytest.raises(ValueError, match="3 variables") as caught:
        torch_state(variables, network)
    for words in ("fc7/b is missing", "fc9/W is unknown", r"fc8/W has shape (24, 8), not (24, 23)"):
        assert words in str(caught.value)


def test_frames_are_classified_alike_alone_and_in_a_batch():
    torch.manual_seed(0)
    classifier = TorchClassifier(CompactViewNet(4), ("a4c", "plax", "psax", "other"), "plax")
    frames = np.random.default_rng(0).integers(0, 256, (9, 224, 224)).astype(np.uint8)
    together = classifier.probabilities(frames)
    alone = np.concatenate([classifier.probabilities(frame[None]) for frame in frames])
    assert together.shape == (9, 4)
    assert together.dtype == np.float32
    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together.sum(axis=1) - 1).max() < 1e-5
    assert classifier.probabilities(frames[:0]).shape == (0, 4)


def test_the_compact_network_tells_left_from_right():
    torch.manual_seed(0)
    classifier = TorchClassifier(CompactViewNet(2), ("a", "b"), "a")
    frame = np.zeros((1, 224, 224), np.uint8)
    frame[:, 80:140, 10:80] = 200
    assert np.abs(classifier.probabilities(frame) - classifier.probabilities(frame[:, :, ::-1])).max() > 1e-3


def test_the_compact_network_hardly_sees_the_gain():
    torch.manual_seed(0)
    network = CompactViewNet(3).eval()
    frames = torch.randint(0, 60, (2, 1, 112, 112)).repeat_interleave(2, 2).repeat_interleave(2, 3)
    frames[0, :, :, 100:] = 0
    with torch.inference_mode():
        dark, bright, black = (network(factor * frames) for factor in (2, 4, 0))
    between = (bright[0] - bright[1]).abs().max()
    assert between > 0
    assert (dark - bright).abs().max() < between
    assert torch.equal(black[0], black[1])
    assert torch.isfinite(black).all()


@pytest.mark.parametrize(
    ("classes", "plax", "words"),
    [
        (("plax",), "plax", "at least two"),
        (("a4c", "plax", "plax"), "plax", "more than once"),
        (("a4c", "psax", "other"), "plax", "'plax' is not among"),
        (("a4c", "plax", ""), "plax", "needs a name"),
        (("a4c", "plax"), "plax", "2 names for a network with 3 outputs"),
    ],
)
def test_a_wrong_class_list_is_refused(classes, plax, words):
    with pytest.raises(ValueError, match=words):
        TorchClassifier(CompactViewNet(3), classes, plax)


@pytest.mark.parametrize(
    "frames", [np.zeros((2, 224, 224)), np.zeros((224, 224), np.uint8), np.zeros((2, 112, 112), np.uint8)]
)
def test_wrong_frames_are_refused(frames):
    classifier = TorchClassifier(CompactViewNet(2), ("a", "b"), "a")
    with pytest.raises(ValueError, match=r"uint8 of shape \(N, 224, 224\)"):
        classifier.probabilities(frames)
