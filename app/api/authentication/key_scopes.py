"""What an API key with a scope may be used for, and keys in the query of an address.

Calendar programs send no headers: a key for the change calendar may stand in the query of the calendar's
address, as `key`. It is taken out of the query before anything else reads that.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from starlette.types import Scope

from app.common.keys import KeyScope

CHANGE_CALENDAR = "/v1/changes/calendar"
#: The requests that a key of each scope may send. Whatever is not listed is refused.
PERMITTED = {KeyScope.calendar: frozenset({("GET", CHANGE_CALENDAR)})}
#: The query parameter with a key.
PARAMETER = "key"


def permits(key_scope: KeyScope, scope: Scope) -> bool:
    """Return whether a key of that scope may send the request."""
    return (scope["method"], scope["path"]) in PERMITTED[key_scope]


def take_key(scope: Scope) -> str | None:
    """Remove the key from the request's query and return it; None if there is none, or the address takes
    none. The query must not reach a log line or an answer with the key in it.
    """
    query: bytes = scope["query_string"]
    if not query or scope["path"] != CHANGE_CALENDAR:
        return None
    keys, other_keys = list[str](), list[str]()
    for pair in query.decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if unquote_plus(name) == PARAMETER:
            keys.append(unquote_plus(value))
        else:
            other_keys.append(pair)
    scope["query_string"] = "&".join(other_keys).encode("latin-1")
    return keys[0] if len(keys) == 1 else "" if keys else None
