"""The reference library: building, loading and verifying releases."""
