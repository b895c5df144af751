"""Grad-CAM of the fine-tuned classifiers, and its checks."""

from echoclr_core.explain.gradcam import grad_cam

__all__ = ["grad_cam"]
