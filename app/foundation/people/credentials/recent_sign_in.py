"""How long secrets last that people make for themselves: as long as the credential that they use. A session
ends within hours, but somebody who has just signed in to it has proved more than that they hold its cookie.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.common.people import Caller

#: How long after a sign-in its session makes secrets that outlive the session.
RECENT_SIGN_IN = timedelta(minutes=15)
#: The longest life of a secret that somebody makes who signed in at the identity provider: their account may
#: be closed there unnoticed.
LONGEST_BY_LOGIN = timedelta(days=366)


def is_recent(signed_in_at: datetime | None, now: datetime) -> bool:
    """Return whether the person signed in lately enough to make secrets that outlive their session."""
    return signed_in_at is not None and now - signed_in_at <= RECENT_SIGN_IN


def latest_end(caller: Caller, now: datetime) -> datetime | None:
    """Return the latest end of a secret that the caller makes for themselves; None: it need not end. After a
    recent sign-in that is the end of the key with which they signed in, else the end of the credential used.
    """
    if not is_recent(caller.signed_in_at, now):
        return caller.ends_at
    return now + LONGEST_BY_LOGIN if caller.key_id is None else caller.lasts_until
