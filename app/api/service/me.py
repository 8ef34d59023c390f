"""The caller, `/v1/me`, with the records that they may open; and sessions, which authenticate a browser
without a stored key, `/v1/sessions`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication import sessions
from app.api.authentication.auth import Ledger, caller_of, context_of, proof_of, require_in_person, session_of
from app.api.authentication.issuer import TokenClaims
from app.api.authentication.logins import signed_in_person
from app.api.contract.openapi import in_language, problems
from app.api.direct import Router
from app.api.open_actions import action_link
from app.api.records.shapes import OutputModel, PersonStub, TeamStub
from app.api.requests.accept import language_for
from app.common.people import PersonKind, Role, RoleGrant
from app.common.role_labels import RoleLabels
from app.kernel.access.directory import CachedTeam as Team
from app.kernel.actions.refusals import NotFound

router = Router(prefix="/v1", tags=["people"])
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


class OpeningOut(OutputModel):
    """An action that opens a record, and that the caller's roles allow."""

    kind: str
    kind_label: str = Field(description="Label of the kind, in the language asked for.")
    plural: str = Field(description="Its name in addresses.")
    action: str
    label: str = Field(description="Label, in the language asked for.")
    href: str = Field(description="The address that it is sent to.")
    method: str = Field(description="The method that it is sent by.")
    body_schema: str = Field(
        serialization_alias="schema", description="The name of its body's schema in the contract."
    )


class Openings(OutputModel):
    """The actions that open a record, and that the caller's roles allow."""

    items: list[OpeningOut] = Field(description="By kind, in the order of `lifecycles` of `/v1/meta`.")


class OpenSession(BaseModel):
    """An empty object: the request's own key or token decides for whom the session is."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


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
    encrypted = names[caller.person_id]
    mine = sorted((teams[team] for team in caller.teams), key=lambda team: team.key)
    me = Me(
        person=PersonStub(id=caller.person_id, name=(await ledger.vault.texts([encrypted]))[encrypted]),
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


@router.get(
    "/me/openings",
    operation_id="list_openings",
    summary="List the records one may open",
    response_model=Openings,
    responses=in_language() | problems(),
)
async def list_openings(request: Request, ledger: Ledger) -> Response:
    """List the actions that open a record of any kind and that the caller's roles allow, so that a list has a
    button for a new record only for those who may. What the body says can still forbid one.
    """
    caller, language = caller_of(request), language_for(request)
    items = [
        OpeningOut(
            kind=lifecycle.kind,
            kind_label=lifecycle.label(language),
            plural=lifecycle.plural,
            action=row.name,
            label=row.label(language),
            **action_link(lifecycle, row)._asdict(),
        )
        for lifecycle in ledger.lifecycles.values()
        for row in lifecycle.openings(caller)
    ]
    headers = {"Content-Language": language, "Vary": "Authorization, Accept-Language"}
    return Response(
        to_json(Openings(items=items), by_alias=True), headers=headers, media_type="application/json"
    )


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
    require_in_person(request)
    caller, now = caller_of(request), context_of(request).now
    claims: TokenClaims | None = request.scope["state"].get("token")
    if claims is not None:
        await signed_in_person(ledger, claims, now, request.state.request_id)
    opened = await sessions.open_session(ledger, caller, proof_of(request, caller), now)
    document = to_json(SessionOut(expires_at=opened.ends_at.astimezone(UTC)))
    answer = Response(document, 201, {"Location": CURRENT}, "application/json")
    opened.set_cookie(answer, secure=request.url.scheme == "https")
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
