"""A ticketing tool whose incident is mirrored here, for tests: what it reports is observed, and appended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from app.common.children import ExternalReference, Visibility
from app.common.people import Caller
from app.common.records import as_row, empty
from app.common.tickets import Channel
from app.kernel.access.visibility import audience
from app.kernel.histories.history_source import EventOrigin, HistorySource
from app.kernel.histories.imported_case import ImportedCase, ciphertexts, replay_case
from app.kernel.histories.observe import ObservedEvent, Snapshot, observe
from app.kernel.ledger import Ledger
from app.log import read
from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident, IncidentState
from app.ticketing.records import Comment

FIELDS = ("title", "requester_id", "team_id", "assignee_id", "priority", "category", "hold_reason")
TOOL = Caller(actor=f"integration:{UUID(int=7)}", person_id=None)


@dataclass
class Mirror:
    """One incident of the tool. `whole` is what it is like there; each report sends all of it."""

    ledger: Ledger
    owner: UUID
    opened_at: datetime
    channel: str = "webhook:desk"
    case: ImportedCase[Incident] | None = None
    reported_fields: dict[str, Any] = field(default_factory=dict)

    async def report(
        self, state: IncidentState, at: datetime, by: str = TOOL.actor, words: str | None = None, **news: Any
    ) -> Incident:
        """The tool reports that the incident is so. Gives it as it is here then."""
        self.reported_fields |= news
        case, before, persons = await self._case()
        author = await self.ledger.vault.author(self.owner)
        assert author is not None
        # The names of columns that our payloads have, too, with what no payload holds.
        texts: dict[str, str | None] = {"person": str(at), "reason": f"{state} since {at}", "text": str(at)}
        fields = {"channel": Channel.api, **self.reported_fields}
        encrypted: dict[str, str | None] = {"resolution": words} if words else {}
        snapshot = Snapshot(at, self.opened_at, state, fields, encrypted, texts, {}, actor=by)
        events = observe(case, snapshot, self.ledger.vault.encrypting(author.key))
        rows = () if before else (self._reference(case, events[0]),)
        await self._append(
            case, before, [self._event(case.key, observed) for observed in events], persons, *rows
        )
        return case.record

    def _reference(self, case: ImportedCase[Incident], opening: ObservedEvent) -> tuple[str, dict[str, Any]]:
        """The tool's id of the ticket, told with its first event, and its row."""
        reference = uuid7()
        fields = {"key": str(reference), "kind": LIFECYCLE.kind, "record": case.key, "source": "desk"}
        key = stream(ExternalReference.KIND, reference)
        opening.data["set"] = dict(sorted({key: fields, **opening.data["set"]}.items()))
        envelope = {"id": str(reference), "version": 1, "changed_at": instant(opening.occurred_at)}
        return f"fold.{ExternalReference.KIND}", envelope | fields

    async def comment(self, by: UUID, at: datetime, text: str) -> None:
        """The tool reports that somebody has said something, by an event of that type."""
        case, before, persons = await self._case()
        author = await self.ledger.vault.author(by)
        assert author is not None
        comment = Comment(
            id=uuid7(),
            record=case.key,
            author_id=by,
            visibility=Visibility.public,
            text=self.ledger.vault.encrypting(author.key)(text),
            written_at=at,
            version=before + 1,
            changed_at=at,
        )
        row = as_row(comment)
        fields = {name: row[name] for name in ("record", "author_id", "visibility", "text", "written_at")}
        key = stream(Comment.KIND, comment.id)
        data = {"given": {"text": "body"}, "observed": "comment", "set": {key: fields}}
        event = ObservedEvent("incident.commented", at, before + 1, data, f"person:{by}")
        await self._append(case, before, [self._event(case.key, event)], persons, ("fold.comment", row))

    async def _case(self) -> tuple[ImportedCase[Incident], int, tuple[str, ...]]:
        """The case, its version, and to whom it is visible."""
        source = self.source()
        if self.case is None:
            record = empty(Incident, uuid7())
            record.number = await self.ledger.numbers.next_number("INC", self.opened_at)
            self.case = ImportedCase(source, record)
            return self.case, 0, ()
        db, key = self.ledger.db, self.case.key
        events = await read.stream_events(db, key)
        texts = await self.ledger.vault.texts(ciphertexts(events))
        self.case = replay_case(source, events, texts)
        persons = await db.value("select audience from log.stream_head where stream = %s", (key,))
        return self.case, self.case.version, tuple(persons)

    def source(self) -> HistorySource[Incident]:
        """The tool as a source."""
        return HistorySource(
            "desk",
            LIFECYCLE,
            columns={name: name for name in FIELDS},
            with_state={},
            time_columns=frozenset(),
            repeats=False,
            origin=EventOrigin(self.channel, TOOL),
        )

    def _event(self, key: str, observed: ObservedEvent) -> Event:
        return Event(
            id=uuid4(),
            stream=key,
            version=observed.version,
            type=observed.type,
            occurred_at=observed.occurred_at,
            actor=observed.actor or TOOL.actor,
            correlation_id="a-delivery",
            source=self.channel,
            data=observed.data,
        )

    async def _append(
        self,
        case: ImportedCase[Incident],
        before: int,
        events: list[Event],
        persons: tuple[str, ...],
        *more: tuple[str, dict[str, Any]],
    ) -> None:
        tokens = {case.key: tuple(sorted(audience(LIFECYCLE, case.record, persons)))}
        # What changes no field leaves the row as it is, as where tools' tickets are mirrored.
        changes = any(case.key in event.data["set"] for event in events)
        own = ((LIFECYCLE.table, as_row(case.record)),) if changes else ()
        rows = (*own, *more)
        reads = {case.key: before}
        request = AppendRequest(reads=reads, events=tuple(events), rows=rows, audiences=tokens)
        await self.ledger.writer.write(request)
