"""Manifest, signature and verification of a sealed case."""
