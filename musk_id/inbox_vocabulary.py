"""Closed list of what an inbox answers."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ReceiptStatus"]


class ReceiptStatus(StrEnum):
    """Whether a request was taken in; a request that was taken in has not been examined."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
