"""Browser sessions: a cookie that stands for a key or a login, and that no script can read and no other site
can use.

Only a hash of the cookie's secret is stored. A session ends at its time, with its key or the secret of the
key that opened it, or when it is ended; this takes effect in all processes at once, since each request looks
the session up.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from starlette.datastructures import Headers
from starlette.responses import Response

from app.api.authentication.signed_secrets import (
    Sign,
    SignedSecret,
    new_signed_secret,
    parse_signed_secret,
)
from app.common.keys import hash_of
from app.common.people import Caller
from app.kernel.access.directory import Directory, earlier
from app.kernel.access.stored_credential import StoredCredential
from app.kernel.actions.refusals import Refusal, SupersededSecret
from app.kernel.ledger import Ledger
from app.platform.db import Database

COOKIE = "ledgerdesk_session"
#: Over https: a name that browsers take from this very host only, by https and for every path.
HOST_COOKIE = f"__Host-{COOKIE}"
_PURPOSE = "session cookie"
#: Methods that change nothing: another site may make a browser send them, but cannot read the answer.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: The most expired sessions that are deleted whenever a session is opened.
MOST_CLEARED = 1_000

#: The most sessions of one account, unless an administrator has raised its bounds: the oldest end.
MOST_SESSIONS = 50

OPEN = f"""
with over as (
  delete from plumbing.session
  where id in (select id from plumbing.session where expires_at <= %(now)s limit {MOST_CLEARED})
), crowded as (
  delete from plumbing.session where id in (
    select s.id from plumbing.session s
    where s.expires_at > %(now)s
      and (s.person_id = %(account)s or s.key_id in (select id from fold.key where person_id = %(account)s))
    order by s.opened_at desc, s.id offset greatest(
      {MOST_SESSIONS}, (select most_standing from fold.person where id = %(account)s)) - 1)
)
insert into plumbing.session
  (id, secret_hash, key_id, key_secret_hash, person_id, login, opened_at, expires_at, signed_in_at)
values (%(id)s, %(secret_hash)s, %(key_id)s, %(key_secret_hash)s, %(person_id)s, %(login)s, %(now)s, %(ends)s,
  %(signed_in_at)s)
returning id
"""
FIND_SESSION = """
select id, secret_hash, key_id, key_secret_hash, person_id, login, expires_at, signed_in_at
from plumbing.session where id = any(%s)
"""
END = "delete from plumbing.session where id = %s returning id"


@dataclass(frozen=True, slots=True)
class Session:
    """An open session: the key that it stands for, with the hash of that secret of the key that opened it,
    or else the person who logged in and the fingerprint of their login: if the key or the person loses that
    secret or login, the session is of no use. `signed_in_at` is None if a token opened the session: its
    holder did not sign in then.
    """

    id: UUID
    key_id: UUID | None
    key_secret_hash: str | None
    person_id: UUID | None
    login: str | None
    expires_at: datetime
    signed_in_at: datetime | None = None


@dataclass
class KeyRequired(Refusal):
    """Refusal 403: a session is opened with a key or a token; a session that could open the next would never
    end.
    """

    STATUS = 403
    CODE = "key_needed"


@dataclass(frozen=True, slots=True)
class SessionProof:
    """Proof that opens a session: the hash of a key's secret, or the fingerprint of a login. `is_sign_in`:
    the person has just presented the key, or signed in at the identity provider.
    """

    key_secret_hash: str | None = None
    login: str | None = None
    is_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session that has just been opened: the value of its cookie, and when it ends."""

    value: str
    ends_at: datetime
    seconds: int

    def set_cookie(self, answer: Response, *, secure: bool) -> None:
        """Set the session's cookie, for as long as the session lasts. `secure`: for https only."""
        set_cookie(answer, self.value, seconds=self.seconds, secure=secure)


def parse_cookie(value: str, sign: Sign) -> SignedSecret | None:
    """Return the content of the cookie; None if it is not one of ours."""
    return parse_signed_secret(value, _PURPOSE, sign)


async def open_session(ledger: Ledger, caller: Caller, proof: SessionProof, now: datetime) -> OpenedSession:
    """Open a session for the caller's key or login. The session ends with the key, or after the hours in the
    settings. Raises SupersededSecret, DatabaseGone.
    """
    if caller.is_superseded:
        raise SupersededSecret()
    ends = now + timedelta(hours=ledger.settings.session_hours)
    if caller.key_id is not None and caller.ends_at is not None:
        ends = min(ends, caller.ends_at)
    cookie = await create_session(ledger.db, caller, proof, now, ends)
    return OpenedSession(cookie.value(ledger.vault.fingerprint), ends, int((ends - now).total_seconds()))


def cookie_name(scheme: str) -> str:
    """Return what the cookie is called by that scheme."""
    return HOST_COOKIE if scheme == "https" else COOKIE


async def create_session(
    db: Database, caller: Caller, proof: SessionProof, now: datetime, ends: datetime
) -> SignedSecret:
    """Open a session for the caller's key or login; return its cookie. Raises DatabaseGone."""
    cookie = new_signed_secret(_PURPOSE)
    parameters = {
        "id": cookie.id,
        "secret_hash": hash_of(cookie.secret),
        "key_id": caller.key_id,
        "key_secret_hash": proof.key_secret_hash,
        "person_id": None if proof.login is None else caller.person_id,
        "account": caller.person_id,
        "login": proof.login,
        "now": now,
        "ends": ends,
        "signed_in_at": now if proof.is_sign_in else None,
    }
    await db.rows_in_turn(f"sessions/{parameters['account']}", OPEN, parameters)
    return cookie


async def find_session(db: Database, cookie: SignedSecret, now: datetime) -> Session | None:
    """Return the session of that cookie; None if it is over. Raises DatabaseGone."""
    row = await db.by_id(FIND_SESSION, cookie.id)
    if row is None or row["expires_at"] <= now:
        return None
    if not hmac.compare_digest(hash_of(cookie.secret), row["secret_hash"]):
        return None
    return Session(
        cookie.id,
        row["key_id"],
        row["key_secret_hash"],
        row["person_id"],
        row["login"],
        row["expires_at"],
        row["signed_in_at"],
    )


async def is_open(db: Database, session_id: UUID, now: datetime) -> bool:
    """Return whether there still is a session with that id. Raises DatabaseGone."""
    row = await db.by_id(FIND_SESSION, session_id)
    return row is not None and row["expires_at"] > now


async def find_session_caller(directory: Directory, session: Session, now: datetime) -> Caller | None:
    """Return the caller of the session until it ends; None if its key has been given another secret, or its
    person another login. Raises DatabaseGone.
    """
    stored = StoredCredential(session.key_id, session.key_secret_hash or "", session.person_id, session.login)
    caller = await stored.find_caller(directory, now)
    if caller is None:
        return None
    ends_at = earlier(caller.ends_at, session.expires_at)
    return replace(caller, ends_at=ends_at, signed_in_at=session.signed_in_at)


async def delete_session(db: Database, session_id: UUID) -> None:
    """Delete the session, in effect in all processes at once. Raises DatabaseGone."""
    await db.row(END, (session_id,))


def set_cookie(answer: Response, cookie: str, *, seconds: int, secure: bool) -> None:
    """Set the cookie for so many seconds; 0 deletes it. `secure`: for https only."""
    name = HOST_COOKIE if secure else COOKIE
    answer.set_cookie(
        name, cookie, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict"
    )


def is_same_origin(headers: Headers, origins: Collection[str]) -> bool:
    """Return whether the request comes from our own pages, or from an origin that the settings name.

    Browsers mark their requests, and pages cannot change the mark: Sec-Fetch-Site, or without that (old
    browsers, and http) Origin. A request with neither header was not sent by a browser, and must not use a
    cookie.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and origin in origins:
        return True
    if site is not None:
        return site == "same-origin"
    return origin is not None and urlsplit(origin).netloc == headers.get("host")
