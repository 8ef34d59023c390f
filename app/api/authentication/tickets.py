"""Tickets for the live stream, for pages of other origins: their `EventSource` can send a credential only in
the address, where no lasting credential may stand.

A ticket opens one stream, soon. It stands for the credential that it was made with: the stream sees no more
than that does, and ends with it. Only a hash of its secret is stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.api.authentication import sessions
from app.api.authentication.signed_secrets import new_signed_secret, parse_signed_secret
from app.common.keys import hash_of
from app.common.people import Caller
from app.kernel.access.directory import earlier
from app.kernel.ledger import Ledger

TICKET_SECONDS = 30
#: The most expired tickets that are deleted whenever one is made.
MOST_CLEARED = 1_000
_PURPOSE = "stream ticket"

INSERT_TICKET = f"""
with over as (
  delete from plumbing.stream_ticket
  where id in (select id from plumbing.stream_ticket where expires_at <= %(now)s limit {MOST_CLEARED})
)
insert into plumbing.stream_ticket
  (id, secret_hash, session_id, key_id, key_secret_hash, person_id, login, expires_at, ends_at)
values (%(id)s, %(secret_hash)s, %(session_id)s, %(key_id)s, %(key_secret_hash)s, %(person_id)s, %(login)s,
  %(expires_at)s, %(ends_at)s)
returning id
"""
TAKE_TICKET = """
delete from plumbing.stream_ticket where id = %(id)s and secret_hash = %(secret_hash)s
returning id, session_id, key_id, key_secret_hash, person_id, login, expires_at, ends_at
"""


@dataclass(frozen=True, slots=True)
class MadeTicket:
    """A ticket that has just been made: its text, and until when it can be used."""

    value: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TakenTicket:
    """A ticket that has been used: the credential that it stands for, as a session; and the session that it
    was made in, if it was.
    """

    credential: sessions.Session
    session_id: UUID | None


async def make_ticket(
    ledger: Ledger, caller: Caller, proof: sessions.SessionProof, session_id: UUID | None, now: datetime
) -> MadeTicket:
    """Make a ticket for the caller, who came with that proof, in that session. Raises DatabaseGone."""
    secret = new_signed_secret(_PURPOSE)
    expires_at = now + timedelta(seconds=TICKET_SECONDS)
    longest = now + timedelta(hours=ledger.settings.session_hours)
    parameters = {
        "id": secret.id,
        "secret_hash": hash_of(secret.secret),
        "session_id": session_id,
        "key_id": caller.key_id,
        "key_secret_hash": proof.key_secret_hash,
        "person_id": None if proof.login is None else caller.person_id,
        "login": proof.login,
        "now": now,
        "expires_at": expires_at,
        "ends_at": earlier(longest, caller.ends_at),
    }
    await ledger.db.row(INSERT_TICKET, parameters)
    return MadeTicket(secret.value(ledger.vault.fingerprint), expires_at)


async def take_ticket(ledger: Ledger, sent: str, now: datetime) -> TakenTicket | None:
    """Use the ticket up; None if it was used already, has expired, or was not issued here. Raises
    DatabaseGone.
    """
    secret = parse_signed_secret(sent, _PURPOSE, ledger.vault.fingerprint)
    if secret is None:
        return None
    row = await ledger.db.row(TAKE_TICKET, {"id": secret.id, "secret_hash": hash_of(secret.secret)})
    if row is None or row["expires_at"] <= now:
        return None
    credential = sessions.Session(
        row["id"], row["key_id"], row["key_secret_hash"], row["person_id"], row["login"], row["ends_at"]
    )
    return TakenTicket(credential, row["session_id"])


async def find_ticket_caller(ledger: Ledger, ticket: TakenTicket, now: datetime) -> Caller | None:
    """Return the caller of the used ticket; None if its credential, or the session in which it was made, has
    ended. Raises DatabaseGone.
    """
    if ticket.session_id is not None and not await sessions.is_open(ledger.db, ticket.session_id, now):
        return None
    return await sessions.find_session_caller(ledger.directory, ticket.credential, now)
