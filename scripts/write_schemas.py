"""Write the published JSON Schemas into the package: ``python scripts/write_schemas.py``."""

from pathlib import Path

from musk_id.records.schemas import write_schemas

write_schemas(Path(__file__).parents[1] / "musk_id" / "schemas")
