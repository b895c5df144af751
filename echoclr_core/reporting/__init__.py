"""Figures, tables, and the report. No pyplot: every figure is a value that the caller saves."""
