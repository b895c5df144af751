"""Shared by all rooms: atomic files, checked tables, digests, randomness, isolated processes, AVI files."""
