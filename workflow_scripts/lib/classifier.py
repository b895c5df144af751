"""The view classifier that the configuration names."""

from pathlib import Path

from echoclr_core.views.classifier import Classifier
from echoclr_core.views.files import load_classifier
from echoclr_core.views.onnx_model import OnnxClassifier, OnnxSettings


def open_classifier(path: str | Path, views: dict, *, threads: int) -> Classifier:
    """Open the classifier of ``views`` (a slice of the configuration) from its file.

    Raises
    ------
    ValueError
        If the file does not hold such a classifier, or its PLAX class is another than ``views.plax_class``.
    """
    if views["classifier"] == "onnx":
        names = Path(views["classes"]).read_text(encoding="utf-8").split("\n")
        classes = [name.strip() for name in names if name.strip()]
        return OnnxClassifier(path, classes, views["plax_class"], settings=OnnxSettings(threads=threads))
    classifier = load_classifier(path)
    if classifier.plax != views["plax_class"]:
        raise ValueError(
            f"views.plax_class: {views['plax_class']!r}, but the classifier in {Path(path).name} keeps "
            f"{classifier.plax!r}; its classes are {list(classifier.classes)}"
        )
    return classifier
