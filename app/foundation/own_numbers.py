"""Numbers of records and documents of ours, in the ways in which people write them. Pure.

A mistyped number of ours must never count as a document or a change of another system, so other letters,
dashes, blanks and remarks next to it do not hide it.
"""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

from app.foundation.documents.records import DocumentClass

#: Codes in front of the numbers of records, besides the classes of documents.
RECORD_CODES = (
    *("ALR", "ASM", "AUD", "CHG", "COA", "FND", "IMP", "INC", "KNW", "MNT", "MPL", "MTG", "PAS", "PCH"),
    *("PLN", "PRB", "PRD", "QAS", "QTG", "RCG", "REL", "REQ", "RMX", "RSK", "SCE", "SCO", "SIG", "SLA"),
    *("SLP", "SUG", "SVY", "TRN"),
)
_CLASSES = "|".join(sorted(DocumentClass))
_CODES = "|".join(RECORD_CODES)
#: As we print them, wherever they stand in a text.
_AS_PRINTED = re.compile(
    rf"(?<![A-Z0-9])(?:(?:{_CLASSES})\d{{4}}\d{{3,}}|[A-Z]{{3}}-\d{{4}}-\d{{6,}})(?![A-Z0-9])"
)
#: With other separators or fewer digits, at the beginning of a text: a year of this century sets them apart
#: from numbers of other tools, such as `CHG0030045`.
_MISTYPED = re.compile(
    rf"(?:(?:{_CLASSES})[ ./_-]*20\d{{2}}[ ./_-]*\d{{3,}}"
    rf"|(?:{_CODES})[ ./_-]*20\d{{2}}(?:[ ./_-]+\d+|\d{{6,}}))(?![A-Z0-9])"
)
#: One of our codes, a sign, and a word: `PR-NOSUCH`. Other tools number their changes `CHG-7`.
_NAMED = re.compile(rf"(?:{_CLASSES}|{_CODES}) ?[-./_#:] ?[^\W\d_]")
_SHORT = re.compile(rf"(?:{_CLASSES}|{_CODES}) ?[-./_#:] ?\w")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


def is_own_number(name: str) -> bool:
    """Return whether the text has or begins with what looks like a number or is an id of ours, whether or not
    there is such a record.
    """
    folded = _folded(name)
    return (
        _AS_PRINTED.search(folded) is not None
        or any(pattern.match(folded) for pattern in (_MISTYPED, _NAMED))
        or _is_id(folded)
    )


def folded_number(name: str) -> str:
    """Return the letters and digits of the number, in one width and case: `SOP-12` is `sop 12`."""
    return "".join(character for character in _folded(name) if character.isalnum())


def digits_of(name: str) -> str:
    """Return the digits of the number, by which the database finds those that may be the same."""
    return re.sub(r"[^0-9]", "", folded_number(name))


def begins_like_ours(name: str) -> bool:
    """Return whether the text is a number of ours, or begins with one of our codes and a sign, as a short
    number of ours does: `PR-1`. A document of another system needs the name of that system in front.
    """
    return is_own_number(name) or _SHORT.match(_folded(name)) is not None


def _folded(name: str) -> str:
    return _DASHES.sub("-", unicodedata.normalize("NFKC", name)).strip().upper()


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
