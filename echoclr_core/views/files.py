"""View classifiers in safetensors files: the weights, and in the header all that is needed to use them."""

import json
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from echoclr_core.common.files import atomic_path
from echoclr_core.common.safetensors_header import check_header_size
from echoclr_core.views.classifier_header import FIELDS, FORMAT, parse_header
from echoclr_core.views.networks import NETWORKS, TorchClassifier

HEADER = "classifier"  # one entry: the order of several would differ from file to file


def save_classifier(classifier: TorchClassifier, path: str | Path) -> None:
    """Write a classifier, atomically. Equal classifiers give equal bytes.

    The header holds one JSON object: format, kind, architecture, classes, plax, training_digest.
    """
    header = {"format": FORMAT} | {name: getattr(classifier, name) for name in FIELDS if name != "format"}
    state = {
        name: tensor.detach().cpu().contiguous() for name, tensor in classifier.network.state_dict().items()
    }
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata={HEADER: json.dumps(header, sort_keys=True)})


def load_classifier(path: str | Path, *, device: str = "cpu") -> TorchClassifier:
    """Read a classifier that :func:`save_classifier` wrote.

    Raises
    ------
    ValueError
        If the file is not there, is no safetensors file, has no or another header, or if its weights are not
        exactly those of its network. The message names the file.
    """
    path = Path(path)
    header = read_header(path)
    network = _network(header, load_file(path), path.name)
    digest = header["training_digest"]
    try:
        return TorchClassifier(
            network, header["classes"], header["plax"], device=device, training_digest=digest
        )
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def read_header(path: str | Path) -> dict:
    """What a classifier's file says of itself: architecture, classes, format, kind, plax, training_digest.

    Raises
    ------
    ValueError
        As :func:`load_classifier`, but for the weights, which are not looked at.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path.name}: there is no such file; a view classifier (.safetensors) is needed")
    check_header_size(path)
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path.name}: not a safetensors file ({error})") from error
    if HEADER not in metadata:
        raise ValueError(
            f"{path.name}: its header has no entry {HEADER!r}; it was not written as a view classifier"
        )
    return parse_header(metadata[HEADER], path.name)


def _network(header: dict, state: dict[str, Tensor], name: str) -> nn.Module:
    """The network of a header with the weights of its file.

    It is made without memory first: a wrong header may describe one of any size.
    """
    make = NETWORKS[header["kind"]]
    try:
        with torch.device("meta"):
            empty = make(**header["architecture"])
    except (TypeError, RuntimeError, AssertionError, OverflowError) as error:
        raise ValueError(
            f"{name}: {header['architecture']} is no architecture of a {header['kind']} network: {error}"
        ) from error
    try:
        empty.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        raise ValueError(
            f"{name}: the weights are not those of a {header['kind']} network: {error}"
        ) from error
    network = make(**header["architecture"])
    network.load_state_dict(state, strict=True)
    return network
