"""Write ``reference_db/chemistry/<id>`` from its sources: ``python scripts/write_chemistry.py``."""

from __future__ import annotations

from pathlib import Path

from musk_id.records.files import write_atomic
from musk_id.refdb.musk_tables import load_musk_tables, musk_table_files

DATABASE = Path(__file__).parents[1] / "reference_db"

if __name__ == "__main__":
    for sources in sorted((DATABASE / "sources").glob("chemistry-*")):
        target = DATABASE / "chemistry" / sources.name.removeprefix("chemistry-")
        target.mkdir(parents=True, exist_ok=True)
        for name, data in musk_table_files(sources).items():
            write_atomic(target / name, data)
        load_musk_tables(target)
