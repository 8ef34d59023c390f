"""The SQL statements of `facts/` as they are run: with the parts that several have in common, and with
replacements for the rows of their tables. Pure except for reading these files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from app.kpis.facts.table import FactTable

FOLDER = Path(__file__).parent
#: For processes whose business time counts: the places in a case's events at which a calendar is needed.
TIMED_AT = {
    "incident": "place = 1 or place = response or place = resolution",
    "request": "place = response or place = delivery",
}
#: The parts that stand as `{name}` in a statement: how it begins; what came to be known later of openings and
#: of other events; by which calendars the time of cases counts; when incidents were outages of their service.
SHARED_PARTS = {
    name: (FOLDER / f"{file}.sql").read_text(encoding="utf-8")
    for name, file in {
        "recorded": "recorded",
        "moved": "moved",
        "hours": "hours",
        "outages": "incident_outages",
    }.items()
}


def statement(process: str, tables: Sequence[FactTable]) -> str:
    """Return the SQL statement that writes the facts of one `share` of `shares` of the batch from `first` to
    `last`.

    Further parameters: the share's cases, those that had `begun` before the batch, and their streams'
    `next_versions`.
    """
    text = (FOLDER / f"{process}.sql").read_text(encoding="utf-8")
    for name, part in SHARED_PARTS.items():
        text = text.replace(f"{{{name}}}", part)
    words = {"process": process, "length": str(len(f"{process}/")), "timed": TIMED_AT.get(process, "")}
    for name, word in words.items():
        text = text.replace(f"{{{name}}}", word)
    return text + "".join(table.replace() for table in tables) + "\nselect count(*) from begun"


#: The kind of an event type that stands in a statement, or of a stream whose events it reads.
_KIND_READ = re.compile(r"'([a-z_]+)\.[a-z_]+'|(?<=stream = )'([a-z_]+)/'")


def kinds_read(statements: Iterable[str]) -> frozenset[str]:
    """Return the kinds of the records whose events the statements read: their news concern the statements."""
    kind_pairs = (pair for text in statements for pair in _KIND_READ.findall(text))
    return frozenset(kind for pair in kind_pairs for kind in pair if kind)
