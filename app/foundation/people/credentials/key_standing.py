"""Things made by a key that act on without it: subscriptions, deputies, absences, absence calendars.

Each is found by the hashes of the secrets with which it was made, or with which a lasting part was set. A key
that is rotated without an overlap, or revoked, is lost: things made with the ending secrets are suspended in
the same command. Things from before the secret was stored are only listed, since their secret is unknown, and
so are keys, webhook sources and group mappings, without which others could not work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.foundation.people.credentials.queries import STANDING
from app.foundation.people.records import Key
from app.kernel.access.reads import ReadContext, Reading, Versions
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.related import RelatedCommands, RelatedPart
from app.platform.db import Row

#: Kinds of what is suspended; others are listed.
SUSPENDED = frozenset({"subscription", "deputy", "absence", "absence_calendar"})


@dataclass(frozen=True, slots=True)
class LostStanding:
    """The streams of what is suspended, as its key is lost."""

    streams: tuple[str, ...]


def secrets_of(key: Key) -> list[str]:
    """Return the hashes of the secrets that the key accepts, or did until a moment ago."""
    return [secret for secret in (key.secret_hash, key.previous_hash) if secret is not None]


async def standing_of(read: Reading, key: Key, secrets: Sequence[str], now: Any) -> Sequence[Row]:
    """Return what stands that was made with the key or one of these secrets, or by its person before that was
    kept.
    """
    parameters = {"key": key.id, "secrets": list(secrets), "person": key.person_id, "now": now}
    return await read(STANDING, parameters)


async def lost_standing(reads: ReadContext, key: Key, body: Payload, ctx: ActionContext) -> LostStanding:
    """Find what is to be suspended: nothing where the replaced secret is accepted for a while more."""
    if getattr(body, "overlap_seconds", 0) > 0:
        return LostStanding(())

    async def read(query: str, parameters: Any) -> list[Row]:
        return list(await reads.rows(query, parameters, guard=Versions()))

    ended, is_revoked = secrets_of(key), isinstance(body, EmptyPayload)
    rows = await standing_of(read, key, ended, ctx.now)
    return LostStanding(
        tuple(
            row["stream"]
            for row in rows
            if row["kind"] in SUSPENDED
            and not row["suspended"]
            and ((row["secret_hash"] is not None and is_revoked) or _is_set_with(row, ended))
            # With its key a subscription ends for good.
            and not (is_revoked and row["kind"] == "subscription" and row["key_id"] == key.id)
        )
    )


def _is_set_with(row: Row, secrets: Sequence[str]) -> bool:
    """Return whether something of it was set with one of the secrets."""
    return row["secret_hash"] in secrets or not set(secrets).isdisjoint(row["set_with"] or ())


def _suspended(key: Key, body: Payload, ctx: ActionContext) -> list[RelatedPart]:
    return [RelatedPart(stream, EmptyPayload()) for stream in ctx.prepared(LostStanding).streams]


SUSPEND_LOST = RelatedCommands("suspend", "secret_hash", _suspended, permitted=True)
