"""The version, as in pyproject.toml."""

__version__ = "0.6.0"
