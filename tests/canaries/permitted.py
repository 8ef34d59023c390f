"""What may still hold a marked word when everybody is erased, each with its reason."""

from __future__ import annotations

from collections.abc import Collection

from tests.canaries.dump import Found
from tests.canaries.marks import Marks

#: Members of events and columns of rows, whatever the record.
MEMBERS = {
    "title": "lists and searches show titles, and forms say so; `erase` names those with a person's name",
    "status": "how a tool calls its states: names of what is no person",
}
#: Columns of which words may remain that stand in a permitted member, too.
OF_TITLES = {
    "search.record.tokens": "titles are found",
}
#: Columns that may hold words that came in at some places.
OF_NOBODY = {
    "plumbing.webhook_delivery.sealed": (
        ("alertmanager", "grafana"),
        "it names nobody, and is removed after thirty days",
    ),
}


def not_permitted(found: Collection[Found], marks: Marks) -> list[str]:
    """Where marked words are that nothing permits, and at which place one of them came in."""
    permitted = {one.word for one in found if _name(one) in MEMBERS}
    left: dict[str, str] = {}
    for one in sorted(found):
        place = marks.places.get(one.word, one.word)
        known = _name(one) in MEMBERS or (one.column in OF_TITLES and one.word in permitted)
        if not known and not place.startswith(OF_NOBODY.get(one.column, ("\0",))[0]):
            left.setdefault(f"{one.column} {one.member}".strip(), place)
    return [f"{stored}: what came in as {place}" for stored, place in left.items()]


def _name(one: Found) -> str:
    return one.member or one.column.rpartition(".")[2]
