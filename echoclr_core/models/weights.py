"""Weights in and out of safetensors files: atomic, strict, counted, equal bytes for equal weights."""

import json
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor, nn

from echoclr_core.common.files import atomic_path
from echoclr_core.common.safetensors_header import check_header_size

SHOWN = 5


def save_weights(path: str | Path, weights: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write tensors and a text header to ``path`` (safetensors), atomically; equal content gives equal
    bytes.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    data = _in_order(safetensors.torch.save(tensors, metadata=dict(metadata)))
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def _in_order(data: bytes) -> bytes:
    """The same file with its metadata sorted: the library writes them in an order that differs from run to
    run.
    """
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def read_weights(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors (on the CPU) and the header of a safetensors file.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When it is not a safetensors file, a damaged one, or one with a header of more than 4 MB.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"no weights at {path}")
    check_header_size(path)
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:  # a folder is an OSError
        raise ValueError(f"{path} is not a readable safetensors file: {error}{_pickle_hint(path)}") from error


def _pickle_hint(path: Path) -> str:
    """What to do with a file of torch.save, which is a zip archive or a pickle."""
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(4)
    if head[:2] != b"PK" and head[:1] != b"\x80":
        return ""
    return (
        ". It looks like a PyTorch checkpoint, which is a pickle; it is refused, since loading one may "
        "run code. python -m tools.convert_weights makes a safetensors file of it, reading tensors only"
    )


def load_strictly(module: nn.Module, weights: Mapping[str, Tensor], *, source: str) -> int:
    """Copy ``weights`` into ``module``; every name and shape must agree. Returns how many tensors were
    copied.

    Raises
    ------
    ValueError
        Naming the missing and the unexpected tensors and the differing shapes; ``module`` is then unchanged.
    """
    wanted = module.state_dict()
    missing = [name for name in wanted if name not in weights]
    unexpected = [name for name in weights if name not in wanted]
    shapes = [
        f"{name}: {tuple(weights[name].shape)} in the file, {tuple(tensor.shape)} wanted"
        for name, tensor in wanted.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    faults = {"missing": missing, "unexpected": unexpected, "other shapes": shapes}
    if any(faults.values()):
        listed = "; ".join(f"{len(names)} {what} ({_some(names)})" for what, names in faults.items() if names)
        raise ValueError(f"{source} does not fit {type(module).__name__} ({len(wanted)} tensors): {listed}")
    module.load_state_dict(dict(weights), strict=True)
    return len(wanted)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def save_encoder(path: str | Path, encoder: nn.Module, metadata: Mapping[str, str]) -> None:
    """Write the weights of ``encoder`` with a text header (method, digests, version ...), atomically."""
    save_weights(path, encoder.state_dict(), metadata)


def load_encoder(path: str | Path, encoder: nn.Module) -> dict[str, str]:
    """Load a file of :func:`save_encoder` into ``encoder`` and return its header.

    Raises
    ------
    FileNotFoundError, ValueError
        When the file is not there, not readable, or of another network: see :func:`load_strictly`.
    """
    weights, metadata = read_weights(path)
    load_strictly(encoder, weights, source=str(path))
    return metadata
