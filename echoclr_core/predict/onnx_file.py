"""A model of a bundle as ONNX, from stored clips to probabilities, compared with PyTorch. N clips, T frames,
H rows, W columns.
"""

import logging
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from echoclr_core.common.files import atomic_path
from echoclr_core.models.loading import ClipClassifier

OPSET = 18
"""Version of the ONNX operators."""
TOLERANCE = 1e-5
"""Largest difference of a probability from PyTorch's."""
INPUT, OUTPUT = "clips", "probability"


class FromStoredClips(nn.Module):
    """Prepares clips and scores them: (N, T, H, W) uint8 -> probabilities (N,) float32."""

    def __init__(self, model: ClipClassifier):
        super().__init__()
        self.model = model

    def forward(self, clips: Tensor) -> Tensor:
        return torch.sigmoid(self.model(self.model.prepare_checked(clips)))


def write_onnx(path: str | Path, model: ClipClassifier, clips: np.ndarray) -> float:
    """Write a model as an ONNX file without paths or names of code, and compare it with PyTorch.

    Parameters
    ----------
    path
        The file; an older one is replaced.
    model
        On the CPU. Its preparation of clips (size, normalisation) becomes a part of the file.
    clips
        (N, T, H, W) uint8, N at least 1: real ones, on which both are compared, all at once and one by one.

    Returns
    -------
    The largest difference of a probability.

    Raises
    ------
    ValueError
        The packages ``onnx`` and ``onnxscript`` are missing, the network has no counterpart in ONNX, or the
        file gives other probabilities.
    """
    whole = FromStoredClips(model).eval()
    # Two clips: an example of one would fix their number.
    example = torch.from_numpy(np.concatenate([clips, clips])[:2])
    with atomic_path(path) as temporary:
        program = _program(whole, example, Path(path).name)
        _forget_the_code(program.model)
        program.save(str(temporary), external_data=False)
        found = _largest_difference(temporary, whole, clips, Path(path).name)
        if not found <= TOLERANCE:
            raise ValueError(
                f"{Path(path).name}: probabilities differ from PyTorch's by up to {found:.2g}; allowed is "
                f"{TOLERANCE:g}. Set export.onnx: false"
            )
    return found


def _program(whole: nn.Module, example: Tensor, name: str) -> "torch.onnx.ONNXProgram":
    logging.getLogger("onnxscript").setLevel(logging.WARNING)
    try:
        with torch.no_grad():
            return torch.onnx.export(
                whole,
                (example,),
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes=({0: torch.export.Dim("n")},),
                verbose=False,
            )
    except ImportError as error:
        raise ValueError(
            f"{name}: PyTorch writes ONNX with the packages onnx and onnxscript, which are not installed "
            f"({error.name or error}); run `make setup` again, or set export.onnx: false"
        ) from error
    except torch.onnx.OnnxExporterError as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{name}: PyTorch cannot write this network as ONNX: {reason}. Set export.onnx: false"
        ) from error


def _forget_the_code(model) -> None:
    """Take off what the exporter notes of the source: files and lines, which name the machine's folders."""
    model.metadata_props.clear()
    for graph in (model.graph, *model.functions.values()):
        graph.metadata_props.clear()
        values = [*graph.inputs]
        for node in graph.all_nodes():
            node.metadata_props.clear()
            node.doc_string = None
            values += node.outputs
        values += getattr(graph, "initializers", {}).values()
        for value in values:
            value.metadata_props.clear()
            value.doc_string = None


def _largest_difference(path: Path, whole: nn.Module, clips: np.ndarray, name: str) -> float:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    if isinstance(count := session.get_inputs()[0].shape[0], int):  # as torchvision's MViT
        raise ValueError(
            f"{name}: PyTorch cannot write this network as ONNX: it takes {count} clips at a time alone. "
            "Set export.onnx: false"
        )
    with torch.no_grad():
        expected = whole(torch.from_numpy(clips)).numpy()
    together = session.run([OUTPUT], {INPUT: clips})[0]
    alone = np.concatenate([session.run([OUTPUT], {INPUT: clip[None]})[0] for clip in clips])
    return float(max(np.abs(found - expected).max() for found in (together, alone)))
