"""Expected digests of the shipped example cases, written by ``scripts/write_selftest.py`` and by nothing else."""
