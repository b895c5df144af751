"""Reporting checklists: what each asks, in words of our own, and what this run answers."""
