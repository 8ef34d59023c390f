"""When keys and subscriptions end that readers make for themselves in their session, as pages say before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from app.api.authentication.auth import utc_now
from app.api.pages.page_paths import SIGN_IN
from app.desk.pages.context import Desk, require_signed_in
from app.foundation.people.credentials.recent_sign_in import is_recent, latest_end

#: The actions that make or renew a secret, by the kind of record.
MAKING_ACTIONS = {"key": frozenset({"make", "rotate"}), "subscription": frozenset({"add", "move"})}


@dataclass(frozen=True, slots=True)
class OwnEnd:
    """The latest end of what readers make for themselves, and the address at which they sign in again so that
    it lasts longer; None: a new sign-in would change nothing.
    """

    ends_at: datetime
    sign_in_address: str | None


def own_end(desk: Desk, form_address: str) -> OwnEnd | None:
    """Return the latest end; None if it need not end. `form_address` is the page to return to."""
    caller, now = require_signed_in(desk.request), utc_now()
    ends_at = latest_end(caller, now)
    if ends_at is None:
        return None
    is_bound = ends_at != caller.lasts_until and not is_recent(caller.signed_in_at, now)
    return OwnEnd(ends_at, f"{SIGN_IN}?{urlencode({'next': form_address})}" if is_bound else None)
