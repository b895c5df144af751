"""Decisions of a person about single videos: the page, their file, what they change."""
