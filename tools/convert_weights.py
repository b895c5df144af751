"""Make a safetensors file of initial weights from a PyTorch checkpoint or another safetensors file.

python -m tools.convert_weights panecho.pt panecho.safetensors --strip encoder. --drop fc.
python -m tools.convert_weights swin.pt swin.safetensors --encoder swin3d_t --drop head. --prefix network.

Pickles are read with ``weights_only``: tensors and plain containers, no code. Each step is printed with its
count; the result must fit the encoder, every name and shape, or nothing is written.
"""

import argparse
import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from echoclr_core.common.digest import file_digest
from echoclr_core.models.encoder import EncoderSettings, build_encoder, encoder_names
from echoclr_core.models.weights import load_strictly, read_weights, save_encoder

SUFFIX = ".safetensors"


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert as the command line says; 1 and a message where that cannot be done."""
    chosen = _parser().parse_args(arguments)
    try:
        settings = EncoderSettings(name=chosen.encoder, width=chosen.width, blocks=tuple(chosen.blocks))
        tensors = read_tensors(chosen.source, chosen.key)
        print(f"read {len(tensors)} tensors from {chosen.source}")
        tensors = rename(tensors, strip=chosen.strip, drop=chosen.drop, prefix=chosen.prefix)
        encoder = build_encoder(settings)
        count = load_strictly(encoder, tensors, source=chosen.source.name)
        header = {"source digest": file_digest(chosen.source), "encoder": chosen.encoder}
        save_encoder(chosen.target, encoder, header)
    except (ValueError, FileNotFoundError) as error:
        print(f"nothing was written: {error}", file=sys.stderr)
        return 1
    print(f"wrote {chosen.target}: {count} tensors, all of a {chosen.encoder}")
    return 0


def read_tensors(path: Path, key: str = "") -> dict[str, Tensor]:
    """Name to tensor of a checkpoint.

    Parameters
    ----------
    path
        A file of torch.save or of safetensors.
    key
        Entry that holds the tensors, such as "state_dict" or "model.encoder"; "" for the whole file.

    Raises
    ------
    ValueError
        When the file holds more than tensors and plain containers, or no tensors under ``key``.
    """
    if path.suffix == SUFFIX:
        return read_weights(path)[0]
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as tensors alone: {error}") from error
    for part in filter(None, key.split(".")):
        if not isinstance(held, Mapping) or part not in held:
            raise ValueError(f"{path.name} has no entry {key!r}; there is {_entries(held)}")
        held = held[part]
    if not isinstance(held, Mapping) or not all(isinstance(item, Tensor) for item in held.values()):
        raise ValueError(f"{path.name}: no tensors by name here; choose one of {_entries(held)} with --key")
    return dict(held)


def rename(
    tensors: Mapping[str, Tensor], *, strip: str = "", drop: Sequence[str] = (), prefix: str = ""
) -> dict[str, Tensor]:
    """Keep the names that begin with ``strip``, without it, then leave out those that begin with one of
    ``drop``, then put ``prefix`` before the others; prints the counts.
    """
    kept = {name.removeprefix(strip): held for name, held in tensors.items() if name.startswith(strip)}
    if strip:
        print(f"kept {len(kept)} whose names begin with {strip!r}; left out {len(tensors) - len(kept)}")
    left = [name for name in kept if name.startswith(tuple(drop))] if drop else []
    if drop:
        print(f"dropped {len(left)}: {', '.join(left) or 'none'}")
    named = {prefix + name: held for name, held in kept.items() if name not in left}
    if prefix:
        print(f"put {prefix!r} before {len(named)} names")
    return named


def _entries(held: object) -> list[str]:
    return sorted(map(str, held))[:20] if isinstance(held, Mapping) else [type(held).__name__]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.convert_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help="checkpoint: .pt, .pth, .ckpt or .safetensors")
    parser.add_argument("target", type=Path, help="safetensors file to write")
    parser.add_argument("--encoder", default="r3d_18", choices=encoder_names(), help="network of the weights")
    parser.add_argument("--width", type=int, default=64, help="channels of the first stage (r3d only)")
    parser.add_argument("--blocks", type=int, nargs=4, default=[2, 2, 2, 2], help="blocks (r3d only)")
    parser.add_argument("--key", default="", help="entry that holds the tensors, such as state_dict")
    parser.add_argument("--strip", default="", help="prefix of the names to keep, such as encoder.")
    parser.add_argument("--prefix", default="", help="text to put before the names that are left")
    parser.add_argument("--drop", nargs="*", default=[], help="prefixes of names to leave out, such as fc.")
    return parser


if __name__ == "__main__":
    sys.exit(main())
