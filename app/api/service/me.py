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
from app.api.authentication.auth import (
    RequestLedger,
    caller_of,
    context_of,
    proof_of,
    require_no_assistant,
    session_of,
)
from app.api.authentication.issuer import TokenClaims
from app.api.authentication.logins import signed_in_person
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.open_actions import action_link
from app.api.records.shapes import OutputModel, PersonStub, TeamStub
from app.api.requests.accept import language_for
from app.common.people import PersonKind, Role, RoleGrant, RoleLabels
from app.kernel.access.directory import CachedTeam as Team
from app.kernel.actions.refusals import NotFound

router = Router(prefix="/v1", tags=["people"])
CURRENT = "/v1/sessions/current"


class RoleScope(OutputModel):
    """The team, service or process to which a role is limited."""

    kind: str = Field(description="Kind of the scope: `team`, `service` or `process`.")
    key: str = Field(description="Key of the team or service, or kind of the records of the process.")


class RoleGrantOut(OutputModel):
    """A role that the caller holds."""

    role: Role
    label: str = Field(description="Label of the role, in the requested language.")
    scope: RoleScope | None = Field(
        description="Records for which the role applies; null if it applies to all."
    )


class Me(OutputModel):
    """The caller: person, roles, teams and language."""

    person: PersonStub
    kind: PersonKind
    roles: list[RoleGrantOut] = Field(description="Roles of the key, or all roles of the person.")
    teams: list[TeamStub] = Field(description="Teams that the person belongs to.")
    language: str = Field(description="Language of the person, as a language tag.")
    key_id: UUID | None = Field(
        description="Identifier of the API key; null if the caller signed in at an identity provider."
    )
    expires_at: datetime | None = Field(
        description="Time at which the key, token or session ends; null if it does not end."
    )
    session: bool = Field(description="True if the request is authenticated by a cookie.")


class OpeningOut(OutputModel):
    """An action that creates a record and that the caller's roles permit."""

    kind: str = Field(description="Kind of the record, such as `incident`.")
    kind_label: str = Field(description="Label of the kind, in the requested language.")
    plural: str = Field(description="Name of the kind in addresses.")
    action: str = Field(description="Name of the action that creates the record, as in `report`.")
    label: str = Field(description="Label of the action, in the requested language.")
    href: str = Field(description="Address to send the action to.")
    method: str = Field(description="HTTP method of the action.")
    body_schema: str = Field(
        serialization_alias="schema", description="Name of the schema of the action's body in the contract."
    )


class Openings(OutputModel):
    """The actions that create records and that the caller's roles permit."""

    items: list[OpeningOut] = Field(
        description="Actions by kind, in the order of `lifecycles` in `/v1/meta`."
    )


class OpenSession(BaseModel):
    """An empty object: the key or token of the request decides whose session it is."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class SessionOut(OutputModel):
    """A session of a browser."""

    expires_at: datetime = Field(description="Time at which the session ends.")


@router.endpoint("/me", "Get the caller", Me, responses=in_language())
async def get_me(request: Request, ledger: RequestLedger) -> Response:
    """Return the caller: the person with roles, teams and language, and the end of the key or session."""
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


@router.endpoint("/me/openings", "List the records one may open", Openings, responses=in_language())
async def list_openings(request: Request, ledger: RequestLedger) -> Response:
    """List the actions that create records and that the caller's roles permit, for example to show a button
    for a new record only to people who may use it. The content of a request may still be refused.
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


OPENED: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Set-Cookie": {}}, "description": "The session is open."}
}
ENDED: dict[int | str, dict[str, Any]] = {
    204: {"headers": {"Set-Cookie": {}}, "description": "The session has ended."}
}


@router.endpoint("/sessions", "Open a session", SessionOut, method="POST", responses=OPENED, status_code=201)
async def open_session(
    request: Request, ledger: RequestLedger, body: Annotated[OpenSession | None, Body()] = None
) -> Response:
    """Open a session of a browser, so that the browser needs no key: the answer's cookie replaces the key or
    token of the request. Scripts cannot read the cookie and other sites cannot use it. The session ends at
    `expires_at`, when its key or secret ends, or when it is ended by `DELETE`.
    """
    if session_of(request) is not None:
        raise sessions.KeyRequired()
    require_no_assistant(request)
    caller, now = caller_of(request), context_of(request).now
    claims: TokenClaims | None = request.scope["state"].get("token")
    if claims is not None:
        await signed_in_person(ledger, claims, now, request.state.request_id)
    opened = await sessions.open_session(ledger, caller, proof_of(request, caller), now)
    document = to_json(SessionOut(expires_at=opened.ends_at.astimezone(UTC)))
    answer = Response(document, 201, {"Location": CURRENT}, "application/json")
    opened.set_cookie(answer, secure=request.url.scheme == "https")
    return answer


@router.endpoint(
    "/sessions/current", "End the session", method="DELETE", refused=(404,), responses=ENDED, status_code=204
)
async def end_session(request: Request, ledger: RequestLedger) -> Response:
    """End the session of the cookie, in all server processes at once."""
    session = session_of(request)
    if session is None:
        raise NotFound()
    await sessions.delete_session(ledger.db, session.id)
    answer = Response(status_code=204)
    sessions.set_cookie(answer, "", seconds=0, secure=request.url.scheme == "https")
    return answer
