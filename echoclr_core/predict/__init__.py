"""Trained studies for the next patient: bundles (export, load) and the scoring of new studies."""

from echoclr_core.predict.bundle import load_bundle

__all__ = ["load_bundle"]
