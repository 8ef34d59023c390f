"""Where persons, teams and API keys are: `/v1/persons`, `/v1/teams`, `/v1/keys`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api import idempotency, lists, reads
from app.api.actions import IfMatch, Name, answer, carry_out, mount_actions, operation
from app.api.actions import Key as IdempotencyHeader
from app.api.auth import Ledger, caller_of, context_of
from app.api.etag import version_of
from app.api.openapi import one_responses, problems
from app.api.shapes import Out, PersonStub, RecordOut, Renderer
from app.base.people import keys, persons, teams
from app.base.people.erase import without_refused_rows
from app.common.keys import hash_of, new_secret, token
from app.common.people import KeyState, PersonKind, PersonState, TeamKind, TeamState
from app.kernel.bodies import Body, Nothing
from app.kernel.lifecycle import Lifecycle
from app.kernel.perform import Act
from app.text import language_of

router = APIRouter(prefix="/v1", tags=["people"])


class PersonOut(RecordOut):
    """Somebody who asks, works or decides; or a machine's account."""

    state: PersonState
    kind: PersonKind
    name: str | None = Field(description="Null when they were erased.")
    email: str | None
    locale: str | None
    added_at: datetime
    erased_at: datetime | None


class PersonPage(Out):
    """Persons, those added last first."""

    items: list[PersonOut]
    next_cursor: str | None


class TeamOut(RecordOut):
    """A named set of persons that work is given to, or that is a customer."""

    state: TeamState
    key: str
    name: str
    kind: TeamKind
    added_at: datetime


class TeamPage(Out):
    """Teams, those added last first."""

    items: list[TeamOut]
    next_cursor: str | None


class KeyOut(RecordOut):
    """An API key; its secret is nowhere."""

    state: KeyState
    name: str | None = Field(description="Null when the person was erased.")
    person: PersonStub
    roles: list[str]
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyMade(KeyOut):
    """An API key as it is answered once."""

    token: str | None = Field(description="Send it as `Authorization: Bearer …`. Shown now and never again.")


class KeyPage(Out):
    """API keys, those made last first."""

    items: list[KeyOut]
    next_cursor: str | None


def _renderer(request: Request, ledger: Ledger, lifecycle: Lifecycle[Any], shape: type[Out]) -> Renderer:
    language = language_of(request.headers.get("accept-language"))
    return Renderer(ledger, lifecycle, shape, caller_of(request), language)


Paging = Annotated[lists.Paging, Query()]


@router.get("/persons", operation_id="list_persons", response_model=PersonPage, responses=problems(400, 422))
async def list_persons(request: Request, ledger: Ledger, paging: Paging) -> Response:
    """Persons: all for staff, oneself for everybody else."""
    renderer = _renderer(request, ledger, persons.LIFECYCLE, PersonOut)
    return lists.answer(request, await lists.page(renderer, paging, lists.Where(), by="added_at"))


@router.get("/persons/{id}", operation_id="get_person", response_model=PersonOut, responses=one_responses())
async def get_person(
    request: Request, ledger: Ledger, name: Name, if_none_match: reads.IfNoneMatch = None
) -> Response:
    """One person."""
    return await reads.one(_renderer(request, ledger, persons.LIFECYCLE, PersonOut), name, if_none_match)


@router.get("/teams", operation_id="list_teams", response_model=TeamPage, responses=problems(400, 422))
async def list_teams(request: Request, ledger: Ledger, paging: Paging) -> Response:
    """Teams."""
    renderer = _renderer(request, ledger, teams.LIFECYCLE, TeamOut)
    return lists.answer(request, await lists.page(renderer, paging, lists.Where(), by="added_at"))


@router.get("/teams/{id}", operation_id="get_team", response_model=TeamOut, responses=one_responses())
async def get_team(
    request: Request, ledger: Ledger, name: Name, if_none_match: reads.IfNoneMatch = None
) -> Response:
    """One team."""
    return await reads.one(_renderer(request, ledger, teams.LIFECYCLE, TeamOut), name, if_none_match)


@router.get("/keys", operation_id="list_keys", response_model=KeyPage, responses=problems(400, 422))
async def list_keys(request: Request, ledger: Ledger, paging: Paging) -> Response:
    """API keys: all for administrators, one's own for everybody else."""
    renderer = _renderer(request, ledger, keys.LIFECYCLE, KeyOut)
    return lists.answer(request, await lists.page(renderer, paging, lists.Where(), by="made_at"))


@router.get("/keys/{id}", operation_id="get_key", response_model=KeyOut, responses=one_responses())
async def get_key(
    request: Request, ledger: Ledger, name: Name, if_none_match: reads.IfNoneMatch = None
) -> Response:
    """One API key."""
    return await reads.one(_renderer(request, ledger, keys.LIFECYCLE, KeyOut), name, if_none_match)


class NewKey(Body):
    """An API key to be made; its secret is made here."""

    name: keys.KeyName
    person: keys.KeyPerson
    roles: keys.KeyRoles
    expires_at: keys.KeyEnd = None


@router.post("/keys", **operation(keys.LIFECYCLE, "make", KeyMade))
async def make_key(
    request: Request, ledger: Ledger, body: NewKey, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Somebody, or something, can call the API. The token is in this answer and never again."""
    secret = new_secret()
    made = keys.MakeKey(**body.model_dump(), secret_hash=hash_of(secret))
    key = await idempotency.key_of(ledger, request, "make_key", idempotency_key)
    act = Act(keys.LIFECYCLE, keys.LIFECYCLE["make"], None, made, context_of(request), None, key)
    carried_out = await carry_out(ledger, act)
    renderer = _renderer(request, ledger, keys.LIFECYCLE, KeyOut)
    shown = await renderer.one(carried_out.record)
    shown["token"] = None if carried_out.replayed else token(carried_out.record.id, secret)
    return answer(renderer, carried_out, shown)


@router.post("/persons/{id}/erase", **operation(persons.LIFECYCLE, "erase", PersonOut))
async def erase(
    request: Request,
    ledger: Ledger,
    name: Name,
    body: Nothing | None = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Their name and their words become unreadable, in rows and events alike, for ever."""
    key = await idempotency.key_of(ledger, request, "erase_person", idempotency_key)
    row = persons.LIFECYCLE["erase"]
    act = Act(persons.LIFECYCLE, row, name, body or Nothing(), context_of(request), version_of(if_match), key)
    async with without_refused_rows(ledger, act):
        carried_out = await carry_out(ledger, act)
    renderer = _renderer(request, ledger, persons.LIFECYCLE, PersonOut)
    return answer(renderer, carried_out, await renderer.one(carried_out.record))


mount_actions(router, persons.LIFECYCLE, PersonOut, prefix="/persons", left_out=frozenset({"erase"}))
mount_actions(router, teams.LIFECYCLE, TeamOut, prefix="/teams")
mount_actions(router, keys.LIFECYCLE, KeyOut, prefix="/keys", left_out=frozenset({"make"}))
