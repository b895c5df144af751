"""Kinetics-400 weights of r3d_18, as torchvision publishes them.

Only :func:`fetch_kinetics` uses the network.
"""

import pickle
import socket
from pathlib import Path

import torch
from torch import nn

from echoclr_core.models.weights import load_strictly

SECONDS_WITHOUT_ANSWER = 20
"""A hospital's firewall may swallow a connection without a word."""


def published_at() -> str:
    """The address torchvision gives for the weights."""
    from torchvision.models.video import R3D_18_Weights

    return R3D_18_Weights.KINETICS400_V1.url


def kinetics_file(named: str | Path = "") -> Path:
    """Where the Kinetics-400 weights are.

    Parameters
    ----------
    named
        A file to use; empty for torchvision's own cache (``torch.hub.get_dir()``/checkpoints).

    Raises
    ------
    FileNotFoundError
        When there is none; the message says which file belongs where and how to fetch it.
    """
    path = Path(named) if str(named) else _cached()
    if path.is_file():
        return path
    raise FileNotFoundError(_absent(path))


def _cached() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(published_at()).name


def _absent(path: Path) -> str:
    url = published_at()
    return (
        f"the Kinetics-400 weights of r3d_18 are not at {path}. On a machine with internet access, fetch "
        f'{url} (`curl -LO {url}`, or `python -c "from torchvision.models.video import r3d_18; '
        f"r3d_18(weights='KINETICS400_V1')\"`), then put {Path(url).name} there "
        "or name the file in the configuration"
    )


def fetch_kinetics() -> Path:
    """Let torchvision fetch its weights into its own cache, checked against their digest; the file there.

    Raises
    ------
    FileNotFoundError
        When that cannot be done (no network, say): the message of :func:`kinetics_file`, and why.
    """
    from torchvision.models.video import R3D_18_Weights

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS_WITHOUT_ANSWER)
    try:
        R3D_18_Weights.KINETICS400_V1.get_state_dict(progress=False, check_hash=True)
    except (OSError, RuntimeError) as error:  # unreachable, or of another digest
        raise FileNotFoundError(f"{_absent(_cached())}. torchvision could not fetch it: {error}") from error
    finally:
        socket.setdefaulttimeout(before)
    return kinetics_file()


def load_kinetics(encoder: nn.Module, path: str | Path) -> int:
    """Load Kinetics-400 weights into an r3d_18 encoder; its classification layer (``fc``) is left out.

    Returns
    -------
    int
        How many tensors were copied: all of the encoder's.

    Raises
    ------
    ValueError
        When the file is no PyTorch state, or of another network.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, LookupError, ValueError) as error:
        raise ValueError(f"{path} is not a readable PyTorch weights file: {error}") from error
    if not isinstance(state, dict):
        raise ValueError(f"{path} holds a {type(state).__name__}, not a dict of tensors")
    kept = {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}
    return load_strictly(encoder, kept, source=str(path))
