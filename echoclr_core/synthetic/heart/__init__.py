"""Anatomy, motion and the scene of each view."""
