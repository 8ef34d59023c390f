"""Search queries: text as a client types it, turned into a condition on a list's rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.common.people import Caller
from app.kernel.access.audience_rules import Bind
from app.kernel.access.visibility import EVERYWHERE, NOWHERE, staff_condition
from app.kernel.actions.lifecycle import Lifecycle
from app.platform.db import Database
from app.search.index import NAME
from app.search.tokens import staff_tokens, terms

# The longest that a list waits for the index, so that callers find what they have just written; and the
# interval of polling.
WAIT_SECONDS = 0.25
POLL_SECONDS = 0.01
INDEX_LAG = """
select h.position as head, coalesce(c.position, 0) as followed,
  (select extract(epoch from clock_timestamp() - e.recorded_at)::float8 from log.event e
   where e.position = coalesce(c.position, 0) + 1) as age
from log.head h left join log.checkpoint c on c.consumer = %s
"""


def is_searchable(text: str) -> bool:
    """Return whether the text contains a letter, digit or character to search for."""
    return bool(terms(text))


@dataclass(frozen=True, slots=True)
class Search:
    """A search: `entry` is the SQL condition on its index entries, `record_condition` an additional one on
    the records.
    """

    entry: str
    record_condition: str = ""

    def among(self, ids: str) -> str:
        """Return the SQL condition that restricts the table `r` to the candidates in `ids`, the SQL of a
        comparison.
        """
        return f"r.id {ids}{self.record_condition}"

    @property
    def condition(self) -> str:
        """Return the condition on the table `r` that holds for the records found."""
        return self.among(f"in (select s.id from search.record s where {self.entry})")


def search(
    text: str, caller: Caller, lifecycle: Lifecycle[Any], bind: Bind, *, unfinished: bool = False
) -> Search:
    """Return the search for records of that kind in which the caller can read all searched words; `bind` adds
    a parameter to the query. `unfinished`: as `tsquery` has it.
    """
    public = tsquery(text, staff=False, unfinished=unfinished)
    staff = staff_condition(caller, lifecycle, bind)
    if staff == NOWHERE:
        return Search(_matches(bind(public)))
    with_internal = _matches(bind(tsquery(text, staff=True, unfinished=unfinished)))
    if staff == EVERYWHERE:
        return Search(with_internal)
    own = f"(select {_matches(bind(public))} from search.record s where s.id = r.id)"
    return Search(with_internal, f" and ({staff} or {own})")


def _matches(query: str) -> str:
    return f"s.tokens @@ {query}::tsquery"


async def estimate_hits(db: Database, searches: Sequence[Search], parameters: Mapping[str, Any]) -> float:
    """Return PostgreSQL's estimate of how many records match the searches with these parameters."""
    (((plan,),),) = await db.tuples(f"explain (format json) {_hits(searches)}", parameters, prepare=False)
    return float(plan["Plan"]["Plan Rows"])


async def hits(
    db: Database, searches: Sequence[Search], parameters: Mapping[str, Any], *, kind: str, most: int
) -> str | None:
    """Return the ids of the records of that kind that match the searches with these parameters,
    as the text of an array; None if there are more than `most`.
    """
    matches = f"{_hits(searches)} and s.kind = %(kind)s limit {most + 1}"
    query = f"select count(*), coalesce(array_agg(id), '{{}}')::text from ({matches}) as hit"
    ((number, ids),) = await db.tuples(query, {**parameters, "kind": kind}, prepare=False)
    return str(ids) if number <= most else None


def _hits(searches: Sequence[Search]) -> str:
    return f"select s.id from search.record s where {' and '.join(search.entry for search in searches)}"


def tsquery(text: str, *, staff: bool, unfinished: bool = False) -> str:
    """Return the text as a tsquery: every term must be found; with `staff`, also among the tokens for staff
    only. `unfinished`: the last word is being typed, and finds those that begin so.

    Words consist of letters and digits, so they cannot end the quotes.
    """
    conditions, all_terms = [], terms(text)
    for n, (every, exact_term) in enumerate(all_terms, start=1):
        begins = unfinished and n == len(all_terms) and exact_term is None
        term = " & ".join(_alternatives(word, staff, begins=begins) for word in sorted(every))
        conditions.append(f"({term} | {_alternatives(exact_term, staff)})" if exact_term else f"({term})")
    return " & ".join(conditions)


def _alternatives(word: str, staff: bool, *, begins: bool = False) -> str:
    # Too many words begin with a single letter; Chinese words have a token for each of their characters.
    beginning = ":*" if begins and word.isascii() and len(word) > 1 else ""
    if not staff:
        return f"'{word}'{beginning}"
    (marked,) = staff_tokens({word})
    return f"('{word}'{beginning} | '{marked}'{beginning})"


async def wait_for_index(db: Database) -> float:
    """Wait a moment for the index to catch up with the log's present end. Return the age in seconds of the
    first event that is not indexed then, or 0.
    """
    ends = asyncio.get_running_loop().time() + WAIT_SECONDS
    row = await db.row(INDEX_LAG, (NAME,))
    assert row is not None
    head = row["head"]
    while row["followed"] < head and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(POLL_SECONDS)
        row = await db.row(INDEX_LAG, (NAME,))
        assert row is not None
    return 0.0 if row["followed"] >= head else round(max(row["age"] or 0.0, 0.0), 3)
