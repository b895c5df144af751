"""Pseudonyms, their key, and the header values that may be kept."""
