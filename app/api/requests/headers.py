"""Checks of a request's headers before anything else reads it (RFC 9110, RFC 9112).

A request that two readers could understand differently is refused, not guessed at: a proxy in between may
have understood it differently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from starlette.types import Scope

#: Headers that may be sent only once: of two that differ, neither can be trusted.
SINGLE_HEADERS = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"last-event-id",
        b"ledgerdesk-position",
        b"origin",
        b"transfer-encoding",
        b"x-request-id",
    }
)
#: A name or an address, and an optional port. It may be empty (RFC 9112, 3.2).
HOST = re.compile(rb"(\[[0-9A-Fa-f:.%]*\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:[0-9]*)?")
#: The only content coding of request bodies that is accepted is identity, which means uncompressed (RFC 9110,
#: 8.4.1).
CODING = "identity"


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """A fault in the headers: the problem's status and code, its sentence with the words to fill in, and
    headers of the answer.
    """

    status: int
    code: str
    sentence: str
    words: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def find_header_fault(scope: Scope) -> HeaderFault | None:
    """Return the first fault in a request's headers, or None."""
    headers = scope["headers"]
    values = dict(headers)
    if len(values) != len(headers):
        names = [name for name, _ in headers]
        for name in SINGLE_HEADERS & values.keys():
            if names.count(name) > 1:
                words = {"header": name.decode("ascii").title()}
                return HeaderFault(400, "bad_header", "header_twice", words)
    host = values.get(b"host")
    if host is None and scope.get("http_version") == "1.1":
        return HeaderFault(400, "bad_header", "no_host")
    if host and not HOST.fullmatch(host):
        return HeaderFault(400, "bad_header", "bad_host")
    return _bad_coding(scope, values)


def _bad_coding(scope: Scope, values: dict[bytes, bytes]) -> HeaderFault | None:
    """Return the fault of a transfer or content coding that this service does not decode, or None. `values`:
    the request's headers.
    """
    transfer = values.get(b"transfer-encoding")
    if transfer is not None and (
        transfer.strip().lower() != b"chunked" or scope.get("http_version") == "1.0"
    ):
        return HeaderFault(400, "bad_header", "transfer_coding")
    coding = values.get(b"content-encoding", b"").strip().lower()
    if coding not in (b"", CODING.encode()) and (transfer or values.get(b"content-length", b"0") != b"0"):
        words = {"said": coding[:100].decode("latin-1")}
        accepted = {"Accept-Encoding": CODING}
        return HeaderFault(
            415, "unsupported_content_encoding", "unsupported_content_encoding", words, accepted
        )
    return None
