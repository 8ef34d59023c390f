"""Numbers of records and documents of ours, in the ways in which people write them. Pure.

A mistyped number of ours must never count as a document or a change of another system, so other letters,
dashes, blanks and remarks next to it do not hide it.
"""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

from app.foundation.documents.records import DocumentClass

_CLASSES = "|".join(sorted(DocumentClass))
#: As we print them, wherever they stand in a text.
_AS_PRINTED = re.compile(
    rf"(?<![A-Z0-9])(?:(?:{_CLASSES})\d{{4}}\d{{3,}}|[A-Z]{{3}}-\d{{4}}-\d{{6,}})(?![A-Z0-9])"
)
#: With other separators or fewer digits, at the beginning of a text: a year of this century sets them apart
#: from numbers of other tools, such as `CHG0030045`.
_MISTYPED = re.compile(
    rf"(?:(?:{_CLASSES})[ ./_-]*20\d{{2}}[ ./_-]*\d{{3,}}"
    r"|(?:CHG|INC|PRB|REQ|REL|IMP)[ ./_-]*20\d{2}(?:[ ./_-]+\d+|\d{6,}))(?![A-Z0-9])"
)
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


def is_own_number(name: str) -> bool:
    """Return whether the text has or begins with what looks like a number or is an id of ours, whether or not
    there is such a record.
    """
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", name)).strip().upper()
    return _AS_PRINTED.search(folded) is not None or _MISTYPED.match(folded) is not None or _is_id(folded)


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
