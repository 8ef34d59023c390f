"""The link by which the first administrator signs in to a new installation.

`ledgerdesk serve` prints it while there is no person. The link is a MAC over the end of its validity, and
nothing is stored: it opens nothing as soon as somebody is there.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.api.commands.performing import perform_idempotently
from app.common.keys import hash_of, new_secret, token
from app.common.people import SETUP_ROLES, rule_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import StillRunning
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.ledger import Ledger
from app.platform.db import Database

FIRST_SIGN_IN = "/sign-in/first"
LINK_HOURS = 24
LONGEST_TOKEN = 200
#: This installation never issues expiry times after the year 9999.
LAST_SECOND = 253_402_300_799
PURPOSE = "first administrator"
#: The actor, as the log names it, of the two commands.
ADDING_RULE = rule_caller("first_administrator")
HAS_PEOPLE = "select exists (select 1 from fold.person)"

#: A keyed fingerprint of texts, in hex.
Sign = Callable[..., str]


class AdministratorExists(Exception):
    """Somebody is there already, who adds all others."""


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """The person who was added, and their key: the id and the token, which no later answer has."""

    person_id: UUID
    key_id: UUID
    token: str


def first_link(address: str, sign: Sign, now: datetime) -> str:
    """Return the link for a service at that address; `sign` returns the keyed fingerprint of texts."""
    until = str(int((now + timedelta(hours=LINK_HOURS)).timestamp()))
    return f"{address}{FIRST_SIGN_IN}?link={until}.{sign(PURPOSE, until)}"


def is_valid_link(sent: str, sign: Sign, now: datetime) -> bool:
    """Return whether the token is one of ours whose time is not over."""
    until, _, mac = sent.partition(".")
    if not sent.isascii() or len(sent) > LONGEST_TOKEN or not until.isdecimal() or int(until) > LAST_SECOND:
        return False
    is_ours = hmac.compare_digest(mac, sign(PURPOSE, until))
    return is_ours and now < datetime.fromtimestamp(int(until), UTC)


async def has_people(db: Database) -> bool:
    """Return whether the installation has a person. Raises DatabaseGone."""
    return bool(await db.value(HAS_PEOPLE))


async def add_first_administrator(
    ledger: Ledger, name: str, locale: str, now: datetime, request_id: str
) -> FirstAdministrator:
    """Add the person with all roles that set an installation up, and make a key of theirs. Raises
    AdministratorExists, pydantic's ValidationError for a name that persons cannot have, DatabaseGone.
    """
    if await has_people(ledger.db):
        raise AdministratorExists
    # If two arrive at once, one gets the command's key and the other is refused.
    only_once = IdempotencyKey("add_first_administrator", "first", ledger.vault.fingerprint(PURPOSE))
    roles = [role.value for role in SETUP_ROLES]
    metadata = CommandMetadata(ADDING_RULE, now, correlation_id=request_id, source="api")
    person = {"name": name, "roles": roles, "locale": locale}
    try:
        person_id = await _performed(ledger, "person", "add", person, metadata, only_once)
    except StillRunning as running:
        raise AdministratorExists from running
    secret = new_secret()
    key = {"name": name, "person": str(person_id), "secret_hash": hash_of(secret)}
    key_id = await _performed(ledger, "key", "make", key, metadata)
    return FirstAdministrator(person_id, key_id, token(key_id, secret))


async def _performed(
    ledger: Ledger,
    kind: str,
    action: str,
    body: dict[str, Any],
    metadata: CommandMetadata,
    key: IdempotencyKey | None = None,
) -> UUID:
    """Carry out the action that opens a record, and return the record's id. Raises AdministratorExists if the
    key was used before.
    """
    lifecycle = ledger.lifecycles[kind]
    row = lifecycle[action]
    command = Command(lifecycle, row, None, row.body.model_validate(body), metadata, key=key)
    outcome = await perform_idempotently(ledger, command)
    if outcome.replayed:
        raise AdministratorExists
    record_id: UUID = outcome.record.id
    return record_id
