"""Permissions of an API key with a scope, and credentials in the query of an address.

Calendar programs send no headers: a key for the change calendar may stand in the query of the calendar's
address, as `key`. A ticket for the live stream may stand there as `ticket`, since a browser's `EventSource`
sends no headers either. They are taken out of the query before other code reads it.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from starlette.types import Scope

from app.common.keys import KeyScope

CHANGE_CALENDAR = "/v1/changes/calendar"
EVENT_STREAM = "/v1/events/stream"
#: Below it the identity provider keeps persons and groups; no other key may do that.
SCIM = "/scim/v2"
SCIM_MEDIA_TYPE = "application/scim+json"
#: Requests that a key of each scope may send, by method and path. A path that ends in a slash covers
#: everything below it. Unlisted requests are refused.
PERMITTED = {
    KeyScope.calendar: frozenset({("GET", CHANGE_CALENDAR)}),
    KeyScope.scim: frozenset((method, f"{SCIM}/") for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
}
#: The query parameters with a key and with a ticket.
PARAMETER = "key"
TICKET_PARAMETER = "ticket"
#: By path, the query parameter that may hold a credential.
IN_QUERY = {CHANGE_CALENDAR: PARAMETER, EVENT_STREAM: TICKET_PARAMETER}


def permits(key_scope: KeyScope, scope: Scope) -> bool:
    """Return whether a key of that scope may send the request."""
    method, path = scope["method"], scope["path"]
    return any(
        method == permitted and (path == where or (where.endswith("/") and path.startswith(where)))
        for permitted, where in PERMITTED[key_scope]
    )


def take_credential(scope: Scope) -> str | None:
    """Remove the key or ticket from the request's query and return it; None if it is missing, or the address
    accepts none. The query must not reach a log line or a response with it.
    """
    query: bytes = scope["query_string"]
    parameter = IN_QUERY.get(scope["path"])
    if not query or parameter is None:
        return None
    sent, other_pairs = list[str](), list[str]()
    for pair in query.decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        if unquote_plus(name) == parameter:
            sent.append(unquote_plus(value))
        else:
            other_pairs.append(pair)
    scope["query_string"] = "&".join(other_pairs).encode("latin-1")
    return sent[0] if len(sent) == 1 else "" if sent else None
