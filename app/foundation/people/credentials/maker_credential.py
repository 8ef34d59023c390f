"""Credentials that make what acts later for their person: deputies, absences, calendars, subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import Caller, parse_grants
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import NarrowKey, SupersededSecret, WrongValue
from app.kernel.commands.guards import require_own_secret


@dataclass(frozen=True, slots=True)
class MakerCredential:
    """The credential that a standing record was made or last changed with: the key, the hash of its secret,
    and the end of the key. `consents`: it speaks for all that its person may do, and is neither a replaced
    secret nor one that somebody else has made.
    """

    key_id: UUID | None
    secret_hash: str | None
    lasts_until: datetime | None
    consents: bool

    @classmethod
    def of_caller(cls, caller: Caller) -> MakerCredential:
        """Return the caller's credential."""
        is_own = not (caller.is_superseded or caller.is_from_another)
        consents = is_own and caller.covers_credential(caller.person_id, None)
        return cls(caller.key_id, caller.secret_hash, caller.lasts_until, consents)

    def stamp(self, record: Any) -> None:
        """Note on the record that it was made or confirmed with this credential alone, so that a rotation of
        the key finds the record.
        """
        record.key_id, record.secret_hash = self.key_id, self.secret_hash
        record.set_with = None if self.secret_hash is None else [self.secret_hash]

    def add_to(self, record: Any) -> None:
        """Note on the record that something of it that lasts was set with this credential, too."""
        note_secret(record, self.secret_hash)


def note_secret(record: Any, secret_hash: str | None) -> None:
    """Note on the record the secret with which a lasting part was set, next to the earlier secrets: a
    rotation of any of their keys finds the record, whoever changed it last.
    """
    before = record.set_with or []
    if secret_hash is not None and secret_hash not in before:
        record.set_with = [*before, secret_hash]


def require_newest_secret(caller: Caller) -> None:
    """Raise SupersededSecret if the caller comes with a secret that was replaced."""
    if caller.is_superseded:
        raise SupersededSecret()


def require_consent(caller: Caller) -> None:
    """Require a credential that speaks for all that its person may do, now and later. Raises SupersededSecret
    and KeyOfAnother (as of every action that is done in person), NarrowKey.
    """
    require_own_secret(caller)
    if not caller.covers_credential(caller.person_id, None):
        raise NarrowKey()


async def consent_needed(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
    """Refuse a key that may not use all roles of its person, now and later."""
    require_consent(ctx.caller)


async def not_suspended(reads: ReadContext, record: Any, ctx: ActionContext) -> str | None:
    """Refuse to confirm what no rotation has suspended (`not_suspended`)."""
    return None if record.suspended_by_rotation else "not_suspended"


def require_roles(caller: Caller, person_id: UUID, roles: Sequence[str] | None) -> None:
    """Refuse roles that the caller's credential may not use (`not_held_by_them`), with their labels."""
    grants = parse_grants(roles)
    if grants is None or caller.covers_credential(person_id, grants):
        return
    missing = [each.role for each in grants if not caller.covers_credential(person_id, frozenset({each}))]
    raise WrongValue({"roles": missing}, pointer="/roles", because="not_held_by_them")
