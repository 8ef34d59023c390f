"""What is searched for: text as a client types it, as a condition on a list's rows."""

from __future__ import annotations

import asyncio
from typing import Any

from app.common.people import Caller
from app.db import Database
from app.kernel.lifecycle import Lifecycle
from app.kernel.visibility import EVERYWHERE, NOWHERE, Bind, staff_sees
from app.search.index import NAME
from app.search.words import for_staff, terms

# How long a list waits for the index, so that one finds what one has just written; and how often it looks.
WAIT_SECONDS = 0.25
LOOK_SECONDS = 0.01
FOLLOWED = """
select h.position as head, coalesce(c.position, 0) as followed,
  (select extract(epoch from clock_timestamp() - e.recorded_at)::float8 from log.event e
   where e.position = coalesce(c.position, 0) + 1) as age
from log.head h left join log.checkpoint c on c.consumer = %s
"""


def is_searchable(text: str) -> bool:
    """Whether there is a letter, a digit or a character in it to look for."""
    return bool(terms(text))


def condition(text: str, caller: Caller, lifecycle: Lifecycle[Any], bind: Bind) -> str:
    """A condition on the table `r` that holds for the records of that kind in which the caller can read all
    that is searched for.
    """
    public = tsquery(text, staff=False)
    staff = staff_sees(caller, lifecycle, bind)
    if staff == NOWHERE:
        return _found(bind(public))
    with_internal = _found(bind(tsquery(text, staff=True)))
    if staff == EVERYWHERE:
        return with_internal
    own = f"(select s.tokens @@ {bind(public)}::tsquery from search.record s where s.id = r.id)"
    return f"({with_internal} and ({staff} or {own}))"


def _found(query: str) -> str:
    return f"r.id in (select s.id from search.record s where s.tokens @@ {query}::tsquery)"


def tsquery(text: str, *, staff: bool) -> str:
    """What is searched for as PostgreSQL reads it: every term must be found.

    Words consist of letters and digits, so there is nothing in them that ends the quotes.
    """
    found = []
    for every, whole in terms(text):
        term = " & ".join(_either(word, staff) for word in sorted(every))
        found.append(f"({term} | {_either(whole, staff)})" if whole else f"({term})")
    return " & ".join(found)


def _either(word: str, staff: bool) -> str:
    if not staff:
        return f"'{word}'"
    (marked,) = for_staff({word})
    return f"('{word}' | '{marked}')"


async def followed(db: Database) -> float:
    """Waits a moment for the index to have taken what the log holds now. Gives the age in seconds of the
    first event that is not in it then; 0: there is none.
    """
    ends = asyncio.get_running_loop().time() + WAIT_SECONDS
    row = await db.row(FOLLOWED, (NAME,))
    assert row is not None
    head = row["head"]
    while row["followed"] < head and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(LOOK_SECONDS)
        row = await db.row(FOLLOWED, (NAME,))
        assert row is not None
    return 0.0 if row["followed"] >= head else round(max(row["age"] or 0.0, 0.0), 3)
