"""A ticket here and at a tool, brought to one state: asked, taken over, written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from app.common.records import from_row
from app.expressions.times import read_time
from app.kernel.ledger import Ledger
from app.log.events import id_of
from app.log.ids import uuid7
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import ENDED, Incident, IncidentState
from app.subscriptions.standing import note_refusal
from app.webhooks.effects.identities import Identities
from app.webhooks.effects.mirror import Mirror
from app.webhooks.effects.mirrored.tags import share_labels
from app.webhooks.intake import deliveries
from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.intake.source_mapping import evaluate
from app.webhooks.mapping.ticket_kinds import as_kind
from app.webhooks.mapping.updates import MappingFailed, TicketUpdate
from app.webhooks.sources.records import WebhookSource
from app.webhooks.two_way.differences import WRITTEN
from app.webhooks.two_way.pending_writes import OPENING, Writes
from app.webhooks.two_way.sources import AnsweredWrite, TwoWaySource
from app.webhooks.two_way.tool_clocks import ClockSample
from app.webhooks.write_back.assignees import ASSIGNEE, assignee_change
from app.webhooks.write_back.queries import RECORD, REFERENCE_OF
from app.webhooks.write_back.templates import CommentRequest, FieldRequest
from app.webhooks.write_back.tool_client import RequestRefused, ToolClient

#: Text that notifies a person: `@name` in GitHub, `[~name]` in Jira.
_MENTION = re.compile(r"(?<![\w@])@(?=\w)|\[~(?=\w)")
_ADDRESS = re.compile(r"(https?://[^\s<>]+)")
#: The tool's clock may be so far from ours.
SLACK = timedelta(minutes=10)
#: Codes of what is wrong with one field; other refusals concern the ticket or the account.
REFUSALS_OF_A_FIELD = frozenset({"refused_by_tool", "no_such_step"})
#: A ticket that others keep changing is left for the next event.
MOST_ROUNDS = 5
CANCELLED = IncidentState.cancelled
#: The statuses of what was deleted over there: its correction is pointless.
DELETED_STATUSES = frozenset({404, 410})


@dataclass(slots=True)
class TicketSync:
    """A ticket of ours and its counterpart at the tool of a source."""

    ledger: Ledger
    source: WebhookSource
    tool: ToolClient
    writes: Writes
    both_ways: TwoWaySource
    mirror: Mirror
    stream: str
    channel: str

    @classmethod
    async def prepare(
        cls, ledger: Ledger, source: WebhookSource, tool: ToolClient, writes: Writes, stream: str
    ) -> TicketSync:
        """Return the ticket of that stream, with all that is needed to write it. Raises DatabaseGone."""

        people = Identities(ledger, str(source.key), tool.now)
        account = await people.account()
        groups = tool.template.template.groups
        two_way_source = TwoWaySource(ledger, writes, account, await writes.accounts(), groups, tool.clock)
        mirror = Mirror(ledger, source, account, people, tool.clock, two_way_source)
        tool.variables["marker"] = f"ledgerdesk-{id_of(stream)}"
        return cls(ledger, source, tool, writes, two_way_source, mirror, stream, mirror.channel)

    async def open(self, *, is_new: bool) -> bool:
        """Open the ticket at the tool, if it is not there: one that has ended here only as long as it
        `is_new`. Return whether it is there. Raises RequestRefused, RequestFailed, DatabaseGone.
        """
        reference = await self._reference()
        if reference is not None:
            self.tool.variables["ticket"] = dict(reference)
            return True
        record = await self._record()
        under_way = await self.writes.find_write(self.stream)
        has_ended = record.state in ENDED or record.state is CANCELLED
        if has_ended and not is_new and not under_way.is_opening:
            return False
        call = self.tool.template.template.open
        begun_at = under_way.begun_at if under_way.is_opening else None
        self.tool.variables["record"] = await self._shown(record)
        matches: Any = None
        began_at: datetime | None = None
        if begun_at is not None:
            matches = await self._find_opened(begun_at)
        else:
            await self.writes.note_write(self.stream, {}, self.tool.now, is_opening=True)
        if matches is None:
            began_at = self.tool.clock()
            try:
                matches = await self.tool.send_request(call)
            except RequestRefused as failed:
                if failed.is_definite:
                    await self._end([])
                raise
        ended_at = self.tool.clock()
        self.tool.variables["ticket"] = self.tool.value(call.ticket, answer=matches)
        their_ticket = await self._read()
        if began_at is not None and their_ticket.opened_at is not None:
            await self.writes.measure_clock(ClockSample(their_ticket.opened_at, began_at, ended_at))
        await self._note(their_ticket, None)
        await self._end([their_ticket.case], their_ticket.stated_at)
        self.tool.variables["ticket"] = dict(await self._reference() or {})
        return True

    async def _find_opened(self, begun_at: datetime) -> Any:
        """Return the ticket that an earlier attempt has opened; None: it has not. Raises RequestRefused while
        that cannot be known.
        """
        call = self.tool.template.template.open.find
        self.tool.variables["since"] = (begun_at - SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
        matches = await self.tool.search(call)
        if matches:
            return matches[0]
        if self.tool.now - begun_at < timedelta(seconds=call.settle_seconds):
            raise RequestRefused("uncertain", self.tool.last)
        return None

    async def bring_up_to_date(self) -> None:
        """Take over what has changed at the tool, and write what has changed here, until both are equal.
        Raises RequestRefused, RequestFailed, DatabaseGone.
        """
        under_way = await self.writes.find_write(self.stream)
        their_ticket, written = await self._read(), under_way.writing
        are_labels_written = False
        for _ in range(MOST_ROUNDS):
            await self._note(their_ticket, written or {})
            if written is not None:
                await self._end([their_ticket.case], their_ticket.stated_at)
            labels = await self._share_labels(their_ticket)
            record = await self._record()
            changes: dict[str, Any] = {**self._changes(record, their_ticket)}
            # Labels that the tool accepts and does not set are not written again at once.
            if not are_labels_written:
                changes |= labels
                are_labels_written = bool(labels)
            changes |= await assignee_change(
                self.ledger, self.source, self.tool, self.writes, record, their_ticket
            )
            changes = await self._without_refused(changes)
            if not changes:
                break
            self.tool.variables["record"] = await self._shown(record)
            their_ticket, written = await self._write(changes, their_ticket.occurred_at)
        if under_way.unsure_at is not None:
            await self.writes.clear_doubt(self.stream, under_way.unsure_at)

    async def _write(
        self, changes: Mapping[str, Any], changed_at: datetime
    ) -> tuple[TicketUpdate, Mapping[str, str]]:
        """Write the changes to the ticket, which changed last at that time of the tool. Return the ticket as
        it is then, with fingerprints of what was written.
        """
        written = {name: self._fingerprint(name, _written_text(each)) for name, each in changes.items()}
        await self.writes.note_write(self.stream, written, self.tool.now)
        began_at = self.tool.clock()
        their_ticket: TicketUpdate | None = None
        for name in changes:
            call = self.tool.template.change_of(name)
            assert call is not None, "only what the tool has is changed"
            began_at = self.tool.clock()
            try:
                answer = await self._change(call, changes)
            except RequestRefused as failed:
                if failed.code in REFUSALS_OF_A_FIELD:
                    await self._note_refused(name, changes[name], failed.code)
                    continue
                # Some of several changes may have been made: the next attempt asks the tool.
                if failed.is_definite and len(changes) == 1:
                    await self._end([str(self.tool.variables["ticket"]["key"])])
                raise
            if name == ASSIGNEE:
                await self.writes.note_assignee(self.stream, changes[name]["version"])
            their_ticket = await self._parse_ticket(answer) if call.answers else None
        their_ticket = their_ticket or await self._read()
        # A value that the tool already had keeps the time of an older change.
        if their_ticket.occurred_at != changed_at and not their_ticket.dated_by_receipt:
            sample = ClockSample(their_ticket.occurred_at, began_at, self.tool.clock())
            await self.writes.measure_clock(sample)
        return their_ticket, written

    async def _change(self, call: FieldRequest, changes: Mapping[str, Any]) -> Any:
        if call.each:
            for name in changes[call.field]:
                await self.tool.send_request(call, changes=changes, picked=name)
            return None
        picked: Any = None
        if call.ask is not None:
            options = self.tool.value(
                call.ask.options, answer=await self.tool.send_request(call.ask), changes=changes
            )
            if not options:
                raise RequestRefused("no_such_step", self.tool.last)
            picked = options[0]
        return await self.tool.send_request(call, changes=changes, picked=picked)

    def _changes(self, record: Incident, their_ticket: TicketUpdate) -> dict[str, str]:
        """Return the fields to write, in the tool's form: those that both sides have, and that differ."""
        changes: dict[str, str] = {}
        title, priority = their_ticket.fields.get("title"), their_ticket.fields.get("priority")
        if record.title and title is not None and record.title != title:
            changes["title"] = record.title
        if record.priority is not None and priority is not None and record.priority != priority:
            changes["priority"] = record.priority.value
        if record.state is not None and their_ticket.state is not None:
            wanted_group = self.both_ways.group(record.state)
            if wanted_group != self.both_ways.group(their_ticket.state):
                changes["state"] = wanted_group
        return {
            name: text for name, text in changes.items() if self.tool.template.change_of(name) is not None
        }

    async def _without_refused(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changes without the values that the tool has refused today."""
        refused = await self.writes.refused_fields(self.stream)
        return {name: each for name, each in changes.items() if refused.get(name) != self._mark(name, each)}

    async def _note_refused(self, name: str, refused_value: Any, code: str) -> None:
        """Note that the tool refuses the value, and notify the subscription's account: other fields and
        comments are written without it. It is tried again on another day, or with other settings of the tool.
        """
        subscription = self.tool.target.subscription
        self.tool.refused_fields.append(": ".join(filter(None, (name, self.tool.refusal_text() or code))))
        await self.writes.note_refused(self.stream, name, self._mark(name, refused_value))
        await note_refusal(self.ledger, subscription, self.stream, code, self.tool.now)

    def _mark(self, name: str, changed_to: Any) -> str:
        subscription, today = self.tool.target.subscription, self.tool.now.date()
        return self._fingerprint("refused", f"{name} {changed_to} {subscription.tool_settings} {today}")

    async def _share_labels(self, their_ticket: TicketUpdate) -> dict[str, list[str]]:
        """Take over the labels that the tool has changed, and return those that we have changed."""
        changes = await share_labels(
            self.ledger,
            self.channel,
            self.both_ways.account.id,
            self.stream,
            their_ticket,
            writes=self.writes,
            now=self.tool.clock(),
            is_answer=True,
        )
        if changes is None:
            return {}
        template = self.tool.template.template
        fitting = [
            name
            for name in changes.add
            if len(name) <= template.longest_label and not set(template.not_in_labels) & set(name)
        ]
        written = {"labels_added": fitting, "labels_removed": list(changes.remove)}
        return {
            name: names
            for name, names in written.items()
            if names and self.tool.template.change_of(name) is not None
        }

    def _literal(self, text: str) -> str:
        """Return the text so that the tool shows it as it is here."""
        return escaped(without_mentions(text), self.tool.template.template.escaped)

    def _fingerprint(self, name: str, text: str) -> str:
        return self.both_ways.fingerprint(self.stream, name, text)

    async def _read(self) -> TicketUpdate:
        return await self._parse_ticket(await self.tool.send_request(self.tool.template.template.read))

    async def _parse_ticket(self, answer: Any) -> TicketUpdate:
        """Return the ticket in a response, by the source's mapping. Raises RequestRefused."""
        delivery = self.tool.value(self.tool.template.template.read.delivery, answer=answer)
        raw = RawDelivery({"content-type": "application/json"}, orjson.dumps(delivery))
        try:
            evaluation = await evaluate(self.source, raw, self.tool.now, self.ledger.settings.time_zone)
        except MappingFailed as error:
            raise RequestRefused("unfit_answer", self.tool.last) from error
        for news in evaluation.news:
            if isinstance(news, TicketUpdate):
                # Only incidents are written, whatever type the tool gives them.
                return as_kind(news, LIFECYCLE.kind)
        raise RequestRefused("unfit_answer", self.tool.last)

    async def _note(self, their_ticket: TicketUpdate, written: Mapping[str, str] | None) -> None:
        """Record the ticket as the tool has it: news of its own, and what we have written."""
        answer = AnsweredWrite(self.stream, written, self.both_ways.fingerprints(self.stream, their_ticket))
        name = f"{WRITTEN if written is None or written else 'read:'}{uuid7()}"
        await self.mirror.apply(await self.both_ways.convert(their_ticket, self.tool.clock()), name, answer)

    async def _end(self, cases: list[str], written_at: datetime | None = None) -> None:
        await self.writes.clear_write(self.stream, written_at)
        await deliveries.replay_awaiting(self.ledger.db, self.source.id, [*cases, OPENING])

    async def write_comment(self, comment: UUID, text: str) -> None:
        """Write the comment to the tool, once; corrected here it is corrected there. Raises RequestRefused,
        RequestFailed, DatabaseGone.
        """
        template, case = self.tool.template.template, str(self.tool.variables["ticket"]["key"])
        more: dict[str, Any] = {
            "marker": f"ledgerdesk-{comment}",
            "comment": {"text": self._literal(text)},
        }
        fingerprint = self._fingerprint("comment", text)
        stored_comment, call = await self.writes.find_comment(comment), template.comment
        if stored_comment is not None and stored_comment.fingerprint == fingerprint:
            return
        if stored_comment is not None and stored_comment.key is not None:
            if template.correction is None:
                return
            call = template.correction
            more["comment"]["key"] = stored_comment.key
        matches: list[Any] = []
        if stored_comment is not None and stored_comment.key is None:
            matches = await self._find_comment(call, comment, stored_comment.begun_at)
        await self.writes.begin_comment(self.stream, comment, self.tool.now)
        began_at = self.tool.clock()
        try:
            answer = matches[0] if matches else await self.tool.send_request(call, **more)
        except RequestRefused as failed:
            if failed.is_definite:
                await self._end_comment(comment)
            if call is template.correction and failed.answer.status in DELETED_STATUSES:
                return
            raise
        key, written_at = self._name_of(call, answer)
        if not matches:
            await self.writes.measure_clock(ClockSample(written_at, began_at, self.tool.clock()))
        # The comment that was found may still have the former text.
        await self.writes.end_comment(comment, key, written_at, "" if matches else fingerprint)
        await deliveries.replay_awaiting(self.ledger.db, self.source.id, [case])

    async def withdraw_comment(self, comment: UUID) -> None:
        """Delete at the tool what we have written there, if it lets us. Raises RequestRefused, RequestFailed,
        DatabaseGone.
        """
        template, stored_comment = self.tool.template.template, await self.writes.find_comment(comment)
        if stored_comment is None or template.withdrawal is None:
            return
        key = stored_comment.key or await self._find_comment_key(comment, stored_comment.begun_at)
        if key is not None:
            try:
                await self.tool.send_request(template.withdrawal, comment={"key": key})
            except RequestRefused as failed:
                if failed.answer.status not in DELETED_STATUSES:
                    raise
        await self._end_comment(comment)

    async def _find_comment_key(self, comment: UUID, begun_at: datetime) -> str | None:
        """Return the tool's id of a comment whose response was lost, and keep it: the tool may send the
        comment yet. None: it has not arrived.
        """
        call = self.tool.template.template.comment
        matches = await self._find_comment(call, comment, begun_at)
        if not matches:
            return None
        key, written_at = self._name_of(call, matches[0])
        await self.writes.end_comment(comment, key, written_at, "")
        return key

    async def _find_comment(self, call: CommentRequest, comment: UUID, begun_at: datetime) -> list[Any]:
        since = (begun_at - SLACK).strftime("%Y-%m-%dT%H:%M:%SZ")
        return await self.tool.search(call.find, since=since, marker=f"ledgerdesk-{comment}")

    def _name_of(self, call: CommentRequest, answer: Any) -> tuple[str, datetime]:
        """Return the id and time that the tool has given a comment."""
        written_at = read_time(self.tool.value(call.time, answer=answer))
        assert written_at is not None, "an answer that tells no time is unfit"
        return str(self.tool.value(call.key, answer=answer)), written_at

    async def _end_comment(self, comment: UUID) -> None:
        """Note that the comment has no pending write, and process the news that waited for it."""
        await self.writes.refuse_comment(comment)
        case = str(self.tool.variables["ticket"]["key"])
        await deliveries.replay_awaiting(self.ledger.db, self.source.id, [case])

    async def _reference(self) -> Mapping[str, Any] | None:
        return await self.ledger.db.row(REFERENCE_OF, (self.stream, self.source.key))

    async def _record(self) -> Incident:
        row = await self.ledger.db.row(RECORD, (id_of(self.stream),))
        assert row is not None, "an event's record is there"
        return from_row(Incident, row)

    async def _shown(self, record: Incident) -> dict[str, str | None]:
        """Return the fields of the record that requests may hold."""
        encrypted = record.description
        description = None if encrypted is None else (await self.ledger.vault.texts([encrypted]))[encrypted]
        return {
            "id": str(record.id),
            "number": record.number,
            "title": record.title or record.number,
            "description": None if description is None else self._literal(description),
            "state": None if record.state is None else record.state.value,
            "priority": None if record.priority is None else record.priority.value,
            "resolution_code": "" if record.resolution_code is None else record.resolution_code.value,
        }


def _written_text(changed_to: Any) -> str:
    """Return the text whose fingerprint shows that the tool has the value: logins have no case."""
    return str(changed_to["login"]).casefold() if isinstance(changed_to, dict) else str(changed_to)


def escaped(text: str, characters: str) -> str:
    """Return the text with a backslash before each of these characters, but not in addresses."""
    if not characters:
        return text
    pattern = re.compile(f"[{re.escape(characters)}]")
    parts = _ADDRESS.split(text)
    return "".join(
        part if n % 2 else pattern.sub(lambda match: f"\\{match[0]}", part) for n, part in enumerate(parts)
    )


def without_mentions(text: str) -> str:
    """Return the text with an invisible space in what would call people at the tool: names here are not the
    logins there.
    """
    return _MENTION.sub(lambda match: f"{match[0]}\u200b", text)
