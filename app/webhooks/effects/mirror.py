"""Mirroring of a tool's tickets: their reported state is observed, as in an import.

So the result is the same in whatever order its deliveries come, and the same as that of an import. A delivery
has its effect once: its key stands in the events that it led to.

Nothing is performed: `observe` makes events without the checks of actions, and the log refuses them if the
ticket has changed since it was read. `KnownTickets` reads the tickets of a batch ahead: by their reference in
the tool, with all events and their audience. A `MirroredKind` gives the fields that a tool may send for an
incident or a request, and the states that count as open, done and closed.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from app.common.children import ExternalReference
from app.common.personal import Ciphertext
from app.common.records import as_row, empty, evolve
from app.kernel.access.visibility import audience
from app.kernel.actions.made_fit import Alteration
from app.kernel.consumers.rules import Clock
from app.kernel.histories.history_source import EventOrigin, HistorySource
from app.kernel.histories.imported_case import ImportedCase, ciphertexts, replay_case
from app.kernel.histories.observe import ObservedEvent, Snapshot, observe
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.log.events import Event, Recorded, id_of
from app.log.ids import uuid7
from app.log.upcasting import current_version
from app.log.writer import AppendRequest, ConcurrencyConflict, ConstraintViolation
from app.webhooks.effects.identities import Identities, Identity, tool_caller
from app.webhooks.effects.kept_files import COMMENT_KEY
from app.webhooks.effects.known_tickets import KnownTickets
from app.webhooks.effects.mirrored.kinds import KINDS, MirroredKind
from app.webhooks.intake.deliveries import DeliveryEffect, repeats
from app.webhooks.mapping.document import CODED_FIELDS, NAMING_FIELDS, PERSON_FIELDS
from app.webhooks.mapping.updates import NamedPerson, TicketUpdate
from app.webhooks.sources.records import WebhookSource
from app.webhooks.two_way.differences import NOTHING_HEARD, Hearing, difference, hearing_of
from app.webhooks.two_way.sources import AnsweredWrite, TwoWaySource
from app.webhooks.two_way.tool_clocks import UNCERTAINTY

R = TypeVar("R")
ATTEMPTS = 5
#: Columns of the events of a mirrored ticket that are no fields of it.
AT, ACTOR, STATUS = "at", "actor", "status"


@dataclass(frozen=True, slots=True)
class MirroredTicket:
    """A ticket in memory as the log has it: its events, its names in the tool (None: it is being opened), and
    its audience.
    """

    case: ImportedCase[Any]
    reference: ExternalReference | None
    audience: tuple[str, ...]
    #: Keys of all deliveries about it, in the order of receipt.
    delivery_keys: tuple[str, ...]
    hearing: Hearing = NOTHING_HEARD
    #: It was opened by an action here, and is mirrored only since.
    is_opened_here: bool = False


class Mirror:
    """Mirrors the tickets of one source."""

    def __init__(
        self,
        ledger: Ledger,
        source: WebhookSource,
        account: Identity,
        people: Identities,
        clock: Clock,
        two_way_source: TwoWaySource | None = None,
        *,
        kind: MirroredKind = KINDS["incident"],
    ) -> None:
        self._ledger = ledger
        self._kind = kind
        self._both_ways = two_way_source
        self._clock = clock
        self._source = source
        self._people = people
        self._account = account
        self.channel = f"webhook:{source.key}"
        lifecycle, ending = kind.lifecycle, dict.fromkeys(kind.of_ending, kind.open_states)
        self._history = HistorySource(
            str(source.key),
            lifecycle,
            columns=kind.columns,
            with_state={"hold_reason": frozenset(lifecycle.states), **ending},
            time_columns=frozenset({AT}),
            actor=ACTOR,
            repeats=False,
            origin=EventOrigin(self.channel, tool_caller(account.id)),
        )
        self.known_tickets = KnownTickets(ledger, lifecycle.kind, self._history.name)

    @property
    def kind(self) -> str:
        """The kind of the records that the tickets become."""
        return self._kind.lifecycle.kind

    async def find_ticket(self, case: str) -> str | None:
        """Return the stream of the ticket with that id over there; None if it is unknown."""
        return await self.known_tickets.stream(case)

    async def apply(
        self, news: TicketUpdate, key: str, answer: AnsweredWrite | None = None
    ) -> DeliveryEffect:
        """Record the tool's news of a ticket. `key` names this part of the delivery, for ever.
        `answer` is the requested state of the tool, if it was asked.

        Raises DatabaseGone; ConcurrencyConflict if others keep changing the ticket.
        """
        for attempt in range(ATTEMPTS):
            try:
                return await self._attempt(news, key, answer)
            except (ConcurrencyConflict, ConstraintViolation):
                if attempt == ATTEMPTS - 1:
                    raise
                self._people.forget()
                self._ledger.vault.forget()
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, news: TicketUpdate, key: str, answer: AnsweredWrite | None) -> DeliveryEffect:
        ticket = await self._load(news, None if answer is None else answer.stream)
        record = ticket.case.record
        if key in ticket.delivery_keys or _repeats_the_last(ticket, key):
            return DeliveryEffect("known_already", record.row_key, record.number)
        began = ticket.case.version == 0
        news = await self._with_known_assignee(ticket, news)
        snapshot, owner = await self._snapshot(ticket, news)
        if self._both_ways is not None and not began:
            if await self._both_ways.is_echo(ticket.case.key, ticket.hearing, news):
                return DeliveryEffect("known_already", record.row_key, record.number)
            ours = (
                await self._both_ways.columns_under_way(ticket.case.key, news)
                if answer is None
                else answer.ours(news)
            )
            ticket_difference = difference(
                ticket.case,
                ticket.hearing,
                snapshot,
                self._both_ways.groups,
                ours=ours,
                is_answer=answer is not None,
                uncertainty=UNCERTAINTY if news.tool_time else timedelta(),
            )
            if await self._both_ways.keep_conflicts(record, ticket_difference):
                return await self._attempt(news, key, answer)
            if ticket_difference.snapshot is None:
                return DeliveryEffect("known_already", record.row_key, record.number)
            snapshot = ticket_difference.snapshot
        await self._ledger.writer.write(await self._append_request(ticket, news, key, snapshot, owner))
        outcome = "opened" if began else "updated"
        return DeliveryEffect(outcome, record.row_key, record.number, news.altered)

    async def _with_known_assignee(self, ticket: MirroredTicket, news: TicketUpdate) -> TicketUpdate:
        """Return the news with the ticket's assignee here, or the one heard last, as its assignee if the tool
        has assigned several, and them among these.
        """
        if len(news.assignees) < 2:
            return news
        heard = ticket.case.columns.get("assignee")
        logins, assigned = await self._people.logins(), {each.casefold() for each in news.assignees}
        for person in (ticket.case.record.assignee_id, None if heard is None else id_of(heard)):
            login = None if person is None else logins.by_person.get(person)
            if login is not None and login.casefold() in assigned:
                return replace(news, fields=news.fields | {"assignee": NamedPerson(name=login)})
        return news

    async def _load(self, news: TicketUpdate, stream: str | None = None) -> MirroredTicket:
        reference = await self.known_tickets.reference(news.case)
        if reference is None and stream is None:
            record = empty(self._history.lifecycle.record, uuid7())
            assert self._history.lifecycle.code is not None
            # The number has the year of recording, as for every record here; the tool's own number is
            # separate.
            record.number = await self._ledger.numbers.next_number(
                self._history.lifecycle.code, self._clock()
            )
            return MirroredTicket(ImportedCase(self._history, record), None, (), ())
        name = stream if reference is None else reference.record
        assert name is not None, "a reference is of a record"
        history = await self.known_tickets.history(name)
        events = history.events
        texts = await self._ledger.vault.texts(ciphertexts(events))
        case = replay_case(self._history, [self._as_actor(event) for event in events], texts)
        keys = [e.source_ref for e in events if e.source == self.channel and e.source_ref is not None]
        heard = tuple(key for key in keys if not key.startswith(COMMENT_KEY))
        hearing = hearing_of(events, self.channel)
        is_opened_here = "observed" not in events[0].data
        return MirroredTicket(case, reference, history.audience, heard, hearing, is_opened_here)

    def _as_actor(self, event: Recorded) -> Recorded:
        """Return the event with the person that the tool named as its actor, as `observe` knows them."""
        if event.source != self.channel or event.on_behalf_of is None:
            return event
        return replace(event, actor=event.on_behalf_of)

    async def _append_request(
        self,
        ticket: MirroredTicket,
        news: TicketUpdate,
        key: str,
        snapshot: Snapshot,
        owner: Identity | None,
    ) -> AppendRequest:
        """Observe the snapshot of the news, and return the append request of its events. The ticket is
        changed.
        """
        case, before = ticket.case, ticket.case.version
        encrypt = (
            _nothing_to_encrypt
            if owner is None or owner.key is None
            else self._ledger.vault.encrypting(owner.key)
        )
        heard_at = ticket.hearing.heard_at
        newest = heard_at is None or snapshot.occurred_at >= heard_at
        # A state that is no news has no resolution that is.
        resolution = None if snapshot.state is None else self._resolution(case, news, snapshot)
        looks = [snapshot] if resolution is None else [resolution, snapshot]
        observed = [event for look in looks for event in observe(case, look, encrypt)]
        rows: list[tuple[str, dict[str, Any]]] = []
        if any(
            each.data["set"] for each in observed
        ):  # what changes nothing leaves the row's times as they are
            rows.append((self._history.lifecycle.table, as_row(case.record)))
        rows += self._reference_rows(ticket, news, observed[0], newest=newest)
        correlation_id = str(uuid7())
        events = tuple(self._event(case.key, each, snapshot.actor, key, correlation_id) for each in observed)
        tokens = tuple(sorted(audience(self._history.lifecycle, case.record, ticket.audience)))
        reads = {case.key: before}
        if owner is not None:
            # If the person is erased before this is written, it is decided again, without their words.
            reads[owner.stream] = owner.version
        return AppendRequest(
            reads=reads,
            events=events,
            rows=tuple(rows),
            audiences={} if tokens == ticket.audience else {case.key: tokens},
        )

    def _event(
        self, name: str, observed_event: ObservedEvent, actor: str, key: str, correlation_id: str
    ) -> Event:
        by = observed_event.actor or actor
        return Event(
            id=uuid7(),
            stream=name,
            version=observed_event.version,
            type=observed_event.type,
            schema_version=current_version(observed_event.type),
            occurred_at=observed_event.occurred_at,
            actor=f"integration:{self._account.id}",
            on_behalf_of=by if by.startswith("person:") else None,
            correlation_id=correlation_id,
            source=self.channel,
            source_ref=key,
            data=observed_event.data,
        )

    async def _snapshot(self, ticket: MirroredTicket, news: TicketUpdate) -> tuple[Snapshot, Identity | None]:
        """Return the news as a snapshot, and the person under whose key its words are."""
        irregular, altered = list(news.irregular), news.altered
        persons = {
            name: await self._readable(name, self._person(news.fields[name]), irregular, altered)
            for name in PERSON_FIELDS
            if name in news.fields
        }
        fields, words = self._fields(news), self._words(news)
        for name, person in persons.items():
            fields[f"{name}_id"] = None if person is None else person.id
        team = fields.pop("team", None)
        if team is not None:
            fields["team_id"] = await self._readable("team", self._people.team(team), irregular, altered)
        actor = await self._readable("actor", self._person(news.actor), irregular, altered)
        # For a request, only the delivery stores the alterations.
        if hasattr(ticket.case.record, "altered"):
            marks = _marks(ticket, news, altered)
            if marks != ticket.case.record.altered:
                fields["altered"] = marks
        self._add_defaults(fields, opened=ticket.case.version == 0)
        told_none = "priority" in fields and fields["priority"] is None
        await self._add_priority(ticket, fields)
        columns: dict[str, str | None] = {
            name: value for name, value in news.columns.items() if name in _PLAIN
        }
        private: dict[str, str | None] = {
            name: value
            for name, value in news.columns.items()
            if name not in _PLAIN and name not in _PERSONS and value is not None
        }
        if told_none and not _has_told_priority(ticket):
            columns.pop("priority", None)
        occurred_at, opened_at = _times(ticket, news)
        columns[AT] = instant(occurred_at)
        columns[ACTOR] = None if actor is None else actor.stream
        for name, person in persons.items():
            columns[name] = None if person is None else person.stream
        owner = None
        if words or private:
            owner = await self._owner(ticket, persons.get("requester"))
            if owner.key is None:
                words, private = {}, {}
                irregular.append("person_erased")
        by = "" if actor is None else actor.stream.replace("/", ":")
        if news.state in self._kind.open_states:
            # An open ticket has no resolution code. Sending it empty keeps an older delivery of its ending
            # from setting it.
            fields = dict.fromkeys(self._kind.of_ending - self._kind.texts) | fields
            words = dict.fromkeys(self._kind.of_ending & self._kind.texts) | words
        snapshot = Snapshot(
            occurred_at, opened_at, news.state, fields, words, columns, private, tuple(irregular), by
        )
        return snapshot, owner

    async def _readable(
        self, name: str, identity: Awaitable[R | None], irregular: list[str], altered: dict[str, list[str]]
    ) -> R | None:
        """Return the person or team that the tool names; None, and marks, if it cannot be one here."""
        try:
            return await identity
        except ValueError:
            irregular.append(f"unreadable_{name}")
            altered[name] = [Alteration.unreadable.value]
            return None

    async def _person(self, named: NamedPerson | None) -> Identity | None:
        return None if named is None else await self._people.person(named)

    async def _owner(self, ticket: MirroredTicket, requester: Identity | None) -> Identity:
        """Return whose words the ticket's are: the requester's, else the tool's."""
        requester_id: UUID | None = ticket.case.record.requester_id
        if requester is not None:
            return requester
        if requester_id is not None and (author := await self._ledger.vault.author(requester_id)) is not None:
            return Identity(requester_id, author.key, author.stream, author.version)
        return self._account

    def _fields(self, news: TicketUpdate) -> dict[str, Any]:
        """Return the fields of the news, without people and texts."""
        left_out = {*PERSON_FIELDS, *self._kind.texts}
        fields = {name: value for name, value in news.fields.items() if name not in left_out}
        if news.state is None:
            fields.pop("hold_reason", None)
            fields.pop("resolution_code", None)
        else:
            fields.setdefault("hold_reason", None)
        return fields

    def _add_defaults(self, fields: dict[str, Any], *, opened: bool) -> None:
        """Add the source's defaults for values that the tool does not send when the ticket is opened, and for
        values that it sends as empty.
        """
        for name in ("team_id", "service", "category", "impact", "urgency", "effect"):
            if name not in self._kind.columns.values():
                continue
            value = getattr(self._source, name)
            if value is not None and fields.get(name) is None and (opened or name in fields):
                fields[name] = value

    async def _add_priority(self, ticket: MirroredTicket, fields: dict[str, Any]) -> None:
        """Add the priority by the matrix if the tool has none: when the ticket is opened, when the tool sends
        another impact or urgency, and when it takes its own back. A person's priority stays until then.
        """
        if fields.get("priority") is not None:
            return
        taken_back = "priority" in fields and _has_told_priority(ticket)
        if not taken_back:
            fields.pop("priority", None)
            if _has_told_priority(ticket):
                return
        record = ticket.case.record
        levels = {name: fields.get(name) or getattr(record, name) for name in ("impact", "urgency")}
        changed = any(level != getattr(record, name) for name, level in levels.items())
        if None in levels.values() or not (changed or taken_back):
            return
        matrix = (await self._ledger.directory.priority_matrix()).matrix
        fields["priority"] = matrix[levels["impact"], levels["urgency"]]

    def _resolution(self, case: ImportedCase[Any], news: TicketUpdate, snapshot: Snapshot) -> Snapshot | None:
        """Return the resolution that the tool sends besides the present state; None without a new one. Each
        instant is observed once, whichever delivery reported it first.
        """
        resolved_at, done = news.resolved_at, self._kind.done
        if (
            resolved_at is None
            or news.state not in (done, self._kind.closed)
            or not snapshot.opened_at <= resolved_at <= snapshot.occurred_at
        ):
            return None
        if resolved_at == snapshot.occurred_at and news.state is done:
            return None
        rows = (each for each in case.entries if each.own and each.occurred_at == resolved_at)
        if any(each.fields.get("state") is done for each in rows):
            return None
        origins = {AT: instant(resolved_at), ACTOR: None}
        if case.version == 0:
            return snapshot._replace(
                occurred_at=resolved_at,
                state=done,
                columns=snapshot.columns | origins,
                actor="",
            )
        fields = {"hold_reason": None}
        return Snapshot(resolved_at, snapshot.opened_at, done, fields, {}, origins, {}, (), "")

    def _words(self, news: TicketUpdate) -> dict[str, str | None]:
        return {name: news.fields[name] for name in sorted(self._kind.texts) if name in news.fields}

    def _reference_rows(
        self, ticket: MirroredTicket, news: TicketUpdate, first: ObservedEvent, *, newest: bool
    ) -> list[tuple[str, dict[str, Any]]]:
        """Add the tool's new names for the ticket to the first event, and return the row. A delivery that is
        not the `newest` only adds names that are not known yet.
        """
        reference = ticket.reference or empty(ExternalReference, uuid7())
        values: dict[str, Any] = {"number": news.number, "url": news.url}
        if ticket.reference is None:
            values |= {"key": news.case, "kind": ticket.case.record.KIND, "record": ticket.case.key}
            values["source"] = self._history.name
        fields = {
            name: value
            for name, value in sorted(values.items())
            if value is not None and value != (old := getattr(reference, name)) and (newest or old is None)
        }
        if not fields:
            return []
        first.data["set"] = dict(sorted({reference.row_key: fields, **first.data["set"]}.items()))
        changed = evolve(reference, first.version, first.occurred_at, fields)
        return [(f"fold.{ExternalReference.KIND}", as_row(changed))]


def _repeats_the_last(ticket: MirroredTicket, key: str) -> bool:
    """Return whether the part of that key says what was heard last of the ticket. What equals something older
    is news: the ticket has changed back.
    """
    return bool(ticket.delivery_keys) and repeats(key, ticket.delivery_keys[-1])


#: Columns that the log may hold as the tool sent them: codes, titles, and names, ids and addresses of things
#: that are not people. People stand there as references; all other content is encrypted.
_PLAIN = frozenset({"case", "number", "url", STATUS, "title", *CODED_FIELDS, *NAMING_FIELDS})
_PERSONS = frozenset({ACTOR, *PERSON_FIELDS})


def _has_told_priority(ticket: MirroredTicket) -> bool:
    """Return whether the tool has sent a priority of the ticket, and not taken it back."""
    return ticket.case.columns.get("priority") is not None


def _times(ticket: MirroredTicket, news: TicketUpdate) -> tuple[datetime, datetime]:
    """Return when the news occurred and when the ticket was opened: one that was opened here keeps its
    opening, whatever the time of the tool's copy.
    """
    opened_at: datetime | None = ticket.case.record.opened_at
    if ticket.is_opened_here and opened_at is not None:
        return max(news.occurred_at, opened_at), opened_at
    return news.occurred_at, min(news.opened_at or opened_at or news.occurred_at, news.occurred_at)


def _marks(
    ticket: MirroredTicket, news: TicketUpdate, altered: dict[str, list[str]]
) -> dict[str, list[str]] | None:
    """Return the marks of the ticket's altered fields: a field in the news loses its earlier mark."""
    earlier_marks: dict[str, list[str]] = ticket.case.record.altered or {}
    fields = {*news.fields, *news.columns}
    marks = {name: codes for name, codes in earlier_marks.items() if name not in fields} | altered
    return dict(sorted(marks.items())) or None


def _nothing_to_encrypt(text: str) -> Ciphertext:
    raise AssertionError("news without words has nothing to encrypt")
