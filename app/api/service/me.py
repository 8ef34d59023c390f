"""The caller, `/v1/me`; and sessions, which authenticate a browser without a stored key, `/v1/sessions`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication import sessions
from app.api.authentication.auth import Ledger, caller_of, context_of, proof_of, session_of
from app.api.contract.openapi import in_language, problems
from app.api.records.shapes import OutputModel, PersonStub, TeamStub
from app.api.requests.accept import language_for
from app.common.people import PersonKind, Role, RoleGrant
from app.common.role_labels import RoleLabels
from app.kernel.access.directory import CachedTeam as Team
from app.kernel.actions.refusals import NotFound, SupersededSecret

router = APIRouter(prefix="/v1", tags=["people"])
CURRENT = "/v1/sessions/current"


class RoleScope(OutputModel):
    """The scope of a role."""

    kind: str = Field(description="`team`, `service` or `process`.")
    key: str = Field(description="Scope of the role: a team, a service or a kind of record.")


class RoleGrantOut(OutputModel):
    """A role that the caller holds."""

    role: Role
    label: str = Field(description="Label, in the language asked for.")
    scope: RoleScope | None = Field(description="The records that it counts for; null: all.")


class Me(OutputModel):
    """The caller: person, roles, teams and language."""

    person: PersonStub
    kind: PersonKind
    roles: list[RoleGrantOut] = Field(description="Those of this key, or all that the person holds.")
    teams: list[TeamStub] = Field(description="Those that the person belongs to.")
    language: str = Field(description="The person's own, as a language tag.")
    key_id: UUID | None = Field(description="Null: an identity provider says who calls, and no key.")
    expires_at: datetime | None = Field(
        description="Time at which the key, token or session ends; null: never."
    )
    session: bool = Field(description="True if a cookie says who calls, and not a key.")


class OpenSession(BaseModel):
    """An empty object: the request's own key or token decides for whom the session is."""

    model_config = ConfigDict(extra="forbid")


class SessionOut(OutputModel):
    """A session of a browser."""

    expires_at: datetime


@router.get(
    "/me",
    operation_id="get_me",
    summary="Get the caller",
    response_model=Me,
    responses=in_language() | problems(),
)
async def get_me(request: Request, ledger: Ledger) -> Response:
    """Return the caller: the person, the roles and teams, the language, and when the key ends."""
    caller, language = caller_of(request), language_for(request)
    assert caller.person_id is not None, "every key stands for a person"
    names = await ledger.directory.names([caller.person_id])
    scoped = {held.team_id for held in caller.roles if held.team_id is not None}
    teams = await ledger.directory.teams({*caller.teams, *scoped})
    sealed = names[caller.person_id]
    mine = sorted((teams[team] for team in caller.teams), key=lambda team: team.key)
    me = Me(
        person=PersonStub(id=caller.person_id, name=(await ledger.vault.texts([sealed]))[sealed]),
        kind=PersonKind.machine if caller.actor.startswith("integration:") else PersonKind.human,
        roles=[_role_grant(held, ledger.role_labels, language, teams) for held in caller.roles],
        teams=[TeamStub(id=team.id, key=team.key, name=team.name) for team in mine],
        language=caller.locale,
        key_id=caller.key_id,
        expires_at=caller.ends_at,
        session=session_of(request) is not None,
    )
    headers = {"Content-Language": language, "Vary": "Authorization, Accept-Language"}
    return Response(to_json(me), headers=headers, media_type="application/json")


def _role_grant(held: RoleGrant, labels: RoleLabels, language: str, teams: dict[UUID, Team]) -> RoleGrantOut:
    scope = None
    if held.team_id is not None:
        scope = RoleScope(kind="team", key=teams[held.team_id].key)
    elif held.service is not None:
        scope = RoleScope(kind="service", key=held.service)
    elif held.process is not None:
        scope = RoleScope(kind="process", key=held.process)
    return RoleGrantOut(role=held.role, label=labels.label(held.role, language), scope=scope)


OPENED: dict[int | str, dict[str, Any]] = {201: {"headers": {"Set-Cookie": {}}, "description": "Opened."}}
ENDED: dict[int | str, dict[str, Any]] = {204: {"headers": {"Set-Cookie": {}}, "description": "Ended."}}


@router.post(
    "/sessions",
    operation_id="open_session",
    summary="Open a session",
    status_code=201,
    response_model=SessionOut,
    responses=OPENED | problems(400, 403, 413, 415, 422),
)
async def open_session(
    request: Request, ledger: Ledger, body: Annotated[OpenSession | None, Body()] = None
) -> Response:
    """Open a session of a browser, which then needs no key: the answer's cookie stands for the request's key,
    or for the person whom its token names.

    No script can read the cookie, no other site can use it. The session ends at `expires_at`, with its key or
    the secret of the key that opened it, or when it is ended.
    """
    if session_of(request) is not None:
        raise sessions.KeyRequired()
    caller, now = caller_of(request), context_of(request).now
    if caller.is_superseded:
        raise SupersededSecret()
    ends = now + timedelta(hours=ledger.settings.session_hours)
    if caller.key_id is not None and caller.ends_at is not None:
        ends = min(ends, caller.ends_at)
    session = await sessions.create_session(ledger.db, caller, proof_of(request), now, ends)
    cookie = session.value(ledger.vault.fingerprint)
    document = to_json(SessionOut(expires_at=ends.astimezone(UTC)))
    answer = Response(document, 201, {"Location": CURRENT}, "application/json")
    seconds = int((ends - now).total_seconds())
    sessions.set_cookie(answer, cookie, seconds=seconds, secure=request.url.scheme == "https")
    return answer


@router.delete(
    "/sessions/current",
    operation_id="end_session",
    summary="End the session",
    status_code=204,
    responses=ENDED | problems(403, 404),
)
async def end_session(request: Request, ledger: Ledger) -> Response:
    """End the session of the cookie, in every process at once."""
    session = session_of(request)
    if session is None:
        raise NotFound()
    await sessions.delete_session(ledger.db, session.id)
    answer = Response(status_code=204)
    sessions.set_cookie(answer, "", seconds=0, secure=request.url.scheme == "https")
    return answer
