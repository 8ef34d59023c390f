"""Keyset pagination of the records that the caller may see, in any order that the list offers; and their
count.

A caller who sees everything reads one range of an index. Any other caller reads one range per audience token,
each with the page's limit, and the page is the first rows of all of them: so it costs what is shown, not what
is hidden. In the default order, each state is a range of its own, too: with one range for several states,
PostgreSQL might read all closed records before it comes to the open ones, which are at the other end of the
index. If the order's column may be null, the rows with null are ranges of their own, at the end: they are
read if the rows before them do not fill the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args
from uuid import UUID

from app.api.listings import cursors
from app.api.listings.filters import WhereClause, narrow
from app.api.listings.list_queries import MOST_COUNTED, ListQuery, ListSelection, expanded_fields
from app.api.listings.lists import Listing
from app.api.listings.unknown_names import ListNames, filter_warnings
from app.api.records.columns import Columns, by_row
from app.api.records.expand import expand
from app.api.records.shapes import Renderer
from app.common.records import ChildRecord, Record, codecs
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import from_instant, instant
from app.search.query import estimate_hits, hits, wait_for_index

# A union of more ranges costs more than it saves.
MOST_RANGES = 40
# Up to so many records that match a search are fetched by their ids. If more match, the first rows of the
# list (MOST_WALKED) are scanned for matches before: these fill a page, unless matches are unevenly spread.
FEW_HITS = 2_000
MOST_WALKED = 5_000
# Fetching so many takes as long as scanning about ten times as many rows of the list.
MOST_HITS = 20_000
VIA_CHILD_ROWS = """select split_part(f.record, '/', 2)::uuid from fold.{kind} f
  where f.person_id = {who} and f.record like {what}"""


@dataclass(frozen=True, slots=True)
class Order:
    """A sort order: by a column, descending or not; then by id in the same direction. Nulls come last.
    `is_default`: the list's default order, which indexes of filters contain, too. `source`: SQL of the rows
    with the column, if the column is not in the records' own table.
    """

    column: str
    down: bool
    may_be_empty: bool
    is_default: bool
    source: str | None = None

    @property
    def range_order_by(self) -> str:
        """Return the ORDER BY of rows that either all have a value or all lack it, in the order of an
        index.
        """
        direction = " desc" if self.down else ""
        return f"r.{self.column}{direction}, r.id{direction}"

    @property
    def merged_order_by(self) -> str:
        """Return the ORDER BY of all rows."""
        direction = " desc" if self.down else ""
        return f"r.{self.column}{direction} nulls last, r.id{direction}"


def order_of(listing: Listing, sort: str) -> Order:
    """Return the order that `sort` names, as `-opened_at`."""
    column = sort.removeprefix("-")
    extension = listing.extension
    if extension is not None and column in extension.sorts:
        table = listing.lifecycle.source
        source = f"(select t.*, {extension.sorts[column]} as {column} from {table} t {extension.join})"
        return Order(column, sort.startswith("-"), may_be_empty=True, is_default=False, source=source)
    may_be_empty = type(None) in get_args(listing.shape.model_fields[column].annotation)
    return Order(column, sort.startswith("-"), may_be_empty, is_default=column == listing.sorts[0])


#: The position where the page before ended: its last row's sort value and id.
PagePosition = tuple[Any, UUID]


async def page(
    listing: Listing,
    renderer: Renderer,
    query: ListQuery,
    saved: ListSelection | None = None,
    within: WhereClause | None = None,
) -> dict[str, Any]:
    """Return one page: `items` and `next_cursor` (None at the end), `total` if requested, the lag of the
    index if words are searched for, and on the first page `warnings` of unknown names in filters. The filters
    of a `saved` view apply besides those of the query, whose order wins. `within`: conditions that hold
    besides, whatever is asked for. Raises BadCursor.
    """
    sort = query.sort if saved is None or "sort" in query.model_fields_set else saved.sort
    order = order_of(listing, sort)
    where = WhereClause() if within is None else within
    where.is_joined = order.source is not None
    for chosen in (query,) if saved is None else (saved, query):
        await narrow(where, listing.parameters, chosen, renderer)
    scope = _scope(listing, query, saved)
    sign = renderer.ledger.vault.fingerprint
    after = (
        None
        if query.cursor is None
        else _decode_position(listing, order, cursors.read(query.cursor, scope, sign))
    )
    answer: dict[str, Any] = {"total": None, "total_at_least": None}
    if (extension := listing.extension) is not None:
        requested = extension.is_requested(sort, query, saved)
        answer[extension.lag_field] = await extension.wait(renderer.ledger.db) if requested else None
    if listing.lifecycle.lookup.searched_fields:
        answer["lag_seconds"] = await wait_for_index(renderer.ledger.db) if where.searches else None
    if query.count:
        answer |= await _total(renderer, where, order)

    async def has_records(parameter: str, value: str) -> bool:
        condition = WhereClause()
        await listing.parameters[parameter].narrow(condition, [value], renderer)
        default_order = order_of(listing, f"-{listing.sorts[0]}")
        return bool(await page_rows(renderer, condition, default_order, 1, None))

    names = ListNames(listing.known_names, has_records)
    # Clients need them once, and the filters stay the same on further pages.
    if after is None and (warnings := await filter_warnings(listing.parameters, query, renderer, names)):
        answer["warnings"] = warnings
    rows = await page_rows(renderer, where, order, query.limit + 1, after)
    cursor, items = None, list[dict[str, Any]]()
    if rows:
        *selected, places = zip(*rows[: query.limit], strict=True)
        columns: Columns = dict(zip(renderer.names, selected, strict=True))
        if len(rows) > query.limit:
            cursor = cursors.write(_encode_position(places[-1], columns["id"][-1]), scope, sign)
        await renderer.render_columns(columns)
        items = by_row(columns)
    await expand(listing, renderer, items, expanded_fields(query))
    return {"items": items, "next_cursor": cursor, **answer}


async def page_rows(
    renderer: Renderer, where: WhereClause, order: Order, limit: int, after: PagePosition | None
) -> list[tuple[Any, ...]]:
    """Return the rows of the page. PostgreSQL does not know where the hits of a search stand in the list's
    order: it would scan the list until it has found enough of them, through all of it if they are old. So a
    few hits are fetched by their ids; only if there are many are the first rows of the list scanned before
    that is tried.
    """
    db, kind = renderer.ledger.db, renderer.lifecycle.kind

    async def run_query(where: WhereClause) -> list[tuple[Any, ...]]:
        statement = page_sql(renderer, where, order, limit, after)
        return await db.tuples(statement, where.parameters, prepare=where.prepare)

    if not where.searches:
        return await run_query(where)
    if await estimate_hits(db, where.searches, where.parameters) > FEW_HITS:
        rows = await run_query(replace(where, scan_limit=MOST_WALKED))
        if len(rows) == limit:
            return rows
    ids = await hits(db, where.searches, where.parameters, kind=kind, most=MOST_HITS)
    if ids is None:
        return await run_query(where)
    among = [search.among(f"= any({where.bind(ids)}::text::uuid[])") for search in where.searches]
    return await run_query(replace(where, conditions=where.conditions + among, searches=[]))


def page_sql(
    renderer: Renderer, where: WhereClause, order: Order, limit: int, after: PagePosition | None = None
) -> str:
    """Return the SQL of a page: the first `limit` rows after the position `after`."""
    table = order.source or renderer.lifecycle.source
    stretches = _stretches(where, order, after)
    sources = [_sources(renderer, where, order, stretch) for stretch in stretches]
    # After the row's fields, the value that it is sorted by.
    columns = f"{renderer.columns}, r.{order.column} as sorted_by"
    # The limit is a literal, so that PostgreSQL plans for it.
    if len(stretches) == len(sources[0]) == 1:
        return f"select {columns} from {sources[0][0]} order by {stretches[0].order_by} limit {limit}"
    first, *rest = [
        _merged(ranges, order, stretch, limit) for ranges, stretch in zip(sources, stretches, strict=True)
    ]
    query = f"select * from {first}"
    if rest:
        query = (
            f"with filled as materialized ({query}) select * from filled "
            f"union all select * from {rest[0]} where (select count(*) from filled) < {limit}"
        )
    return (
        f"select {columns} from ({query}) as found join {table} r using (id) "
        f"order by {order.merged_order_by} limit {limit}"
    )


def _sources(renderer: Renderer, where: WhereClause, order: Order, stretch: _Stretch) -> list[str]:
    """Return for each range of the stretch what it is read from: its table as `r`, and its conditions."""
    table = order.source or renderer.lifecycle.source
    ranges = _ranges(renderer, where, order.is_default, stretch.conditions)
    if where.scan_limit is None:
        return [f"{table} r where {conditions}" for conditions in _with_searches(where, ranges)]
    words = " and ".join(search.condition for search in where.searches)
    return [
        f"(select * from {table} r where {conditions} order by {stretch.order_by} "
        f"limit {where.scan_limit}) r where {words}"
        for conditions in ranges
    ]


def _merged(sources: Sequence[str], order: Order, stretch: _Stretch, limit: int) -> str:
    """Return the first rows of all ranges of the stretch as a table: their ids, and what they are sorted
    by.
    """
    each = [
        f"(select r.id, r.{order.column} from {source} order by {stretch.order_by} limit {limit})"
        for source in sources
    ]
    return (
        f"(select * from ({' union '.join(each)}) as r order by {order.merged_order_by} limit {limit}) as r"
    )


def count_sql(renderer: Renderer, where: WhereClause, most: int, source: str | None = None) -> str:
    """Return the SQL that counts the matching records that the caller may see, stopping at `most`. `source`:
    as in Order.
    """
    table = source or renderer.lifecycle.source
    ranges = _with_searches(where, _ranges(renderer, where, False))
    each = [f"(select r.id from {table} r where {conditions} limit {most})" for conditions in ranges]
    return f"select count(*) from (select * from ({' union '.join(each)}) as shown limit {most}) as found"


async def _total(renderer: Renderer, where: WhereClause, order: Order) -> dict[str, int | None]:
    query = count_sql(renderer, where, MOST_COUNTED + 1, order.source)
    total: int = await renderer.ledger.db.value(query, where.parameters, prepare=where.prepare)
    if total > MOST_COUNTED:
        return {"total": None, "total_at_least": MOST_COUNTED}
    return {"total": total, "total_at_least": None}


def _scope(listing: Listing, query: ListQuery, saved: ListSelection | None) -> str:
    """Return the scope of a cursor: this list with these filters in this order."""
    left_out = {"limit", "cursor", "fields", "expand", "include", "count", "view"}
    conditions = query.model_dump_json(exclude=left_out, exclude_unset=True)
    saved_conditions = "" if saved is None else saved.model_dump_json(exclude_unset=True)
    return f"{listing.lifecycle.plural} {conditions} {saved_conditions}"


def _encode_position(value: Any, row_id: UUID) -> list[Any]:
    """Return the row's position in the form that a cursor contains."""
    return [instant(value.replace(tzinfo=UTC)) if isinstance(value, datetime) else value, str(row_id)]


def _decode_position(listing: Listing, order: Order, values: list[Any]) -> PagePosition:
    value, row_id = values
    record: type[Record] = listing.lifecycle.record
    kind = codecs(record).get(order.column)
    is_instant = value is not None and (kind is None or kind.type is datetime)
    return from_instant(value) if is_instant else value, UUID(row_id)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A part of the list: the conditions of its rows, and the ORDER BY of these."""

    conditions: list[str]
    order_by: str


def _stretches(where: WhereClause, order: Order, after: PagePosition | None) -> list[_Stretch]:
    """Return the rows with a value that come after the position and, if the sort column may be null, those
    without one, which come last.
    """
    further = "<" if order.down else ">"
    column, by_value = f"r.{order.column}", order.range_order_by
    filled = [f"{column} is not null"] if order.may_be_empty else []
    # An index of the record's own table has both columns. In a joined table, null values are not followed by
    # another column.
    by_id = by_value if order.source is None else f"r.id{' desc' if order.down else ''}"
    empty = [_Stretch([f"{column} is null"], by_id)] if order.may_be_empty else []
    if after is None:
        return [_Stretch(filled, by_value), *empty]
    value, row_id = after
    if value is None:
        return [_Stretch([f"{column} is null", f"r.id {further} {where.bind(row_id)}"], by_id)]
    behind = f"({column}, r.id) {further} ({where.bind(value)}, {where.bind(row_id)})"
    return [_Stretch([*filled, behind], by_value), *empty]


def _ranges(
    renderer: Renderer, where: WhereClause, by_state: bool, conditions: Sequence[str] = ()
) -> list[str]:
    """Return the conditions of every range: by audience token, and by state if that helps; `conditions` hold
    for each.
    """
    agents_see = renderer.ledger.settings.agents_see
    everything = sees_every_record(renderer.caller, renderer.lifecycle, agents_see=agents_see)
    ranges = [[]] if everything else [[condition] for condition in _audience_conditions(renderer, where)]
    states: list[list[str]] = [[]]
    if where.states is not None:
        names = sorted(where.states)
        one_by_one = by_state or len(names) == 1
        if one_by_one and len(ranges) * len(names) <= MOST_RANGES:
            states = [[f"r.state = {where.bind(name)}"] for name in names] or [["false"]]
        else:
            states = [[f"r.state = any({where.bind(names)})"]]
    return [
        " and ".join([*where.conditions, *token, *state, *conditions]) or "true"
        for token, state in product(ranges, states)
    ]


def _with_searches(where: WhereClause, ranges: Sequence[str]) -> list[str]:
    """Return the conditions of every range, with the searches added."""
    return [
        " and ".join([condition, *(search.condition for search in where.searches)]) for condition in ranges
    ]


def _audience_conditions(renderer: Renderer, where: WhereClause) -> list[str]:
    """Return one condition per audience token of the caller and per compared column, and one for all records
    that the caller sees by child rows. Each is a range of its own, which an index can serve; an index cannot
    serve their disjunction.
    """
    lifecycle: Lifecycle[Any] = renderer.lifecycle
    conditions, via_child_rows = list[str](), []
    for token in sorted(tokens(renderer.caller, lifecycle)):
        conditions += lifecycle.conditions_for(token, where.bind)
        kind, _, token_id = token.partition(":")
        for child in lifecycle.children:
            if issubclass(child, ChildRecord) and kind == child.AUDIENCE_KIND:
                person, streams = where.bind(UUID(token_id)), where.bind(f"{lifecycle.kind}/%")
                via_child_rows.append(VIA_CHILD_ROWS.format(kind=child.KIND, who=person, what=streams))
    if via_child_rows:
        conditions.append(f"r.id in ({' union all '.join(via_child_rows)})")
    return [*conditions, *where.also_seen] or ["false"]
