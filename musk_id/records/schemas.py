"""JSON Schema (Draft 2020-12) of inputs and records, made from the types themselves."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from musk_id.model.audit import LibraryAudit
from musk_id.model.batch import RunSheet
from musk_id.model.bundle import BundleHeader, LibraryOrigin
from musk_id.model.calibration import Calibration
from musk_id.model.edits import Edits
from musk_id.model.examination import Examination
from musk_id.model.laboratory import Laboratory
from musk_id.model.laboratory_chemistry import LaboratoryChemistry
from musk_id.model.library_report import LibraryReport
from musk_id.model.receipt import Receipt
from musk_id.model.refdiff import CollectionDiff
from musk_id.model.request import Request
from musk_id.model.seal import SealSignature
from musk_id.model.second_reading import SecondReadings
from musk_id.model.spectra_audit import SpectraAudit
from musk_id.model.spectral_calibration import SpectralCalibration
from musk_id.model.validation import Validation
from musk_id.model.values import RULES
from musk_id.records.codec import TypePlan, plan_of
from musk_id.records.files import write_atomic
from musk_id.records.lines import RECORD_CLASSES

__all__ = ["PUBLISHED", "json_schema", "schema_file_name", "write_schemas"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

PUBLISHED: tuple[Any, ...] = (
    Request,
    Examination,
    RunSheet,
    Edits,
    SecondReadings,
    Laboratory,
    LaboratoryChemistry,
    SealSignature,
    SpectraAudit,
    LibraryAudit,
    LibraryReport,
    BundleHeader,
    LibraryOrigin,
    CollectionDiff,
    Calibration,
    SpectralCalibration,
    Validation,
    Receipt,
    *RECORD_CLASSES.values(),
)


def schema_file_name(cls: type[Any]) -> str:
    """File name of a published schema: ``musk-id/request/1`` is ``request-1.schema.json``."""
    _, name, version = str(cls.SCHEMA).split("/")
    return f"{name}-{version}.schema.json"


def json_schema(cls: Any) -> dict[str, Any]:
    """Closed JSON Schema of a dataclass of the model."""
    definitions: dict[str, Any] = {}
    root = _object(cls, definitions)
    return {
        "$schema": DIALECT,
        "title": getattr(cls, "SCHEMA", cls.__name__),
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _object(cls: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for field in plan_of(cls):
        schema = _value(field.type, definitions)
        if field.name == "schema" and hasattr(cls, "SCHEMA"):
            schema = {"const": cls.SCHEMA}
        properties[field.name] = {"anyOf": [schema, {"type": "null"}]} if field.type.optional else schema
        if field.required and not field.type.optional:
            required.append(field.name)
    return {
        "type": "object",
        "description": (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " "),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _value(plan: TypePlan, definitions: dict[str, Any]) -> dict[str, Any]:
    if plan.kind == "integer":
        return {"type": "integer"}
    if plan.kind == "boolean":
        return {"type": "boolean"}
    if plan.kind == "choice" and plan.enum is not None:
        return {"enum": [member.value for member in plan.enum]}
    if plan.kind == "list" and plan.item is not None:
        return {"type": "array", "items": _value(plan.item, definitions)}
    if plan.kind == "object" and plan.cls is not None:
        name = plan.cls.__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _object(plan.cls, definitions)
        return {"$ref": f"#/$defs/{name}"}
    rule = RULES[plan.text_type]
    # JSON Schema patterns follow ECMA 262, which knows no inline flags.
    pattern = rule.pattern.replace("(?s).*\\S.*", "\\S")
    anchored = pattern if pattern == "\\S" else f"^(?:{pattern})$"
    return {
        "type": "string",
        "maxLength": rule.max_length,
        "pattern": anchored,
        "description": rule.described,
    }


def write_schemas(folder: Path) -> None:
    """Write every published schema into a folder."""
    for cls in PUBLISHED:
        text = json.dumps(json_schema(cls), indent=2, ensure_ascii=False) + "\n"
        write_atomic(folder / schema_file_name(cls), text.encode())
