"""The page of what is due next: open tickets by the due times of their clocks, which count down by themselves
where scripts run; and the reader's own dates: promises, tasks, votes and steps.
"""

from __future__ import annotations

import asyncio

from fastapi import Request
from starlette.responses import Response

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.desk.pages.context import open_desk
from app.desk.pages.lists.waiting_rows import asked_rows
from app.html.wording import Wording
from app.log.canonical import instant
from app.service_level_engine.clock import ClockState
from app.service_level_engine.targets import Metric

router = Router(include_in_schema=False)
#: The table of the sentences on the page.
TABLE = "due_page"
MINUTE, HOUR = 60, 3600
#: The parameters of the operation; empty ones choose all.
FILTERS = ("team", "service", "overdue")


@router.get("/desk/due")
async def get_due_page(request: Request) -> Response:
    """Return the page of open cases by their due time."""
    desk = open_desk(request)
    now = utc_now()
    wording, chosen = Wording(desk.language, TABLE), request.query_params
    filters = {name: chosen[name] for name in FILTERS if chosen.get(name)}
    due, work = await asyncio.gather(
        desk.calls.read("/v1/clocks/due", filters), desk.calls.read("/v1/me/work")
    )
    dated = [row for row in await asked_rows(desk, work) if row.due_at is not None]
    named = await desk.names.titles("service", due["services"])
    return desk.answer(
        "due.html",
        wording.sentence("title"),
        due=due,
        dated=dated,
        filters=filters,
        teams=[(team["key"], team["name"]) for team in due["teams"]],
        services=[(key, named.get(key, key)) for key in due["services"]],
        named=named,
        say=wording.sentence,
        states={kind: lifecycle.states for kind, lifecycle in desk.lifecycles.items()},
        metrics=Metric,
        clocks=ClockState,
        now=now,
        now_text=instant(now),
        time_left=lambda seconds: _time_left(wording, seconds),
    )


def _time_left(wording: Wording, seconds: int) -> str:
    """Return the time that is left, in agreed hours: as the script writes it, too."""
    hours, minutes = abs(seconds) // HOUR, abs(seconds) % HOUR // MINUTE
    time = wording.sentence("hours" if hours else "minutes", hours=hours, minutes=minutes)
    return time if seconds >= 0 else wording.sentence("overdue", time=time)
