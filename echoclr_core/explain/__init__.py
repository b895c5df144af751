"""Grad-CAM of the fine-tuned classifiers, its checks, and overlays.

Submodules are loaded when one of their names is first used, so that a job without a network does not wait
for torch.
"""

from echoclr_core.common.lazy import lazy_names

_PLACES = {
    "LANDMARKS": "regions",
    "VALVE_RADIUS_CM": "regions",
    "Fitting": "regions",
    "cascade_stages": "sanity",
    "class_activation": "gradcam",
    "clip_preparer": "saliency",
    "disc": "regions",
    "explain_studies": "saliency",
    "grad_cam": "gradcam",
    "last_conv_block": "layers",
    "locate_valves": "regions",
    "most_confident": "select",
    "overlay": "overlays",
    "peak_inside": "regions",
    "randomisation_cascade": "sanity",
    "rank_correlation": "sanity",
    "raw_grad_cam": "gradcam",
    "redraw_weights": "sanity",
    "sector_of": "regions",
    "share_inside": "regions",
    "signed_activation": "gradcam",
    "summarise": "summary",
    "zoom_map": "gradcam",
}

__all__ = sorted(_PLACES)

__getattr__ = lazy_names(__name__, _PLACES)
