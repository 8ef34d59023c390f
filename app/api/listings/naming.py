"""Names of records: the fields by which people call a record, and the records that are called so.

Kinds with full-text search find a record by what the index has of it; the others, of which there are few,
by the text of those fields.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.api.listings.filters import WhereClause
from app.api.listings.lists import Listing
from app.api.listings.paging import Order, order_of, page_rows
from app.api.records.columns import Columns, by_row
from app.api.records.expand import visible_rows
from app.api.records.shapes import Renderer
from app.api.state_words import AWAITS_AGREEMENT, STATE_FIELDS, state_label
from app.common.duties import DUTY_KINDS, GivenDuty
from app.common.records import Codec, Record, all_codecs
from app.kernel.access.colleagues import colleague_condition
from app.kernel.access.eligibility import eligible_condition
from app.kernel.access.reads import ids_of, is_id
from app.kernel.access.visibility import EVERYWHERE, staff_condition
from app.kernel.actions.lifecycle import Lifecycle
from app.search.query import is_searchable, search
from app.search.ranking import RANKED_KINDS, ranked_hits

#: Fields whose value names one record, as addresses and references take it.
CODES = ("number", "key")
#: Fields with a record's title, in the order in which they are taken; `_en`, `_zh` for those in one language.
TITLES = ("title", "name", "label")
#: Fields that distinguish records with the same title.
DETAILS = ("department", "key")
# Further words of a name are not looked at.
LONGEST_PHRASE = 8
_NUMBER_BEGINS = re.compile(r"([A-Z]{3})-\d")


@dataclass(frozen=True, slots=True)
class NameQuery:
    """A query for records by what they are called. Without a `text` it finds the first ones. `unfinished`:
    the text is being typed. `in_use`: only records that new work can refer to. `process`: of keys that are
    unique only within a process, those of this one. `duty`: of persons, teams and groups, those who are
    eligible for it.
    """

    text: str
    limit: int
    unfinished: bool = False
    in_use: bool = False
    process: str | None = None
    duty: GivenDuty | None = None


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record that was found. `exact`: the text is its number or key. `sorted_by`: the value that its list
    is sorted by, or None.
    """

    lifecycle: Lifecycle[Any]
    fields: dict[str, Any]
    exact: bool
    sorted_by: Any

    def title(self, language: str) -> str | None:
        """Return its title or name, if possible in that language; None if it is missing, or its person was
        erased.
        """
        other = "en" if language == "zh" else "zh"
        names = [*TITLES, *(f"{name}_{tongue}" for tongue in (language, other) for name in TITLES)]
        return next((self.fields[name] for name in names if self.fields.get(name)), None)

    def label(self, language: str) -> str:
        """Return what people call it: number and title, or title, or key."""
        words = [self.fields.get("number"), self.title(language)]
        return " ".join(filter(None, words)) or self.fields.get("key") or str(self.fields["id"])

    def detail(self, language: str) -> str | None:
        """Return what distinguishes it from others with its name: the state of a record with a number;
        otherwise the key, or the person's department.
        """
        if self.fields.get("number"):
            return self.state_label(language)
        return next((self.fields[name] for name in DETAILS if self.fields.get(name)), None)

    def state_label(self, language: str) -> str:
        """Return the label of its state."""
        return state_label(self.lifecycle, self.fields, language)


def naming_fields(listing: Listing) -> tuple[str, ...]:
    """Return the fields by which a record of the list is named; empty if it cannot be found by a name."""
    fields, shape = _fields_of(listing.lifecycle), listing.shape.model_fields
    names = (*CODES, *TITLES, *(f"{name}_{language}" for name in TITLES for language in ("en", "zh")))
    return tuple(
        name
        for name in names
        if name in fields
        and name in shape
        and not (fields[name].staff_only or fields[name].hidden)
        and name not in listing.renderer.COMPUTED
    )


def _state_fields(listing: Listing) -> frozenset[str]:
    """Return the fields by which the state of a record of the list is put into words."""
    own = STATE_FIELDS & listing.shape.model_fields.keys()
    return own if AWAITS_AGREEMENT in own else frozenset({"state"})


def _fields_of(lifecycle: Lifecycle[Any]) -> dict[str, Codec]:
    record: type[Record] = lifecycle.record
    return all_codecs(record)


def is_named(listing: Listing) -> bool:
    """Return whether records of the list can be found by what they are called."""
    fields = _fields_of(listing.lifecycle)
    names = naming_fields(listing)
    return bool(listing.lifecycle.lookup.searched_fields or names) and not any(
        fields[name].personal and name not in listing.lifecycle.lookup.searched_fields for name in names
    )


def has_number_code(listing: Listing, text: str) -> bool:
    """Return whether a record of the list may have a number that begins so; of a text that begins as no
    number does, always.
    """
    begins = _NUMBER_BEGINS.match(text.upper())
    return begins is None or listing.lifecycle.code in (None, begins[1])


async def find_named(listing: Listing, renderer: Renderer, query: NameQuery) -> list[NamedRecord]:
    """Return the records that are called so and that the caller may see: first the one whose number or key it
    is, then others in the list's order; when the text is being typed, by key or name, if the list has such
    an order.
    """
    names = naming_fields(listing)
    details = {name for name in DETAILS if name in listing.shape.model_fields}
    renderer.fields = frozenset({*_state_fields(listing), *names, *details})
    order = _order(listing, query)
    records: dict[Any, NamedRecord] = {}
    for exact in (True, False):
        where = await _conditions(listing, renderer, query, names, exact=exact)
        if where is None:
            continue
        rows = await page_rows(renderer, where, order, query.limit, None)
        for record in await _rendered(renderer, rows, exact=exact):
            records.setdefault(record.fields["id"], record)
    return list(records.values())[: query.limit]


async def rank_by_words(listing: Listing, renderer: Renderer, text: str) -> list[tuple[float, NamedRecord]]:
    """Return the records in use that contain some of the words and that the caller may see, with their
    scores; empty for kinds without such a search.
    """
    lifecycle = listing.lifecycle
    if lifecycle.kind not in RANKED_KINDS:
        return []
    bind = WhereClause().bind
    staff = staff_condition(renderer.caller, lifecycle, bind) == EVERYWHERE
    scores = await ranked_hits(renderer.ledger.db, lifecycle.kind, text, staff=staff)
    renderer.fields = frozenset({*_state_fields(listing), *naming_fields(listing)})
    parameters = {
        "ids": list(scores),
        "states": [state.value for state in lifecycle.states_in_use],
    }
    rows = await visible_rows(
        renderer, renderer.columns, "r.id = any(%(ids)s) and r.state = any(%(states)s)", parameters
    )
    await renderer.render_many(rows)
    return [(scores[row["id"]], NamedRecord(lifecycle, row, exact=False, sorted_by=None)) for row in rows]


async def records_named(listing: Listing, renderer: Renderer, names: Sequence[str]) -> dict[str, NamedRecord]:
    """Return by these names (ids, numbers, keys, or names in another system) the records that the caller may
    see. A name that several records share is left out. One statement, and two more if tickets are named by
    their numbers or by names in another system.
    """
    lifecycle, fields = listing.lifecycle, naming_fields(listing)
    renderer.fields = frozenset({*_state_fields(listing), *fields})
    codes = [] if lifecycle.code is not None else [name for name in CODES if name in fields]
    # Only kinds with a code have numbers like INC-2026-000001, and names in other systems.
    resolvable = names if lifecycle.code is not None else [name for name in names if is_id(name)]
    ids = await ids_of(renderer.ledger.db, lifecycle, resolvable)
    rows = await visible_rows(
        renderer,
        renderer.columns,
        " or ".join(["r.id = any(%(ids)s)", *(f"r.{code} = any(%(names)s)" for code in codes)]),
        {"ids": list(ids.values()), "names": [name for name in names if "\x00" not in name]},
    )
    await renderer.render_many(rows)
    records = [NamedRecord(lifecycle, row, exact=True, sorted_by=None) for row in rows]
    by_id = {record.fields["id"]: record for record in records}
    by_code = [(record.fields[code], record) for record in records for code in codes]
    shared = Counter(name for name, _ in by_code)
    return {
        **{name: record for name, record in by_code if name in names and shared[name] == 1},
        **{name: by_id[record_id] for name, record_id in ids.items() if record_id in by_id},
    }


async def titles_of(
    listing: Listing, renderer: Renderer, names: Sequence[str], language: str
) -> dict[str, str]:
    """Return by these names the titles, in that language, of the records that the caller may see."""
    records = await records_named(listing, renderer, names) if names else {}
    titles = {name: record.title(language) for name, record in records.items()}
    return {name: title for name, title in titles.items() if title is not None}


async def _conditions(
    listing: Listing, renderer: Renderer, query: NameQuery, names: Sequence[str], *, exact: bool
) -> WhereClause | None:
    """Return the conditions; None: nothing fulfils them."""
    lifecycle, where = listing.lifecycle, WhereClause()
    codes = [name for name in CODES if name in names]
    if exact:
        if not (query.text and codes):
            return None
        value = where.bind([query.text, query.text.upper()])
        where.conditions.append("(" + " or ".join(f"r.{name} = any({value})" for name in codes) + ")")
    elif query.text and lifecycle.lookup.searched_fields:
        if not is_searchable(query.text):
            return None
        text_search = search(query.text, renderer.caller, lifecycle, where.bind, unfinished=query.unfinished)
        where.searches.append(text_search)
    else:
        full_name = f"lower(concat_ws(' ', {', '.join(f'r.{name}' for name in names)}))"
        words = query.text.lower().split()[:LONGEST_PHRASE]
        where.conditions += [f"position({where.bind(word)} in {full_name}) > 0" for word in words]
    if query.in_use:
        where.restrict_states(frozenset(state.value for state in lifecycle.states_in_use))
    if query.process is not None and "process" in _fields_of(lifecycle):
        where.conditions.append(f"r.process = {where.bind(query.process)}")
    if query.duty is not None and lifecycle.kind in DUTY_KINDS:
        eligible = eligible_condition(lifecycle.kind, query.duty, where.bind)
        where.conditions += [] if eligible is None else [eligible]
        colleague = colleague_condition(lifecycle.kind, renderer.caller, where.bind)
        where.also_seen += [] if colleague is None else [colleague]
    return where


def _order(listing: Listing, query: NameQuery) -> Order:
    alphabetical = [name for name in ("name", "key") if name in listing.sorts]
    if query.unfinished and alphabetical and "number" not in listing.lifecycle.record.model_fields:
        return order_of(listing, alphabetical[0])
    return order_of(listing, f"-{listing.sorts[0]}")


async def _rendered(renderer: Renderer, rows: Sequence[tuple[Any, ...]], *, exact: bool) -> list[NamedRecord]:
    if not rows:
        return []
    *selected, sorted_by = zip(*rows, strict=True)
    columns: Columns = dict(zip(renderer.names, selected, strict=True))
    await renderer.render_columns(columns)
    return [
        NamedRecord(renderer.lifecycle, fields, exact, value)
        for fields, value in zip(by_row(columns), sorted_by, strict=True)
    ]


def newest_first(records: Sequence[NamedRecord]) -> list[NamedRecord]:
    """Return records of several lists: first those whose number or key was given, then the newest by what
    their lists are sorted by.
    """

    def rank(record: NamedRecord) -> tuple[Any, ...]:
        return record.exact, record.sorted_by is not None, record.sorted_by

    return sorted(records, key=rank, reverse=True)


def by_relevance(
    complete: Sequence[NamedRecord], partial: Sequence[tuple[float, NamedRecord]]
) -> list[NamedRecord]:
    """Return the records that contain all the words, and then those that contain some, the best first."""
    ranked = [record for _, record in sorted(partial, key=lambda match: match[0], reverse=True)]
    return list({record.fields["id"]: record for record in (*complete, *ranked)}.values())


def interleaved(lists: Sequence[Sequence[NamedRecord]]) -> list[NamedRecord]:
    """Return records of several lists: first those whose number or key was given, then the first of each, the
    second of each, and so on.
    """
    placed = [(not record.exact, n, record) for records in lists for n, record in enumerate(records)]
    return [record for *_, record in sorted(placed, key=lambda place: place[:2])]
