"""Grad-CAM of the fine-tuned classifiers, its checks, and overlays."""

from echoclr_core.explain.gradcam import class_activation, grad_cam, raw_grad_cam, zoom_map
from echoclr_core.explain.layers import last_conv_block
from echoclr_core.explain.overlay import overlay
from echoclr_core.explain.saliency import clip_preparer, explain_studies
from echoclr_core.explain.sanity import (
    randomisation_check,
    rank_correlation,
    redraw_weights,
    sector_of,
    share_inside,
)
from echoclr_core.explain.select import most_confident

__all__ = [
    "class_activation",
    "clip_preparer",
    "explain_studies",
    "grad_cam",
    "last_conv_block",
    "most_confident",
    "overlay",
    "randomisation_check",
    "rank_correlation",
    "raw_grad_cam",
    "redraw_weights",
    "sector_of",
    "share_inside",
    "zoom_map",
]
