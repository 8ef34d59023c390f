"""Number of events of earlier versions with names of persons in clear: nothing may rewrite the log."""

from __future__ import annotations

import psycopg

from app.platform.schema import CONNECT_SECONDS

#: First revision of a version that encrypts everything a tool sends about people.
ENCRYPTED_SINCE = "1007"
#: One pass over the log. Events are canonical JSON, and no later version writes these columns.
COUNT = """
select count(*) from log.event where source like 'webhook:%'
and (
  position('"fields.assignee":"'::bytea in data) > 0
  or position('"fields.requester":"'::bytea in data) > 0
)
"""


def is_of_earlier_version(before: str | None) -> bool:
    """Return whether a database that was at that revision may have such events; None: it was empty."""
    return before is not None and before < ENCRYPTED_SINCE


def count(url: str) -> int:
    """Return how many events have them. It reads the whole log."""
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        row = connection.execute(COUNT).fetchone()
    assert row is not None, "a count is a row"
    return int(row[0])


def sentence(events: int) -> str:
    """Return what an operator must know of so many events."""
    if not events:
        return "No event contains names of persons in clear."
    return (
        f"{events:,} events of tickets from other tools contain the name, e-mail address or login of the "
        "requester or assignee in clear, because an earlier version recorded them. The log cannot be "
        "rewritten, so erasing a person does not remove these values. If people must be erased, start "
        "with an empty database, or restrict access to this one and its backups."
    )
