"""A case record as PDF, HTML and tables; no decisions."""
