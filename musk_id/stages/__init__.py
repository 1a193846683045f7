"""Decisions: pure functions from records to records; no file is opened here."""
