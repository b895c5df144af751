"""Video encoders, the heads on them, and weights in and out."""

from echoclr_core.models.loading import load

__all__ = ["load"]
