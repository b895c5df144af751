"""Deidentify cine loops: keep the ultrasound window alone, replace identifiers, prove it."""

from echoclr_core.deidentify.sector.boundary import boundary_mask

__all__ = ["boundary_mask"]
