"""ONNX models. The bytes of a tiny one are put together here, so that the onnx package is not needed."""

import subprocess
import sys

import numpy as np
import pytest

from echoclr_core.views.onnx_model import OnnxClassifier, OnnxSettings

CLASSES = ("a4c", "plax", "psax")
WEIGHTS = np.array([[0.01, 0.02, -0.03]], np.float32)  # (1, C): logits = mean grey × weights + bias
BIAS = np.array([0.5, -0.5, 0.1], np.float32)
FLOAT, UINT8 = 1, 2


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, *parts):
    body = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return varint(field << 3 | 2) + varint(len(body)) + body


def tensor(name, array):
    dims = b"".join(number(1, size) for size in array.shape)
    return message(5, dims, number(2, FLOAT), message(8, name), message(9, array.tobytes()))


def value(field, name, kind, shape):
    dims = [message(1, number(1, size) if isinstance(size, int) else message(2, size)) for size in shape]
    return message(field, message(1, name), message(2, message(1, number(1, kind), message(2, *dims))))


def node(operation, inputs, output, *attributes):
    names = b"".join(message(1, name) for name in inputs)
    return message(1, names, message(2, output), message(4, operation), *attributes)


def write_model(
    path, *, shape=("n", 1, 224, 224), kind=FLOAT, softmax=True, channels_last=False, weights=WEIGHTS
):
    """x -> mean over pixels and channels -> Gemm -> Softmax."""
    axes = message(5, message(1, "axes"), *(number(8, axis) for axis in (1, 2, 3)), number(20, 7))
    keep = message(5, message(1, "keepdims"), number(3, 0), number(20, 2))
    to = message(5, message(1, "to"), number(3, FLOAT), number(20, 2))
    column = np.array([[1.0]], np.float32)
    nodes = [
        node("Cast", ["x"], "xf", to),
        node("ReduceMean", ["xf"], "mean", axes, keep),
        node("Unsqueeze", ["mean"], "m", message(5, message(1, "axes"), number(8, 1), number(20, 7))),
        node("MatMul", ["m", "one"], "mm"),
        node("MatMul", ["mm", "w"], "h"),
        node("Add", ["h", "b"], "logits"),
    ]
    if softmax:
        nodes.append(node("Softmax", ["logits"], "p"))
    constants = [tensor("one", column), tensor("w", weights), tensor("b", BIAS[: weights.shape[1]])]
    output = value(12, "p" if softmax else "logits", FLOAT, ("n", "c"))
    graph = message(7, *nodes, message(2, "g"), *constants, value(11, "x", kind, shape), output)
    path.write_bytes(number(1, 7) + graph + message(8, message(1, ""), number(2, 11)))
    return path


def oracle(frames, mean=0.0, std=1.0):
    grey = (frames.reshape(len(frames), -1).mean(axis=1, dtype=np.float64) - mean) / std
    powers = np.exp(grey[:, None] * WEIGHTS.astype(np.float64) + BIAS)
    return powers / powers.sum(axis=1, keepdims=True)


FRAMES = (np.random.default_rng(0).random((7, 224, 224)) * np.linspace(20, 255, 7)[:, None, None]).astype(
    np.uint8
)


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"shape": ("n", 3, 224, 224)},
        {"shape": ("n", 224, 224, 1)},
        {"shape": ("n", 224, 224, 3)},
        {"shape": ("n", 1, "h", "w")},
        {"shape": (1, 1, 224, 224)},
        {"shape": (4, 3, 224, 224)},
        {"kind": UINT8},
    ],
)
def test_layouts_batch_sizes_and_types_give_the_same(tmp_path, model):
    classifier = OnnxClassifier(write_model(tmp_path / "m.onnx", **model), CLASSES, "plax")
    ours = classifier.probabilities(FRAMES)
    assert ours.dtype == np.float32
    assert np.abs(ours - oracle(FRAMES)).max() < 1e-5
    assert classifier.probabilities(FRAMES[:0]).shape == (0, 3)


def test_scaling_and_logits_are_options(tmp_path):
    path = write_model(tmp_path / "m.onnx", softmax=False)
    settings = OnnxSettings(mean=24.0, std=2.0, output="logits", threads=1)
    ours = OnnxClassifier(path, CLASSES, "plax", settings=settings).probabilities(FRAMES)
    assert np.abs(ours - oracle(FRAMES, 24.0, 2.0)).max() < 1e-5


@pytest.mark.parametrize(
    ("model", "classes", "plax", "words"),
    [
        ({}, CLASSES[:2], "plax", r"m.onnx: output of shape \(1, 3\).* holds 2 views"),
        ({}, (*CLASSES, "other"), "plax", r"holds 4 views, so \(1, 4\) is needed"),
        ({}, CLASSES, "plax_plax", "'plax_plax' is not among"),
        ({}, ("plax", "plax", "a4c"), "plax", "more than once"),
        (
            {"shape": ("n", 1, 112, 112)},
            CLASSES,
            "plax",
            r"m.onnx: input of shape \['n', 1, 112, 112\]; allowed",
        ),
        ({"shape": ("n", 2, 224, 224)}, CLASSES, "plax", "input of shape"),
        ({"kind": 6}, CLASSES, "plax", r"tensor\(int32\); allowed"),
        ({"softmax": False}, CLASSES, "plax", r"m.onnx: the outputs are no probabilities.*'logits'"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, model, classes, plax, words):
    path = write_model(tmp_path / "m.onnx", **model)
    with pytest.raises(ValueError, match=words):
        OnnxClassifier(path, classes, plax)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"hello")
    with pytest.raises(ValueError, match=r"m.onnx: not a model"):
        OnnxClassifier(tmp_path / "m.onnx", CLASSES, "plax")
    with pytest.raises(ValueError, match=r"none.onnx: there is no such file"):
        OnnxClassifier(tmp_path / "none.onnx", CLASSES, "plax")


@pytest.mark.parametrize("option", [{"std": 0.0}, {"std": [1, 0]}, {"output": "softmax"}, {"channels": 2}])
def test_settings_out_of_range_are_refused(option):
    with pytest.raises(ValueError, match=next(iter(option))):
        OnnxSettings(**option)


@pytest.mark.parametrize("shape", [("n", "c", 224, 224), ("n", "c", "h", "w"), ("n", 224, 224, "c")])
def test_channels_that_the_model_leaves_open_are_an_option(tmp_path, shape):
    path = write_model(tmp_path / "m.onnx", shape=shape)
    ours = OnnxClassifier(path, CLASSES, "plax", settings=OnnxSettings(channels=3)).probabilities(FRAMES)
    assert np.abs(ours - oracle(FRAMES)).max() < 1e-5
    with pytest.raises(ValueError, match="input of shape"):
        OnnxClassifier(path, CLASSES, "plax")


@pytest.mark.parametrize("shape", [("n", 3, 224, 224), ("n", 224, 224, 3)])
def test_mean_and_std_may_be_given_by_channel(tmp_path, shape):
    path = write_model(tmp_path / "m.onnx", shape=shape)
    # the model averages its channels, so three different means act as their mean
    settings = OnnxSettings(mean=[20.0, 24.0, 28.0], std=2.0)
    ours = OnnxClassifier(path, CLASSES, "plax", settings=settings).probabilities(FRAMES)
    assert np.abs(ours - oracle(FRAMES, 24.0, 2.0)).max() < 1e-5
    with pytest.raises(ValueError, match="3 channels, allowed is one number or one a channel"):
        OnnxClassifier(path, CLASSES, "plax", settings=OnnxSettings(mean=[1.0, 2.0]))


def test_a_uint8_model_takes_no_scaling(tmp_path):
    path = write_model(tmp_path / "m.onnx", kind=UINT8)
    with pytest.raises(ValueError, match="mean must be 0"):
        OnnxClassifier(path, CLASSES, "plax", settings=OnnxSettings(mean=1.0))


def test_reading_decisions_needs_neither_torch_nor_onnxruntime():
    code = (
        "import sys; from echoclr_core.views.decision import decide; "
        "from echoclr_core.views.tables import VIEW_DECISIONS; "
        "assert not {'torch', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
