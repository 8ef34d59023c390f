"""The page of what is due next: open cases by the due times of their clocks, which count down by themselves
where scripts run.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.desk.due import DueFilters, due_next
from app.desk.pages.context import open_desk
from app.html.wording import Wording
from app.kernel.actions.payloads import LONGEST_KEY

router = APIRouter(include_in_schema=False)
#: The table of the sentences on the page.
TABLE = "due_page"
MINUTE, HOUR = 60, 3600
OVERDUE = {"true": True, "false": False}
Key = Annotated[str, Field(max_length=LONGEST_KEY)]


class DueQuery(BaseModel):
    """Parameters of the page of what is due next; empty ones choose all."""

    model_config = ConfigDict(extra="ignore")

    team: Key | None = None
    service: Key | None = None
    overdue: Literal["", "true", "false"] | None = None


@router.get("/desk/due", operation_id="get_due_page")
async def get_due_page(request: Request, query: Annotated[DueQuery, Query()]) -> Response:
    """Return the page of open cases by their due time."""
    desk = open_desk(request)
    ledger, now, wording = ledger_of(request), utc_now(), Wording(desk.language, TABLE)
    filters = DueFilters(query.team or None, query.service or None, OVERDUE.get(query.overdue or ""))
    due = await due_next(ledger, caller_of(request), filters, now)
    return desk.answer(
        "due.html",
        wording.sentence("title"),
        due=due,
        services=[(service, service) for service in due.services],
        filters=filters,
        chosen_overdue=query.overdue,
        say=wording.sentence,
        states={kind: lifecycle.states for kind, lifecycle in desk.lifecycles.items()},
        now=now,
        time_left=lambda seconds: _time_left(wording, seconds),
    )


def _time_left(wording: Wording, seconds: int) -> str:
    """Return the time that is left, in agreed hours: as the script writes it, too."""
    hours, minutes = abs(seconds) // HOUR, abs(seconds) % HOUR // MINUTE
    time = wording.sentence("hours" if hours else "minutes", hours=hours, minutes=minutes)
    return time if seconds >= 0 else wording.sentence("overdue", time=time)
