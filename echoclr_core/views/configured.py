"""The view classifier that the configuration names."""

from collections.abc import Sequence
from pathlib import Path

from echoclr_core.common.published_text import search_texts
from echoclr_core.options.base import settings_from
from echoclr_core.views.classifier import Classifier, check_classes, read_classes
from echoclr_core.views.files import load_classifier, read_header
from echoclr_core.views.keep import kept_views
from echoclr_core.views.onnx_model import OnnxClassifier, OnnxSettings

KINDS = {"zhang": "zhang_vgg16", "compact": "compact"}


def open_classifier(path: str | Path, views: dict, *, threads: int) -> Classifier:
    """Open the classifier of ``views`` (a slice of the configuration) from its file.

    Raises
    ------
    ValueError
        If the file does not hold such a classifier, or has not every class of ``views.keep``.
    """
    if views["classifier"] == "onnx":
        settings = settings_from(OnnxSettings, views["onnx"] | {"threads": threads})
        classes, keep = read_classes(views["classes"]), list(kept_views(views["keep"]))
        check_classes(classes, *keep)
        return OnnxClassifier(path, classes, keep[0], settings=settings)
    check_file(path, views)
    return load_classifier(path)


def check_file(path: str | Path, views: dict) -> None:
    """Raise ValueError unless a file, by its header alone, holds the classifier that is asked for."""
    header, name = read_header(path), Path(path).name
    if header["kind"] != KINDS[views["classifier"]]:
        raise ValueError(
            f"views.classifier: {views['classifier']}, but {name} holds the weights of a "
            f"{header['kind']} network; allowed is one of {list(KINDS)}, as the file is"
        )
    for kept in kept_views(views["keep"]):
        if kept not in header["classes"]:
            raise ValueError(
                f"views.keep: {kept!r} is no class of the classifier in {name}; its classes are "
                f"{header['classes']}"
            )


def classifier_problems(views: dict, *, released: bool = False) -> list[str]:
    """What is wrong with the file that ``views.weights`` names and its class list; empty if nothing is.

    The names of its classes leave restricted/ with each video's view: unless they are ``released``, dates,
    long numbers, addresses and names in them are a problem, of which the message gives the place alone.

    Asked before any job: the views are decided after hours of deidentification.
    """
    try:
        if views["classifier"] == "onnx":
            classes = open_classifier(views["weights"], views, threads=1).classes
        else:
            check_file(views["weights"], views)
            classes = read_header(views["weights"])["classes"]
    except ValueError as error:
        return [f"views.weights: {error}"]
    return [] if released else _class_problems(classes, views)


def _class_problems(classes: Sequence[str], views: dict) -> list[str]:
    key = "classes" if views["classifier"] == "onnx" else "weights"
    places = {name: number for number, name in enumerate(classes, start=1)}
    return [
        f"views.{key}: {Path(views[key]).name}: class {places[name]} of {len(classes)}: allowed is a name "
        f"without {reason}; names of no patient can be released by 'view' in input.released_columns"
        for name, reason in search_texts(classes).items()
    ]
