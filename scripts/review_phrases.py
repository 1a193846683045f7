"""Write down that a person reviewed texts of a translation, in ``reviews.<language>.toml``.

``python scripts/review_phrases.py ru --by "Name" --on 2026-12-01 dna.human front.items`` names ids; an id that
ends with ``*`` takes all that begin so. A review holds for the text and the English one as they stand now: after a
change of either the text is a draft again, and its row is dropped at the next call.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from musk_id.records.files import write_atomic
from musk_id.render.catalogue import PHRASES, Catalogue, load_catalogue
from musk_id.render.phrase_files import PATTERN_LANGUAGE, text_digest
from musk_id.vocabulary import Language


def chosen(patterns: list[str], known: set[str]) -> set[str]:
    """Ids that the patterns name.

    Raises
    ------
    SystemExit
        If a pattern names none.
    """
    found: set[str] = set()
    for pattern in patterns:
        named = {key for key in known if key == pattern or (pattern[-1:] == "*" and key.startswith(pattern[:-1]))}
        if not named:
            sys.exit(f"no translated text has the id {pattern}")
        found |= named
    return found


def review_rows(catalogue: Catalogue, english: Catalogue, keys: set[str], by: str, on: str) -> str:
    """Rows of the file: those that hold already, and those of the ids given."""
    texts = {**catalogue.phrases, **catalogue.labels}
    pattern = {**english.phrases, **english.labels}
    rows = {key: (r.reviewed_by, r.reviewed_on) for key, r in catalogue.reviews.items() if r.status == "reviewed"}
    rows |= dict.fromkeys(keys, (by, on))
    lines = [f"# Reviews of {catalogue.language}; written by scripts/review_phrases.py.\n"]
    for key, (person, date) in sorted(rows.items()):
        digest = text_digest(pattern[key], texts[key])
        # A JSON string without escapes beyond \\uXXXX is a TOML string as well.
        fields = (f"text_sha256 = {json.dumps(digest)}", f"reviewed_by = {json.dumps(person)}")
        lines.append(f"{json.dumps(key)} = {{{', '.join(fields)}, reviewed_on = {json.dumps(date)}}}\n")
    return "".join(lines)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", type=Language)
    parser.add_argument("keys", nargs="+")
    parser.add_argument("--by", required=True)
    parser.add_argument("--on", required=True)
    parser.add_argument("--folder", type=Path, default=PHRASES)
    arguments = parser.parse_args()
    catalogue = load_catalogue(arguments.language, arguments.folder)
    known = {**catalogue.phrases, **catalogue.labels}.keys() - catalogue.untranslated
    english = load_catalogue(PATTERN_LANGUAGE, arguments.folder)
    keys = chosen(arguments.keys, set(known))
    path = arguments.folder / f"reviews.{arguments.language}.toml"
    write_atomic(path, review_rows(catalogue, english, keys, arguments.by, arguments.on).encode("utf-8"))
    load_catalogue.cache_clear()
    reviewed = load_catalogue(arguments.language, arguments.folder).reviewed
    print(f"{path}: {reviewed} of {len(known)} texts are reviewed")


if __name__ == "__main__":
    main()
