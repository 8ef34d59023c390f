"""Routes of the rota: `/v1/shifts`, `/v1/stand_ins`, and a team's persons on call and its duty spans."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of
from app.api.direct import Router
from app.api.records.actions import mount_actions
from app.api.records.reads import Name, mount_reads
from app.api.records.shapes import OutputModel, PersonStub, TeamStub
from app.api.routes import Routes
from app.foundation.people import teams
from app.foundation.people.queries import person_stubs
from app.foundation.people.records import Team
from app.foundation.rota import shifts, stand_ins
from app.foundation.rota.on_call import duty_spans, on_call
from app.foundation.rota.queries import SHIFTS, STAND_INS, ShiftOut, StandInOut
from app.foundation.rota.records import Duty
from app.kernel.access.reads import load
from app.kernel.actions.payloads import Instant
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.log.canonical import instant

router = Router(prefix="/v1", tags=["people"])
mount_reads(router, SHIFTS, prefix="/shifts")
mount_reads(router, STAND_INS, prefix="/stand_ins")
LONGEST_ROTA = timedelta(days=92)


class OnCallOut(OutputModel):
    """The persons on call in a team."""

    team: TeamStub
    on_call_at: datetime = Field(description="Time for which the persons on call are listed.")
    persons: list[PersonStub] = Field(description="Active persons who are on call at that time.")


class RotaSpan(OutputModel):
    """A span of time, and the persons on duty in it."""

    starts_at: datetime = Field(description="First instant of the span.")
    ends_at: datetime = Field(description="First instant after the span.")
    persons: list[PersonStub] = Field(description="Persons who are on duty in the span.")


class RotaOut(OutputModel):
    """The duty spans of a team in a period; times without anybody on duty have no span."""

    team: TeamStub
    duty: Duty
    items: list[RotaSpan]


class OnCallQuery(BaseModel):
    """The instant to return the persons on call for."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    at: Instant | None = Field(
        default=None, description="Time for which the persons on call are listed; if left out, now."
    )


class RotaQuery(BaseModel):
    """The period and the duty to return the spans for."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Instant = Field(alias="from", description="Beginning of the period.")
    end: Instant = Field(alias="to", description="End of the period, exclusive; at most 92 days later.")
    duty: Duty = Field(default=Duty.on_call, description="Kind of duty.")


@router.endpoint("/teams/{id}/on-call", "Get the persons on call", OnCallOut, refused=(404, 422))
async def get_team_on_call(
    request: Request, ledger: RequestLedger, name: Name, query: Annotated[OnCallQuery, Query()]
) -> Response:
    """Return the persons on call in a team, now or at another time. For staff."""
    team = await _team(request, ledger, name)
    on_call_at = query.at or context_of(request).now
    persons = await on_call(ledger.db, team.id, on_call_at)
    stubs = await person_stubs(ledger, persons)
    content = {
        "team": _team_stub(team),
        "on_call_at": instant(on_call_at),
        "persons": [stubs[person] for person in persons],
    }
    return Response(to_json(content), media_type="application/json")


@router.endpoint("/teams/{id}/rota", "Get a team's rota", RotaOut, refused=(404, 422))
async def get_team_rota(
    request: Request, ledger: RequestLedger, name: Name, query: Annotated[RotaQuery, Query()]
) -> Response:
    """Return the spans of duty of a team in a period, with stand-ins included. For staff."""
    team = await _team(request, ledger, name)
    if not query.begin < query.end <= query.begin + LONGEST_ROTA:
        fault = {"type": "not_a_rota", "loc": ("query", "to"), "msg": "", "ctx": {"days": LONGEST_ROTA.days}}
        raise RequestValidationError([fault])
    spans = await duty_spans(ledger.db, team.id, query.duty, query.begin, query.end)
    stubs = await person_stubs(ledger, {person for span in spans for person in span.persons})
    items = [
        {
            "starts_at": instant(span.begin),
            "ends_at": instant(span.end),
            "persons": [stubs[person] for person in span.persons],
        }
        for span in spans
    ]
    content = {"team": _team_stub(team), "duty": query.duty.value, "items": items}
    return Response(to_json(content), media_type="application/json")


async def _team(request: Request, ledger: Ledger, name: str) -> Team:
    """Return the team of that name, for staff. Raises NotFound for others, as duties are for staff."""
    loaded = await load(ledger.db, teams.LIFECYCLE, name)
    if loaded is None or not caller_of(request).is_staff:
        raise NotFound()
    return loaded.record


def _team_stub(team: Team) -> dict[str, Any]:
    return {"id": team.id, "key": team.key, "name": team.name}


mount_actions(router, shifts.LIFECYCLE, ShiftOut, prefix="/shifts")
mount_actions(router, stand_ins.LIFECYCLE, StandInOut, prefix="/stand_ins")


ROUTES = Routes(
    (router,),
    (
        SHIFTS,
        STAND_INS,
    ),
)
