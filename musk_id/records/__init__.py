"""Canonical JSON of our own records: coding, schemas, digests, atomic writing."""
