"""The laboratory's answer to a request that was handed in as a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from musk_id.inbox_vocabulary import ReceiptStatus
from musk_id.model.values import Identifier, Line, Sha256, Text

__all__ = ["Receipt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Receipt for a request file (``*.receipt.json``): accepted with its digest, or refused with every reason.

    ``request_sha256`` is absent where nothing was read: the file is too large, or no regular file.
    ``photographs_named`` says how many photographs the request names; they are handed over apart from it.
    """

    SCHEMA: ClassVar[str] = "musk-id/receipt/1"

    schema: Line
    status: ReceiptStatus
    laboratory: Line
    file_name: Line
    size_bytes: int
    request_sha256: Sha256 | None = None
    case_id: Identifier | None = None
    photographs_named: int = 0
    problems: tuple[Text, ...] = ()
    hint: Text | None = None
    software_version: Line
