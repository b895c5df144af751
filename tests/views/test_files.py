"""Classifiers in safetensors files."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from echoclr_core.views.files import HEADER, load_classifier, read_header, save_classifier
from echoclr_core.views.networks import CompactViewNet, TorchClassifier, ZhangVGG16

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 224, 224)).astype(np.uint8)


def classifier(network=None):
    torch.manual_seed(0)
    return TorchClassifier(
        network or CompactViewNet(3), ("a4c", "plax", "psax"), "plax", training_digest="d" * 64
    )


@pytest.mark.parametrize(
    "make", [lambda: CompactViewNet(3, width=4), lambda: ZhangVGG16(3, width=1, hidden=8)]
)
def test_what_is_saved_comes_back(tmp_path, make):
    saved = classifier(make())
    save_classifier(saved, tmp_path / "views.safetensors")
    loaded = load_classifier(tmp_path / "views.safetensors")
    for name in ("classes", "plax", "kind", "architecture", "training_digest"):
        assert getattr(loaded, name) == getattr(saved, name)
    assert np.array_equal(loaded.probabilities(FRAMES), saved.probabilities(FRAMES))


def test_equal_classifiers_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        save_classifier(classifier(), tmp_path / f"{name}.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def rewrite(path, change_state=None, **header):
    save_classifier(classifier(), path)
    state = load_file(path)
    if change_state:
        change_state(state)
    old = {
        "format": "echoclr view classifier 1",
        "kind": "compact",
        "architecture": {"n_classes": 3},
        "classes": ["a4c", "plax", "psax"],
        "plax": "plax",
        "training_digest": "",
    }
    save_file(state, path, metadata={HEADER: json.dumps(old | header)})


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"classes": ["a4c", "plax"]}, "2 names for a network with 3 outputs"),
        ({"plax": "plax_plax"}, "'plax_plax' is not among"),
        ({"kind": "resnet"}, "kind 'resnet'"),
        ({"format": "another"}, "format 'another'"),
        ({"colour": True}, "colour"),
        ({"architecture": {"n_classes": 3, "width": 8}}, "weights are not those of a compact network"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path, header, words):
    rewrite(tmp_path / "views.safetensors", **header)
    with pytest.raises(ValueError, match=words):
        load_classifier(tmp_path / "views.safetensors")


def test_missing_and_additional_weights_are_refused(tmp_path):
    for change in (lambda state: state.pop("head.bias"), lambda state: state.update(extra=torch.zeros(1))):
        rewrite(tmp_path / "views.safetensors", change)
        with pytest.raises(ValueError, match=r"views.safetensors: the weights"):
            load_classifier(tmp_path / "views.safetensors")


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"none.safetensors: there is no such file"):
        load_classifier(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(ValueError, match=r"text.safetensors: not a safetensors file"):
        load_classifier(tmp_path / "text.safetensors")
    save_file({"w": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"other.safetensors: its header has no entry"):
        load_classifier(tmp_path / "other.safetensors")


def test_a_header_is_read_without_the_weights(tmp_path):
    path = tmp_path / "c.safetensors"
    save_classifier(TorchClassifier(CompactViewNet(2), ["a", "plax"], "plax"), path)
    header = read_header(path)
    assert (header["kind"], header["classes"], header["plax"]) == ("compact", ["a", "plax"], "plax")


@pytest.mark.parametrize(
    "text", ["{{", "[1, 2]", "5", "null", "NaN", '"abc"', "[" * 100_000, " " * 2_000_000]
)
def test_a_header_that_is_no_object_is_refused(tmp_path, text):
    path = tmp_path / "views.safetensors"
    save_file({"w": torch.zeros(1)}, path, metadata={HEADER: text})
    with pytest.raises(ValueError, match=r"^views\.safetensors: .*header"):
        read_header(path)


ODD = {
    "architecture": [None, 5, [1], {"x": 1}, {"n_classes": "3"}, {"n_classes": -1}, {"n_classes": 10**13}],
    "classes": [
        None,
        5,
        "plax",
        {"plax": 1},
        [1, 2, 3],
        ["plax"],
        ["plax", "plax", "a"],
        ["plax", None, "a"],
    ],
    "kind": [None, 5, ["compact"], {"a": 1}],
    "plax": [None, 5, ["plax"], "other"],
    "format": [None, 7],
    "training_digest": [None, 5, [1], {}],
}
ODD["architecture"] += [
    {"n_classes": 3, "width": 10**9},
    {"n_classes": 3, "width": 0},
    {"n_classes": True},
    {},
]


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in ODD for value in ODD[field]])
def test_an_odd_entry_of_the_header_is_named(tmp_path, field, value):
    path = tmp_path / "views.safetensors"
    rewrite(path, **{field: value})
    with pytest.raises(ValueError, match=r"^views\.safetensors: ") as caught:
        load_classifier(path)
    assert field in str(caught.value) or field == "architecture" or value is None
