"""My work: what waits for the reader by urgency, the queues of their teams, and what they follow."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.api.state_words import state_label
from app.common.faces import TAKE_ACTION
from app.common.people import STAFF_ROLES
from app.desk.administration.waiting import administrator_tasks
from app.desk.first_steps.progress import unfinished_steps
from app.desk.names import NAME
from app.desk.pages.context import Desk, open_desk, require_signed_in
from app.desk.pages.homes import role_work
from app.desk.pages.lists.tabs import ASSIGN, open_states
from app.desk.pages.lists.waiting_rows import NEVER, NO_PRIORITY, WaitingRow, asked_rows
from app.desk.pages.records import HANDED_OVER, RecordView
from app.desk.values import NAMING
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import instant

router = Router(include_in_schema=False)
MOST_MINE, MOST_QUEUED, MOST_FOLLOWED = "50", "20", "10"
#: The fields that are read of records that the reader follows, owns and may take.
FOLLOWED_FIELDS = NAMING | {"id", "state", "changed_at"}
OPEN_FIELDS = NAMING | {"id", "state", "priority", "sla", "wake_up_at"}
QUEUED_FIELDS = OPEN_FIELDS | {"version", "team", "actions"}


@dataclass(frozen=True, slots=True)
class QueuedRecord:
    """An open record: of a queue without an assignee, or one that is followed. `can_take`: the reader may
    make it theirs.
    """

    view: RecordView
    state: str
    due_at: str | None
    can_take: bool


@dataclass(frozen=True, slots=True)
class QueueCount:
    """A queue: its kind and team, the numbers of its open records and of those without an assignee, and the
    addresses of their lists.
    """

    kind: str
    team: str | None
    open: int
    unassigned: int
    open_address: str
    unassigned_address: str


@router.get("/")
async def get_start_page(request: Request) -> Response:
    """Lead staff to the desk, and others to the portal."""
    is_staff = not STAFF_ROLES.isdisjoint(require_signed_in(request).role_codes)
    return RedirectResponse("/desk" if is_staff else "/portal", HTTP_303_SEE_OTHER)


@router.get("/desk")
async def get_work_page(request: Request) -> Response:
    """Return the page of the reader's work."""
    desk = open_desk(request)
    position = await desk.log_position()
    work, followed, own, steps, administering = await asyncio.gather(
        desk.calls.read("/v1/me/work"),
        _followed(desk),
        role_work(desk),
        unfinished_steps(desk),
        administrator_tasks(desk),
    )
    queues = [queue for queue in work["queues"] if queue["team"] or _is_taken(desk.lifecycle(queue["kind"]))]
    requested, mine, queued = await asyncio.gather(
        asked_rows(desk, work), _mine(desk, work), _queued(desk, queues)
    )
    waiting = sorted([*requested, *mine], key=lambda row: row.urgency)
    title = desk.sentence("my_work")
    handed_over = request.query_params.get(HANDED_OVER, "")
    return desk.answer(
        "work.html",
        f"({len(waiting)}) {title}" if waiting else title,
        heading=title,
        handed_over=handed_over if NAME.fullmatch(handed_over) else None,
        live=desk.live_news(position),
        waiting=waiting,
        queued=queued,
        followed=followed,
        queues=[_queue_count(desk, queue) for queue in queues if queue["open"]],
        now=instant(utc_now()),
        role=own,
        first_steps=steps,
        administering=administering,
        openings=[] if waiting or own.opened else await desk.openings(),
    )


def _is_taken(lifecycle: Lifecycle[Any]) -> bool:
    """Return whether people take records of the kind themselves. Of other kinds, those without a team wait
    for their managers.
    """
    return any(TAKE_ACTION in names for names in lifecycle.face.primary.values())


async def _mine(desk: Desk, work: Mapping[str, Any]) -> list[WaitingRow]:
    """Return the open records that are the reader's."""
    kinds = dict.fromkeys(case["kind"] for case in (*work["open"], *work["due_next"]))
    lists = [_open_records(desk, desk.lifecycle(kind), {"assignee": "me"}, MOST_MINE) for kind in kinds]
    return [_mine_row(desk, record) for page in await asyncio.gather(*lists) for record in page]


def _mine_row(desk: Desk, queued: QueuedRecord) -> WaitingRow:
    record, view = queued.view.record, queued.view
    to_do = f"{desk.kind_label(view.lifecycle.kind)} · {queued.state}"
    wakes_at = record.get("wake_up_at")
    ends_hold = wakes_at is not None and (queued.due_at is None or wakes_at < queued.due_at)
    due_at = wakes_at if ends_hold else queued.due_at
    return WaitingRow(
        to_do, view.path, view.spoken_name, view.title, record.get("priority"), due_at, ends_hold
    )


async def _queued(desk: Desk, queues: Sequence[Mapping[str, Any]]) -> list[QueuedRecord]:
    """Return the records in the reader's queues that have no assignee, the most urgent first."""
    teams: dict[str, list[str]] = {}
    for queue in queues:
        if queue["unassigned"]:
            teams.setdefault(queue["kind"], []).append(_team_key(queue))
    lists = [
        _open_records(
            desk,
            desk.lifecycle(kind),
            {"team": ",".join(keys), "assignee": "none"},
            MOST_QUEUED,
            QUEUED_FIELDS,
        )
        for kind, keys in teams.items()
    ]
    records = [record for page in await asyncio.gather(*lists) for record in page]
    return sorted(records, key=_urgency)


def _urgency(queued: QueuedRecord) -> tuple[str, str]:
    return queued.due_at or NEVER, queued.view.record.get("priority") or NO_PRIORITY


async def _followed(desk: Desk) -> list[QueuedRecord]:
    """Return what the reader follows and is not done with, the latest change first."""
    lists = []
    for lifecycle in desk.lifecycles.values():
        screen = desk.contract.listing(lifecycle.plural)
        if screen is not None and any(field.name == "follower" for field in screen.filters):
            states = ",".join(open_states(lifecycle))
            parameters = {"follower": "me", "sort": "-changed_at", **({"state": states} if states else {})}
            lists.append(_records(desk, lifecycle, parameters, MOST_FOLLOWED, FOLLOWED_FIELDS))
    records = [record for page in await asyncio.gather(*lists) for record in page]
    records.sort(key=lambda queued: str(queued.view.record["changed_at"]), reverse=True)
    return records[: int(MOST_FOLLOWED)]


async def _open_records(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    parameters: Mapping[str, str],
    limit: str,
    names: Collection[str] = OPEN_FIELDS,
) -> list[QueuedRecord]:
    """Return the open records that these parameters choose, the most urgent first."""
    screen = desk.contract.listing(lifecycle.plural)
    assert screen is not None, "every kind has a list"
    chosen = {**parameters, "state": ",".join(open_states(lifecycle))}
    sort = next((sort for sort in ("due", "priority") if sort in screen.sorts), None)
    return await _records(desk, lifecycle, chosen | ({"sort": sort} if sort else {}), limit, names)


async def _records(
    desk: Desk,
    lifecycle: Lifecycle[Any],
    parameters: Mapping[str, str],
    limit: str,
    names: Collection[str],
) -> list[QueuedRecord]:
    fields = [name for name in desk.contract.record_fields(lifecycle.plural) or () if name in names]
    chosen = {**parameters, "limit": limit, "fields": ",".join(fields)}
    page = await desk.calls.read_if_allowed(f"/v1/{lifecycle.plural}", chosen)
    return [_queued_record(desk, lifecycle, record) for record in page["items"]] if page else []


def _queued_record(desk: Desk, lifecycle: Lifecycle[Any], record: Mapping[str, Any]) -> QueuedRecord:
    state = state_label(lifecycle, record, desk.language)
    due_at = (record.get("sla") or {}).get("due_at")
    can_take = ASSIGN in (record.get("actions") or ())
    return QueuedRecord(RecordView(lifecycle, record, desk.language), state, due_at, can_take)


def _queue_count(desk: Desk, queue: Mapping[str, Any]) -> QueueCount:
    states = ",".join(open_states(desk.lifecycle(queue["kind"])))
    address = f"/desk/{queue['kind']}?{urlencode({'team': _team_key(queue), 'state': states})}"
    team = queue["team"]["name"] if queue["team"] else desk.sentence("service_desk")
    return QueueCount(
        desk.kind_label(queue["kind"]),
        team,
        queue["open"],
        queue["unassigned"],
        address,
        f"{address}&assignee=none",
    )


def _team_key(queue: Mapping[str, Any]) -> str:
    return "none" if queue["team"] is None else str(queue["team"]["key"])
