"""A view classifier that does not fit is told before any job, not after hours of deidentification."""

import pytest

from echoclr_core.views.classifier import read_classes
from echoclr_core.views.configured import classifier_problems, open_classifier
from echoclr_core.views.files import save_classifier
from echoclr_core.views.networks import CompactViewNet, TorchClassifier

ONNX = {"mean": 0, "std": 1, "channels": None, "output": "probabilities"}


@pytest.fixture
def views(tmp_path):
    weights = tmp_path / "views.safetensors"
    save_classifier(TorchClassifier(CompactViewNet(2, width=4), ["a4c", "plax"], "plax"), weights)
    return {"classifier": "compact", "weights": str(weights), "keep": ["plax"], "onnx": ONNX}


def test_a_fitting_file_has_no_problem(views):
    assert classifier_problems(views) == []
    assert open_classifier(views["weights"], views, threads=1).plax == "plax"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"keep": ["plax_plax"]}, r"'plax_plax' is no class of .*; its classes are \['a4c', 'plax'\]"),
        ({"classifier": "zhang"}, "zhang, but views.safetensors holds the weights of a compact network"),
    ],
)
def test_another_network_or_class_is_a_problem(views, change, said):
    [problem] = classifier_problems(views | change)
    assert problem.startswith("views.weights: ")
    with pytest.raises(ValueError, match=said):
        open_classifier(views["weights"], views | change, threads=1)


def test_an_onnx_file_is_opened_with_its_class_list(views, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no model")
    (tmp_path / "classes.txt").write_text("\ufeffa4c\n\n plax \n", encoding="utf-8")
    assert read_classes(tmp_path / "classes.txt") == ["a4c", "plax"]
    onnx = {"classifier": "onnx", "weights": str(tmp_path / "model.onnx")}
    [problem] = classifier_problems(views | onnx | {"classes": str(tmp_path / "classes.txt")})
    assert "model.onnx: not a model that onnxruntime can load" in problem
