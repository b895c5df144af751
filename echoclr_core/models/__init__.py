"""Video encoders, the heads on them, and weights in and out."""

from echoclr_core.models.encoder import (
    Encoder,
    EncoderSettings,
    as_rgb,
    build_encoder,
    encoder_names,
    register,
)
from echoclr_core.models.heads import Classifier, Projector
from echoclr_core.models.kinetics import fetch_kinetics, kinetics_file, load_kinetics
from echoclr_core.models.weights import load_encoder, read_weights, save_encoder, save_weights

__all__ = [
    "Classifier",
    "Encoder",
    "EncoderSettings",
    "Projector",
    "as_rgb",
    "build_encoder",
    "encoder_names",
    "fetch_kinetics",
    "kinetics_file",
    "load_encoder",
    "load_kinetics",
    "read_weights",
    "register",
    "save_encoder",
    "save_weights",
]
