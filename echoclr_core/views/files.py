"""View classifiers in safetensors files: the weights, and in the header all that is needed to use them."""

import json
from pathlib import Path

import safetensors
from safetensors.torch import load_file, save_file

from echoclr_core.common.files import atomic_path
from echoclr_core.views.networks import NETWORKS, TorchClassifier

FORMAT = "echoclr view classifier 1"
HEADER = "classifier"  # one entry: the order of several would differ from file to file
FIELDS = ("architecture", "classes", "format", "kind", "plax", "training_digest")


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
    network = NETWORKS[header["kind"]](**header["architecture"])
    try:
        network.load_state_dict(load_file(path), strict=True)
    except RuntimeError as error:
        raise ValueError(
            f"{path.name}: the weights are not those of a {header['kind']} network: {error}"
        ) from error
    digest = header["training_digest"]
    return TorchClassifier(network, header["classes"], header["plax"], device=device, training_digest=digest)


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
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path.name}: not a safetensors file ({error})") from error
    if HEADER not in metadata:
        raise ValueError(
            f"{path.name}: its header has no entry {HEADER!r}; it was not written as a view classifier"
        )
    header = json.loads(metadata[HEADER])
    if sorted(header) != sorted(FIELDS) or header["format"] != FORMAT:
        raise ValueError(
            f"{path.name}: header {sorted(header)}, format {header.get('format')!r}; allowed is {FORMAT!r}"
        )
    if header["kind"] not in NETWORKS:
        raise ValueError(f"{path.name}: kind {header['kind']!r}; allowed is one of {list(NETWORKS)}")
    return header
