"""A receipt of the inbox as a page that people read, in the languages of the laboratory, one below the other.

The page says what the receipt says. The receipt itself, whose digest the page names, is the JSON file beside it.
"""

from __future__ import annotations

from musk_id.inbox_vocabulary import ReceiptStatus
from musk_id.model.receipt import Receipt
from musk_id.render.catalogue import Catalogue, load_catalogue
from musk_id.render.glyphs import Medium, drawable
from musk_id.render.html import environment
from musk_id.vocabulary import Language

__all__ = ["receipt_html"]


def receipt_html(receipt: Receipt, name: str, sha256: str, languages: tuple[Language, ...]) -> bytes:
    """Page of a receipt; every text of the request's file is drawn and none is read as markup.

    Parameters
    ----------
    receipt : Receipt
        The receipt.
    name, sha256 : str
        Name of the receipt's JSON file and digest of its bytes.
    languages : tuple of Language
        Languages of the page, the authoritative one first.

    Raises
    ------
    ConfigError
        If a language's catalogue is malformed.
    """
    parts = [_part(receipt, name, sha256, load_catalogue(language)) for language in languages]
    text: str = (
        environment()
        .get_template("receipt.html.j2")
        .render(parts=parts, draw=lambda value: drawable(value, Medium.HTML))
    )
    return text.encode("utf-8")


def _part(receipt: Receipt, name: str, sha256: str, catalogue: Catalogue) -> dict[str, object]:
    """Texts of the page in one language."""
    label = catalogue.label
    is_accepted = receipt.status is ReceiptStatus.ACCEPTED
    rows = [
        (label("receipt.laboratory"), receipt.laboratory),
        (label("receipt.file"), receipt.file_name),
        (label("receipt.size"), label("receipt.bytes", bytes=str(receipt.size_bytes))),
        (label("receipt.request_sha256"), receipt.request_sha256 or label("receipt.not_read")),
        (label("receipt.case"), receipt.case_id or label("receipt.no_case")),
    ]
    if is_accepted:
        rows.append((label("receipt.photographs"), str(receipt.photographs_named)))
    rows += [
        (label("receipt.name"), name),
        (label("receipt.sha256"), sha256),
        (label("receipt.software"), receipt.software_version),
    ]
    return {
        "language": catalogue.language.value,
        "title": label("receipt.title"),
        "draft": label("page.draft") if catalogue.is_draft else "",
        "status": catalogue.word(receipt.status),
        "meaning": label("receipt.means_accepted" if is_accepted else "receipt.means_refused"),
        "rows": rows,
        "problems_title": label("receipt.problems"),
        "problems": receipt.problems,
        "hint": "" if is_accepted else label("receipt.again"),
    }
