"""Zhang et al.'s published weights: TensorFlow variables by name, as arrays, to :class:`ZhangVGG16`.

The checkpoint is TensorFlow 1's. Whatever reads it (TensorFlow in its own environment) only has to give a
plain dict of arrays; nothing here needs TensorFlow. Its variables are ``network/<layer>/W`` and
``network/<layer>/b`` for the layers conv1_1 .. conv5_3, fc6, fc7, fc8.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from echoclr_core.views.networks import ZHANG_PLAX, ZHANG_VIEWS, TorchClassifier, ZhangVGG16

SCOPE = "network"
# What Adam left in the checkpoint beside the weights; of no use for inference.
OPTIMISER_SUFFIXES = ("/Adam", "/Adam_1")
OPTIMISER_NAMES = ("beta1_power", "beta2_power")


def variable_shapes(network: ZhangVGG16) -> dict[str, tuple[int, ...]]:
    """TensorFlow name to shape of every variable that ``network`` needs: HWIO for convolutions, (in, out)."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, convolution in network.convolutions.items():
        out, inputs, height, width = convolution.weight.shape
        shapes[f"{SCOPE}/{layer}/W"] = (height, width, inputs, out)
        shapes[f"{SCOPE}/{layer}/b"] = (out,)
    for layer in ("fc6", "fc7", "fc8"):
        out, inputs = getattr(network, layer).weight.shape
        shapes[f"{SCOPE}/{layer}/W"] = (inputs, out)
        shapes[f"{SCOPE}/{layer}/b"] = (out,)
    return shapes


def torch_state(variables: Mapping[str, np.ndarray], network: ZhangVGG16) -> dict[str, Tensor]:
    """Map TensorFlow variables to the state dict of ``network``.

    Convolutions go from HWIO to OIHW and dense layers from (in, out) to (out, in). fc6 also has its inputs
    reordered: TensorFlow flattens the last map as (height, width, channel), torch as (channel, height,
    width).

    Parameters
    ----------
    variables
        Name to array. A ``:0`` after a name and the optimiser's variables are allowed.
    network
        Tells layers and shapes; it is not changed.

    Raises
    ------
    ValueError
        If a variable is missing, unknown or of another shape; all of them are listed.
    """
    arrays = {name.removesuffix(":0"): np.asarray(array) for name, array in variables.items()}
    expected = variable_shapes(network)
    _check(arrays, expected)
    state: dict[str, Tensor] = {}
    for layer in (*network.convolutions, "fc6", "fc7", "fc8"):
        weight = arrays[f"{SCOPE}/{layer}/W"]
        if layer in network.convolutions:
            target, weight = f"convolutions.{layer}", weight.transpose(3, 2, 0, 1)
        elif layer == "fc6":
            channels, height, width = network.grid
            grid = weight.reshape(height, width, channels, -1)
            target, weight = layer, grid.transpose(3, 2, 0, 1).reshape(weight.shape[1], -1)
        else:
            target, weight = layer, weight.T
        state[f"{target}.weight"] = _float32(weight)
        state[f"{target}.bias"] = _float32(arrays[f"{SCOPE}/{layer}/b"])
    return state


def import_zhang(variables: Mapping[str, np.ndarray], **architecture: Any) -> TorchClassifier:
    """The classifier of the published weights: 23 views, PLAX is ``plax_plax``.

    Parameters
    ----------
    variables
        See :func:`torch_state`.
    architecture
        width, hidden, size of :class:`ZhangVGG16` where they are not the published ones.
    """
    with torch.device("meta"):  # no weights are drawn only to be replaced: they are half a gigabyte
        network = ZhangVGG16(len(ZHANG_VIEWS), **architecture)
    network.load_state_dict(torch_state(variables, network), strict=True, assign=True)
    return TorchClassifier(network, ZHANG_VIEWS, ZHANG_PLAX)


def _check(arrays: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]]) -> None:
    known = {name for name in arrays if name in OPTIMISER_NAMES or name.endswith(OPTIMISER_SUFFIXES)}
    problems = [f"{name} is missing" for name in expected if name not in arrays]
    problems += [f"{name} is unknown" for name in arrays if name not in expected and name not in known]
    problems += [
        f"{name} has shape {arrays[name].shape}, not {shape}"
        for name, shape in expected.items()
        if name in arrays and arrays[name].shape != shape
    ]
    if problems:
        raise ValueError(
            f"checkpoint: {len(problems)} variables are not those of Zhang et al.'s view classifier: "
            + "; ".join(problems)
        )


def _float32(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
