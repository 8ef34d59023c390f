"""The assignee of a ticket of ours at its tool: who is to be written there, if anybody.

Only a change of ours that was not compared with the tool yet is written, and only once: a tool may leave out
an assignee without a word. Whoever else is assigned there stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of
from app.processes.incidents.records import Incident
from app.webhooks.mapping.updates import NamedPerson, TicketUpdate
from app.webhooks.sources.logins import ToolLogins, keep_login, tool_logins
from app.webhooks.sources.records import WebhookSource
from app.webhooks.two_way.pending_writes import Writes
from app.webhooks.write_back.queries import EMAIL
from app.webhooks.write_back.tool_client import RequestRefused, ToolClient

ASSIGNEE = "assignee"


async def assignee_change(
    ledger: Ledger,
    source: WebhookSource,
    tool: ToolClient,
    writes: Writes,
    record: Incident,
    their_ticket: TicketUpdate,
) -> dict[str, Any]:
    """Return the assignee to write: their `login` (empty: nobody), `all` who are then assigned, and the
    `version` of the ticket that it is of. Raises RequestRefused, RequestFailed, DatabaseGone.
    """
    if tool.template.change_of(ASSIGNEE) is None or ASSIGNEE not in their_ticket.fields:
        return {}
    events = await read.stream_events(ledger.db, record.row_key)
    channel = f"webhook:{source.key}"
    changed_at = _last_change(events, record.row_key, channel)
    if changed_at <= await writes.assignee_version(record.row_key):
        return {}
    logins = await tool_logins(ledger, str(source.key))
    theirs = _logins_there(their_ticket)
    ours = record.assignee_id
    login = "" if ours is None else await _login_of(ledger, source, tool, logins, ours)
    if login is None:
        return {}
    assigned = {each.casefold() for each in theirs}
    logins_after = [*_without_former(theirs, _heard(events, channel), logins), *([login] if login else [])]
    if login.casefold() in assigned or (not login and logins_after == theirs):
        await writes.note_assignee(record.row_key, changed_at)
        return {}
    return {ASSIGNEE: {"login": login, "all": logins_after, "version": changed_at}}


def _last_change(events: Sequence[Recorded], row_key: str, channel: str) -> int:
    """Return the version at which the assignee was changed here last; 0: never."""
    changed = (
        event.version
        for event in events
        if event.source != channel and "assignee_id" in (event.data["set"].get(row_key) or {})
    )
    return max(changed, default=0)


def _heard(events: Sequence[Recorded], channel: str) -> UUID | None:
    """Return the person that the tool has named last as the assignee."""
    heard: str | None = None
    for event in events:
        if event.source == channel and "observed" in event.data:
            heard = event.data["given"].get(ASSIGNEE, heard)
    return None if heard is None else id_of(heard)


def _logins_there(their_ticket: TicketUpdate) -> list[str]:
    named = their_ticket.fields[ASSIGNEE]
    first = [] if not isinstance(named, NamedPerson) else [named.id or named.name or ""]
    return list(their_ticket.assignees) or first


def _without_former(theirs: list[str], heard: UUID | None, logins: ToolLogins) -> list[str]:
    """Return who stays assigned: all but the one who was the ticket's assignee on both sides."""
    if len(theirs) == 1 and heard is not None:
        return []
    former = None if heard is None else logins.by_person.get(heard)
    return [each for each in theirs if former is None or each.casefold() != former.casefold()]


async def _login_of(
    ledger: Ledger, source: WebhookSource, tool: ToolClient, logins: ToolLogins, person: UUID
) -> str | None:
    """Return the person's login at the tool: as it was set, or the only account there with their address,
    which is kept. None: it is unknown.
    """
    login = logins.by_person.get(person)
    address = None if login is not None else await _address_of(ledger, person)
    if address is None:
        return login
    account = await _found_by_address(tool, address)
    if account is None:
        return None
    try:
        await keep_login(ledger, UUID(str(source.id)), person, account, tool.clock())
    except Refusal:
        return None
    return account


async def _address_of(ledger: Ledger, person: UUID) -> str | None:
    row = await ledger.db.row(EMAIL, (person,))
    if row is None or row["email"] is None:
        return None
    return (await ledger.vault.texts([row["email"]]))[row["email"]]


async def _found_by_address(tool: ToolClient, address: str) -> str | None:
    """Return the only account at the tool with that address; None if there is none, or it is hidden."""
    search = tool.template.template.find_person
    if search is None:
        return None
    try:
        matches = await tool.search(search, picked=address)
    except RequestRefused as failed:
        if failed.is_definite and failed.pause is None:
            return None
        raise
    return str(matches[0]) if len(matches) == 1 else None
