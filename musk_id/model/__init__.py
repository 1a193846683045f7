"""Frozen data types, validated when built: what is asked, what was done, what was found."""
