"""The card of the person who asks: who they are, and what else they have open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from app.api.state_words import state_label
from app.desk.pages.context import Desk
from app.desk.pages.records import RecordView, read_record, state_tone
from app.kernel.actions.lifecycle import Lifecycle

#: The kinds of tickets that people open for themselves.
OPENED_BY_PEOPLE = ("incident", "request")
REQUESTER = "requester"
#: The members of a person in another record that is not expanded.
STUB = frozenset({"id", "name"})
#: A person as the API has them.
Person = Mapping[str, Any]
#: The action that is possible as long as there is work.
ASSIGN = "assign"
#: Fields of a person that are shown if they have a value.
PERSON_FIELDS = ("team", "department", "post", "phone", "email")
MOST_TICKETS = "5"
TICKET_FIELDS = "number,title,state,changed_at"


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A ticket that the person has open besides: its page, what it is called, and its state."""

    view: RecordView
    state: str
    tone: str


@dataclass(frozen=True, slots=True)
class RequesterCard:
    """A person who asks: their name, what is known of them, and their other open tickets. `more` are the
    numbers of those that are not shown, with the addresses of their lists. `is_partial`: there may be further
    ones of teams whose tickets the reader may not see.
    """

    name: str
    facts: Sequence[str]
    tickets: Sequence[OpenTicket]
    more: Sequence[tuple[int, str]] = ()
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class TicketPage:
    """The first open tickets of one kind, how many there are in all, and the address of their list."""

    tickets: Sequence[OpenTicket]
    total: int
    address: str


async def read_with_requester(
    desk: Desk, lifecycle: Lifecycle[Any], name: str
) -> tuple[RecordView, Person | None]:
    """Return the record of that name, and the person who asks, if their card can stand next to it: both in
    one call. Raises CallRefused.
    """
    has_card = desk.is_staff and lifecycle.kind in OPENED_BY_PEOPLE
    view = await read_record(desk, lifecycle, name, expanded=REQUESTER if has_card else None)
    person = view.record[REQUESTER] if has_card else None
    if person is None or not person.keys() > STUB:
        return view, None
    stub = {member: person[member] for member in STUB}
    return replace(view, record={**view.record, REQUESTER: stub}), person


async def requester_card(desk: Desk, person: str) -> RequesterCard | None:
    """Return the card of the person with that id; None if the reader may not see them."""
    record = await desk.calls.read_if_allowed(f"/v1/persons/{person}")
    return None if record is None else await card_of(desk, record)


async def card_of(desk: Desk, record: Person, except_record: str | None = None) -> RequesterCard:
    """Return the card of the person, without that ticket among the open ones."""
    kinds = [kind for kind in OPENED_BY_PEOPLE if kind in desk.lifecycles]
    pages = await asyncio.gather(*(_open_tickets(desk, kind, str(record["id"])) for kind in kinds))
    tickets = [
        ticket for page in pages for ticket in page.tickets if ticket.view.record["id"] != except_record
    ]
    return RequesterCard(
        str(record["name"] or desk.sentence("somebody")),
        _facts(record),
        tickets,
        [(left, page.address) for page in pages if (left := page.total - len(page.tickets)) > 0],
        not all(desk.sees_every_record_of(kind) for kind in kinds),
    )


def _facts(record: Mapping[str, Any]) -> list[str]:
    values = (record.get(name) for name in PERSON_FIELDS)
    return [str(value["name"] if isinstance(value, dict) else value) for value in values if value]


async def _open_tickets(desk: Desk, kind: str, person: str) -> TicketPage:
    lifecycle = desk.lifecycle(kind)
    from_states = lifecycle[ASSIGN].from_states
    assert isinstance(from_states, frozenset), "what does not exist cannot be assigned"
    states = ",".join(state.value for state in lifecycle.states if state in from_states)
    chosen = {"requester": person, "state": states}
    parameters = {**chosen, "limit": MOST_TICKETS, "fields": TICKET_FIELDS, "count": "exact"}
    page = await desk.calls.read_if_allowed(f"/v1/{lifecycle.plural}", parameters)
    tickets = [
        OpenTicket(
            RecordView(lifecycle, record, desk.language, desk.root),
            state_label(lifecycle, record, desk.language),
            state_tone(lifecycle, record),
        )
        for record in (() if page is None else page["items"])
    ]
    total = len(tickets) if page is None else page["total"] or len(tickets)
    return TicketPage(tickets, total, f"{desk.root}/{kind}?{urlencode(chosen)}")
