"""Storage of saved views: named filters and sort orders of a list, or what is chosen on another page; private
or shared with a team.

Views are bookkeeping and not event-sourced (decision 0016). Each user of a view finds only records that they
may see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

from pydantic import BaseModel, ValidationError

from app.api.listings.list_queries import ListSelection
from app.api.listings.lists import Listing
from app.api.records.shapes import Renderer
from app.common.people import Caller
from app.kernel.actions.refusals import WrongValue
from app.platform.db import Database, Row

SelectionT = TypeVar("SelectionT", bound=BaseModel)
COLUMNS = "v.id, v.version, v.name, v.kind, v.query, v.owner_id, v.team_id, v.home, v.changed_at"
#: The caller owns the view, or belongs to the team that it is shared with.
USABLE = "(v.owner_id = %(me)s or v.team_id = any(%(teams)s))"
SAVE = f"""
insert into plumbing.view as v (id, version, owner_id, team_id, name, kind, query, home, changed_at)
select %(id)s, 1, %(me)s, %(team)s, %(name)s, %(kind)s, %(query)s, %(home)s, now()
where (select count(*) from plumbing.view where owner_id = %(me)s and id <> %(id)s) < %(most)s
on conflict (id) do update set version = v.version + 1, team_id = excluded.team_id, name = excluded.name,
  kind = excluded.kind, query = excluded.query, home = excluded.home, changed_at = excluded.changed_at
where v.owner_id = excluded.owner_id and (%(if_match)s::integer[] is null or v.version = any(%(if_match)s))
returning {COLUMNS}
"""
#: One of a person's views is their first page.
NO_OTHER_HOME = "update plumbing.view set home = false where owner_id = %(me)s and home and id <> %(id)s"
#: The most views of one person: few enough to be shown together.
MOST_VIEWS = 200


@dataclass(frozen=True, slots=True)
class ViewKind:
    """A kind of pages that views are of: the model of what is chosen there, and the address at which people
    find the view with that id and query.
    """

    #: Returns the model, which a list makes when it is first needed.
    selection: Callable[[], type[BaseModel]]
    address: Callable[[UUID, str], str]


def parse_selection(selection: type[SelectionT], query: str) -> SelectionT:
    """Return what a view's query chooses. Raises ValidationError."""
    parameters = parse_qs(query, keep_blank_values=True)
    single = {name: values[0] if len(values) == 1 else values for name, values in parameters.items()}
    return selection.model_validate(single)


async def saved_selection(listing: Listing, renderer: Renderer, view_id: UUID | None) -> ListSelection | None:
    """Return the filters and sort order of the view with that id. Raises WrongValue if the caller can use no
    such view.
    """
    if view_id is None:
        return None
    # The person who has just saved a view uses it. A view is not a record, so its position in the log cannot
    # be waited for.
    view = await find_view(renderer.ledger.primary, renderer.caller, view_id)
    if view is None or view["kind"] != listing.lifecycle.kind:
        raise WrongValue(parameter="view", because="no_such_view")
    try:
        return parse_selection(listing.selection, view["query"])
    except ValidationError as error:  # a filter or value that the view was saved with no longer exists
        raise WrongValue(parameter="view", because="no_such_view") from error


async def find_view(db: Database, caller: Caller, view_id: UUID) -> Row | None:
    """Return the view with that id; None if the caller cannot use it."""
    query = f"select {COLUMNS} from plumbing.view v where v.id = %(id)s and {USABLE}"
    return await db.row(query, {"id": view_id, **_caller_parameters(caller)})


async def page(db: Database, caller: Caller, kind: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Return the next views after that id that the caller can use, in the order of their ids."""
    conditions = [USABLE]
    conditions += [] if kind is None else ["v.kind = %(kind)s"]
    conditions += [] if after is None else ["v.id > %(after)s"]
    query = (
        f"select {COLUMNS} from plumbing.view v where {' and '.join(conditions)} order by v.id limit {limit}"
    )
    return await db.rows(query, {"kind": kind, "after": after, **_caller_parameters(caller)})


async def save(
    db: Database, caller: Caller, view_id: UUID, fields: dict[str, Any], if_match: frozenset[int] | None
) -> Row | None:
    """Create or replace the view; return None if it is somebody else's, has another version, or would exceed
    the limit.
    """
    versions = None if if_match is None else list(if_match)
    more = {"id": view_id, "if_match": versions, "most": MOST_VIEWS}
    parameters = {**fields, **more, **_caller_parameters(caller)}
    rows = await db.rows_in_turn(f"views/{caller.person_id}", SAVE, parameters)
    row = rows[0] if rows else None
    if row is not None and row["home"]:
        await db.rows(f"{NO_OTHER_HOME} returning id", {"id": view_id, "me": caller.person_id})
    return row


async def count_of(db: Database, caller: Caller) -> int:
    """Return the number of views that the caller owns."""
    query = "select count(*) from plumbing.view where owner_id = %s"
    return int(await db.value(query, (caller.person_id,)))


async def remove(db: Database, view_id: UUID) -> None:
    """Delete the view."""
    await db.rows("delete from plumbing.view where id = %s returning id", (view_id,))


async def remove_all_of(db: Database, person_id: UUID) -> None:
    """Delete all views of the person, whose names are personal data, at their erasure."""
    await db.rows("delete from plumbing.view where owner_id = %s returning id", (person_id,))


def _caller_parameters(caller: Caller) -> dict[str, Any]:
    return {"me": caller.person_id, "teams": list(caller.teams)}
