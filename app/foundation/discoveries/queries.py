"""Schemas and reads of discoveries, their differences, and the lines that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.api.listings import cursors
from app.api.listings.child_listings import ChildListing, render_rows
from app.api.listings.list_queries import Paging
from app.api.listings.lists import Listing
from app.api.records.plans import LoadedFrom
from app.api.records.shapes import OutputModel, RecordOut, Renderer, page_of
from app.common.records import CodeEnum
from app.foundation.cis.records import CiClass
from app.foundation.discoveries.lifecycle import LIFECYCLE
from app.foundation.discoveries.records import (
    DiscoveredKind,
    DiscoveredSettlement,
    Discovery,
    DiscoveryDifference,
)
from app.foundation.people.queries import PERSONS
from app.kernel.ledger import Ledger
from app.log.events import id_of

READ_LINES = """
select discovery_id as id, count(*) as lines from plumbing.discovered_item
where discovery_id = any(%s) group by discovery_id
"""
RIGHT_SHARE = """
select id, round(right_count::numeric / compared_count, 6)::float8 as share from fold.discovery
where id = any(%s) and compared_count > 0
"""
SELECT_REFUSED = """
select line, code, field from plumbing.discovery_refusal where discovery_id = %s and line > %s
order by line limit %s
"""
SELECT_DIFFERENCES = """
select d.* from fold.discovery_difference d
where d.record = %(record)s and (%(after)s::uuid is null or d.id > %(after)s)
and (%(kind)s::text is null or d.kind = %(kind)s)
and (%(ci_class)s::text is null or d.ci_class = %(ci_class)s)
and (%(attribute)s::text is null or d.attribute = %(attribute)s)
and (%(identity)s::text is null or lower(d.identity) = lower(%(identity)s))
and (%(settlement)s::text is null or d.settlement = %(settlement)s)
and (%(settled)s::boolean is null or (d.settlement is not null) = %(settled)s)
order by d.id limit %(limit)s
"""


class DiscoveryFault(CodeEnum):
    """A fault in a line of a discovery's file."""

    too_large = "too_large", "Line too long", "行过长"
    undecodable = "undecodable", "Line not in UTF-8", "不是 UTF-8 编码"
    nul = "nul", "Contains a NUL character", "含有 NUL 字符"
    broken_quotes = "broken_quotes", "Broken quotation marks", "引号不完整"
    wrong_cells = "wrong_cells", "Number of cells differs from the heading", "列数与表头不符"
    bad_json = "bad_json", "Not a JSON object", "不是 JSON 对象"
    no_identity = "no_identity", "Does not identify an item", "未标识配置项"
    listed_twice = "listed_twice", "An earlier line has the same item", "同一配置项重复出现"
    ambiguous = "ambiguous", "Matches several recorded items", "多个已登记配置项具有该标识"
    no_class = "no_class", "No class", "未说明类别"
    unknown_class = "unknown_class", "Unknown class", "未知类别"
    not_usable = "not_usable", "Unusable value: too long, or not a single line", "值不可用：过长或不是单行"
    too_many_values = "too_many_values", "Too many values", "值过多"


async def read_lines_of(ledger: Ledger, discoveries: Sequence[UUID]) -> dict[UUID, int]:
    """Return, by discovery, the number of lines that have been read of a file being compared."""
    return {row["id"]: row["lines"] for row in await ledger.db.rows(READ_LINES, (list(discoveries),))}


async def right_share_of(ledger: Ledger, discoveries: Sequence[UUID]) -> dict[UUID, float]:
    """Return, by discovery, the share of the compared items whose record is right."""
    return {row["id"]: row["share"] for row in await ledger.db.rows(RIGHT_SHARE, (list(discoveries),))}


class DiscoveryOut(
    RecordOut,
    of=Discovery,
    without="upload_id",
    after={"right_count": "right_share", "failure": "lines_read"},
):
    """Configuration items that a tool has found, compared with the recorded ones."""

    complete_classes: list[CiClass] = Field(
        description="Classes whose items in use are all in the file, so that an item that is not in the "
        "file counts as missing."
    )
    columns: dict[str, str] = Field(
        description="Field for each column of the file; empty if the columns have the names of the fields."
    )
    class_counts: dict[str, int] | None = Field(
        description="Number of differences by class of the items; null until the file is compared."
    )
    lines_read: Annotated[int | None, LoadedFrom(read_lines_of, single=True)] = Field(
        description="Number of lines read so far; null unless the file is being compared."
    )
    right_share: Annotated[float | None, LoadedFrom(right_share_of, single=True)] = Field(
        description="Share of the compared items whose recorded values are right, from 0 to 1; null if "
        "no item was compared, and in versions requested by `as_of`."
    )


DISCOVERIES = Listing(
    lifecycle=LIFECYCLE,
    shape=DiscoveryOut,
    filters=("state", "key", "source", "imported_at", "found_at", "changed_at"),
    sorts=("imported_at", "key", "found_at"),
    expands=(PERSONS,),
)


class DiscoveryDifferenceOut(OutputModel, of=DiscoveryDifference):
    """A difference between a discovery and the recorded values, and its settlement."""

    found_item: dict[str, Any] | None = Field(
        description="Found item that is not recorded, with `key`, `name`, `ci_class`, `services` and "
        "`attributes`; null for other differences."
    )


class RefusedLineOut(OutputModel):
    """A line of a discovery's file that could not be read or compared."""

    line: int = Field(description="Number of the line in the file, from 1.")
    code: DiscoveryFault
    label: str = Field(description="Label of the fault, in the requested language.")
    field: str | None = Field(
        description="Field or attribute with the fault; null if the fault concerns the whole line."
    )


DIFFERENCES = ChildListing(
    "differences",
    DiscoveryDifference,
    "id",
    DiscoveryDifferenceOut,
    "differences between a discovery and the recorded values, in the order in which they are settled",
)
REFUSED_PAGE = page_of(RefusedLineOut, "lines that could not be read or compared, in the order of the file")


class DifferenceQuery(Paging):
    """The differences to list."""

    kind: DiscoveredKind | None = Field(default=None, description="Kind of the differences.")
    ci_class: CiClass | None = Field(default=None, description="Class of the items.")
    attribute: str | None = Field(
        default=None,
        max_length=100,
        description="Value that differs, such as `name` or `attributes.memory_gib`.",
    )
    identity: str | None = Field(default=None, max_length=200, description="Identity of the item.")
    settlement: DiscoveredSettlement | None = Field(
        default=None, description="Settlement of the differences."
    )
    settled: bool | None = Field(
        default=None, description="`true` for settled differences, `false` for the others."
    )


async def differences_page(
    renderer: Renderer, discovery: Discovery, query: DifferenceQuery
) -> dict[str, Any]:
    """Return a page of the discovery's differences. Raises BadCursor."""
    selection = query.model_dump(mode="json", exclude={"cursor", "limit"})
    scope = f"{discovery.row_key} differences {sorted(selection.items(), key=str)}"
    sign = renderer.ledger.vault.fingerprint
    after = None if query.cursor is None else UUID(cursors.read(query.cursor, scope, sign)[0])
    rows = await renderer.ledger.db.rows(
        SELECT_DIFFERENCES,
        {"record": discovery.row_key, "after": after, "limit": query.limit + 1, **selection},
    )
    shown_rows, cursor = rows[: query.limit], None
    if len(rows) > query.limit:
        cursor = cursors.write([str(shown_rows[-1]["id"])], scope, sign)
    items = await render_rows(renderer, discovery, DIFFERENCES, shown_rows)
    return {"items": items, "next_cursor": cursor}


async def refused_page(renderer: Renderer, discovery: Discovery, query: Paging) -> dict[str, Any]:
    """Return a page of the lines that could not be read or compared. Raises BadCursor."""
    scope, sign = f"{discovery.row_key} refused", renderer.ledger.vault.fingerprint
    after = 0 if query.cursor is None else int(cursors.read(query.cursor, scope, sign)[0])
    parameters = (id_of(discovery.row_key), after, query.limit + 1)
    rows = await renderer.ledger.db.rows(SELECT_REFUSED, parameters)
    shown_rows, cursor = rows[: query.limit], None
    if len(rows) > query.limit:
        cursor = cursors.write([str(shown_rows[-1]["line"])], scope, sign)
    items = [{**row, "label": DiscoveryFault(row["code"]).label(renderer.language)} for row in shown_rows]
    return {"items": items, "next_cursor": cursor}
