"""Routes of people: `/v1/persons`, `/v1/teams`, `/v1/groups`, `/v1/keys`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, context_of
from app.api.commands.performing import perform_idempotently
from app.api.direct import Router
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import page_response as listed
from app.api.listings.paging import page
from app.api.open_actions import send_as
from app.api.records.actions import IdempotencyKeyHeader as IdempotencyHeader
from app.api.records.actions import IfMatch, action_response, mount_actions, operation, perform_showing_secret
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.records.shapes import OutputModel
from app.api.requests.etag import versions_of
from app.api.requests.request_keys import key_of
from app.api.routes import Routes
from app.common.keys import hash_of, new_secret, token
from app.foundation.people import groups, keys, persons, teams
from app.foundation.people.credentials.key_standing import secrets_of, standing_of
from app.foundation.people.erase import erase_refused_rows
from app.foundation.people.queries import GROUPS, KEYS, PERSONS, TEAMS, GroupOut, KeyOut, PersonOut, TeamOut
from app.foundation.people.succession.router import router as succession
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.commands.command import Command

router = Router(prefix="/v1", tags=["people"])
mount_reads(router, PERSONS, prefix="/persons")
mount_reads(router, TEAMS, prefix="/teams")
mount_reads(router, GROUPS, prefix="/groups")
mount_reads(router, KEYS, prefix="/keys")


class CreatedKeyOut(KeyOut):
    """An API key with its token, which is shown only once."""

    token: str | None = Field(
        description="Token to send as `Authorization: Bearer …`; shown now and never again."
    )


class StandingOut(OutputModel):
    """A record that was made with the key, by its person or by a thief, and that remains in effect without
    the key.
    """

    kind: str = Field(
        description="Kind of the record: `subscription`, `deputy`, `absence` or `absence_calendar`, which "
        "are suspended; `key`, `webhook_source` or `group_mapping`, which are only listed."
    )
    id: UUID
    made_at: datetime = Field(description="Time at which the record was made.")
    suspended: bool = Field(
        description="True if the record was suspended because of a lost key, so that its person must "
        "confirm or end it; false if it is in effect: check it if the key was stolen."
    )


class RotatedKeyOut(CreatedKeyOut):
    """An API key with its new token, which is shown only once, and the records that were made with the
    key.
    """

    made_with_key: list[StandingOut] = Field(
        description="Deputies, absences, calendars and subscriptions in effect that were made or changed "
        "with the key, and older ones of its person for which no key is recorded; also keys, webhook "
        "sources and group mappings."
    )


class NewKey(Payload):
    """An API key to be made; its secret is generated."""

    name: keys.KeyName
    person: keys.KeyPerson
    roles: keys.KeyRoles = None
    scope: keys.KeyScopeField = None
    expires_at: keys.KeyExpiry = None


async def _perform(request: Request, command: Command, secret: str) -> Response:
    renderer = renderer_of(request, KEYS)
    return await perform_showing_secret(renderer, command, "token", lambda key: token(key.id, secret))


@router.post("/keys", **operation(keys.LIFECYCLE, "make", CreatedKeyOut))
async def make_key(
    request: Request, ledger: RequestLedger, body: NewKey, idempotency_key: IdempotencyHeader = None
) -> Response:
    """Make an API key. A person or a machine can call the API with it. Callers who are not administrators
    can make only keys of their own for the change calendar. The token is in this answer and is never
    shown again.
    """
    secret = new_secret()
    payload = keys.MakeKey(**body.model_dump(), secret_hash=hash_of(secret))
    key = await key_of(ledger, request, "make_key", idempotency_key)
    command = Command(keys.LIFECYCLE, keys.LIFECYCLE["make"], None, payload, context_of(request), None, key)
    return await _perform(request, command, secret)


class NewSecret(Payload):
    """A rotation of an API key; the new secret is generated."""

    overlap_seconds: keys.Overlap = keys.USUAL_OVERLAP_SECONDS
    expires_at: keys.KeyExpiry = None


@router.post("/keys/{id}/rotate", **operation(keys.LIFECYCLE, "rotate", RotatedKeyOut))
async def rotate_key(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: NewSecret,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Rotate the key's secret. The previous secret is accepted for a while, and older ones no longer. Without
    an overlap, subscriptions, deputies, absences and calendars made with the key are suspended. The token is
    in this answer and is never shown again.
    """
    secret = new_secret()
    new = keys.RotateKey(**body.model_dump(), secret_hash=hash_of(secret))
    key = await key_of(ledger, request, "rotate_key", idempotency_key)
    row = keys.LIFECYCLE["rotate"]
    command = Command(keys.LIFECYCLE, row, name, new, context_of(request), versions_of(if_match), key)
    carried_out, renderer = await perform_idempotently(ledger, command), renderer_of(request, KEYS)
    record = carried_out.record
    answer = await renderer.render_one(record)
    answer["token"] = None if carried_out.replayed else token(record.id, secret)
    rows = await standing_of(ledger.db.rows, record, secrets_of(record), command.metadata.now)
    answer["made_with_key"] = [{name: row[name] for name in StandingOut.model_fields} for row in rows]
    return action_response(renderer, carried_out, answer)


@router.post("/persons/{id}/erase", **operation(persons.LIFECYCLE, "erase", PersonOut))
async def erase(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: EmptyPayload | None = None,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyHeader = None,
) -> Response:
    """Erase the person: their name and texts become unreadable, in tables and events alike, for ever."""
    key = await key_of(ledger, request, "erase_person", idempotency_key)
    row = persons.LIFECYCLE["erase"]
    command = Command(
        persons.LIFECYCLE, row, name, body or EmptyPayload(), context_of(request), versions_of(if_match), key
    )
    async with erase_refused_rows(ledger, command):
        carried_out = await perform_idempotently(ledger, command)
    renderer = renderer_of(request, PERSONS)
    return action_response(renderer, carried_out, await renderer.render_one(carried_out.record))


@router.endpoint("/teams/{id}/members", "List team members", PERSONS.page, refused=(400, 404, 422))
async def list_team_members(request: Request, name: Name, paging: Annotated[Paging, Query()]) -> Response:
    """List the members of a team, as far as the caller may see them; staff see all members."""
    team = (await load_visible(renderer_of(request, TEAMS), name)).record
    query = PERSONS.query.model_validate({**paging.model_dump(), "member_of": [str(team.id)]})
    return listed(request, await page(PERSONS, renderer_of(request, PERSONS), query))


mount_actions(
    router,
    persons.LIFECYCLE,
    PersonOut,
    prefix="/persons",
    left_out=frozenset({"deactivate", "erase", "transfer_duties"}),
)
mount_actions(router, teams.LIFECYCLE, TeamOut, prefix="/teams")
mount_actions(router, groups.LIFECYCLE, GroupOut, prefix="/groups")
mount_edit(router, persons.LIFECYCLE, PersonOut, prefix="/persons")
mount_edit(router, teams.LIFECYCLE, TeamOut, prefix="/teams")
mount_edit(router, groups.LIFECYCLE, GroupOut, prefix="/groups")
mount_actions(router, keys.LIFECYCLE, KeyOut, prefix="/keys", left_out=frozenset({"make", "rotate"}))
send_as(keys.MakeKey, NewKey)
send_as(keys.RotateKey, NewSecret)


ROUTES = Routes(
    (router, succession),
    (
        PERSONS,
        TEAMS,
        GROUPS,
        KEYS,
    ),
)
