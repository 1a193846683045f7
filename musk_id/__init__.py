"""Comparison, evaluation and reporting step of forensic examinations of musk deer and musk products."""

__all__ = ["__version__"]

__version__ = "0.1.0"
