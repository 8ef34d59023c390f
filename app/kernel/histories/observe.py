"""Convert what another system reports about a case into events. Pure: no database, no clock, no process.

A command is decided here; an imported history was decided elsewhere, and each of its rows reports the case's
state after a change. So nothing is checked: a change that does not fit the lifecycle is recorded as it
happened, and marked (`irregular`). `HistorySource` decides which action leads to a state, whether it was
available, and which fields its event lacks; the source's reader adds codes for values that it cannot read.

A late row changes no field that a later row had reported before; it corrects the past to what it would be if
the row had come in time. So the events of a case, without those that others replaced (`instead`), report the
same in whatever order its rows came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import compress, groupby
from operator import attrgetter, is_not
from typing import Any, Generic, NamedTuple, TypeVar

from app.common.personal import Ciphertext
from app.common.records import CodeEnum, codecs
from app.common.state_fields import enter_state
from app.common.tickets import Ticket
from app.common.times.instants import later_instant
from app.kernel.histories.history_source import EventHeader, HistoryEntry, Transition
from app.kernel.histories.imported_case import OPENING_VERSION, SNAPSHOT, ImportedCase, digest, sort_key

R = TypeVar("R", bound=Ticket)

Encrypt = Callable[[str], Ciphertext]
_MISSING = object()


class Snapshot(NamedTuple):
    """A case's state after one change, in the fields of the record, with names resolved to ids.

    `state` is None if it was not reported or is unknown here. `fields` are the record's fields except
    personal ones, which are in `words`. `columns` are the columns of the source that the log may store in
    plain text, `private` those that must be encrypted; both contain at least what differs from the previous
    row. `irregular` are codes found by the reader, and `actor` is the person or tool that made the row.
    """

    occurred_at: datetime
    opened_at: datetime
    state: CodeEnum | None
    fields: dict[str, Any]
    words: dict[str, str | None]
    columns: dict[str, str | None]
    private: dict[str, str | None]
    irregular: Sequence[str] = ()
    actor: str = ""


class ObservedEvent(NamedTuple):
    """An event for the case's stream. `actor` None, for events about the opening: the person who opened the
    case.
    """

    type: str
    occurred_at: datetime
    version: int
    data: dict[str, Any]
    actor: str | None


def observe(case: ImportedCase[R], snapshot: Snapshot, encrypt: Encrypt) -> list[ObservedEvent]:
    """Return the events that record the snapshot, at least one. Updates `case` to the state after these
    events.
    """
    observation = _Observation(case, snapshot, encrypt)
    columns = observation.changed_columns()
    if case.version == 0:
        return observation.opening_events(columns)
    opened_at = case.record.opened_at
    assert opened_at is not None
    if (case.latest is None or snapshot.occurred_at >= case.latest) and snapshot.opened_at >= opened_at:
        return [observation.in_order_event(columns, observation.codes)]
    return observation.late_events(columns)


class _Content(NamedTuple):
    """The content of an event. `columns` are its `given`, the others as in its data, of the case
    alone.
    """

    columns: dict[str, Any]
    set: dict[str, Any]
    late: dict[str, Any] = {}  # noqa: RUF012  # nothing changes it
    instead: int | None = None


class _StateChange(NamedTuple):
    """The state before a row, and the state that the row reports: None if it reports no state."""

    before: CodeEnum
    after: CodeEnum | None


class _Observation(Generic[R]):
    """The conversion of one snapshot into events of a case. `fields` are all record fields that it reports,
    personal texts as digests.
    """

    def __init__(self, case: ImportedCase[R], snapshot: Snapshot, encrypt: Encrypt) -> None:
        self.case = case
        self.source = case.source
        self.values = case.record.__dict__
        self.snapshot = snapshot
        self.codes = tuple(snapshot.irregular)
        self.fields = snapshot.fields
        if snapshot.words:
            self.fields = self.fields | {name: digest(text) for name, text in snapshot.words.items()}
        self._encrypt = encrypt
        self._encrypted: dict[str, Ciphertext] = {}

    def changed_columns(self) -> dict[str, Any]:
        """Return the columns that differ from the previous row, as the log stores them."""
        columns, snapshot = self.case.columns, self.snapshot
        value_of = columns.get
        changed: dict[str, Any] = {c: v for c, v in snapshot.columns.items() if value_of(c, _MISSING) != v}
        columns.update(changed)
        if not snapshot.private:
            return changed
        for column, text in snapshot.private.items():
            mark = digest(text)
            if columns.get(column, _MISSING) != mark:
                changed[column] = self._ciphertext(text)
                columns[column] = mark
        return dict(sorted(changed.items()))

    def opening_events(self, columns: dict[str, Any]) -> list[ObservedEvent]:
        """Return the events of a case's first row: its opening, and its state at the row's own time."""
        case, snapshot, first = self.case, self.snapshot, self.source.initial_state
        old = dict.fromkeys(self.values)
        self.values["opened_at"] = snapshot.opened_at
        self._set_fields(self.fields)
        enter_state(case.record, first, snapshot.opened_at)
        changed = changes(type(case.record), old, self.values)
        event = self._opening_event(_Content(columns, changed))
        self._set_opening(OPENING_VERSION, snapshot.opened_at)
        return [event] if self._is_only_opening else [event, self.in_order_event({}, ())]

    @property
    def _is_only_opening(self) -> bool:
        """Return whether a case's first row reports nothing but the opening. The case is then in its initial
        state from the opening on, whatever the row's own time is.
        """
        return self.snapshot.state in (None, self.source.initial_state)

    def _set_opening(self, version: int, opened_at: datetime) -> None:
        """Record the row as the one that the opening is derived from, reported by the event of that
        version.
        """
        case, snapshot = self.case, self.snapshot
        # Fields that an earlier known opening had, and this one has not.
        before = case.entries[0].fields if case.entries else {}
        opening = {**dict.fromkeys(before), **self.fields, "state": self.source.initial_state}
        row = None
        if self._is_only_opening:
            # All fields of the row are as of its own time; the state only where a case may be in its initial
            # state again, or if no column gives the time of opening: then the row itself is the opening, as
            # far as is known by now.
            of_its_time = self.source.returns or snapshot.occurred_at == opened_at
            manner = EventHeader("", (), self.codes, snapshot.actor)
            is_reported = snapshot.state is not None and of_its_time
            fields = {**self.fields, "state": self.source.initial_state} if is_reported else self.fields
            row = HistoryEntry(True, snapshot.occurred_at, version, fields, (), True, manner)
        case.set_opening(HistoryEntry(False, opened_at, OPENING_VERSION, opening, opening, True), row)

    def _opening_event(self, content: _Content) -> ObservedEvent:
        """Return the event of the opening: the case's first event, or one that replaces it."""
        source = self.source
        opening = source.lifecycle.opening().event
        irregular = (*self.codes, *source.missing(opening, self.fields))
        kind = opening if content.instead is None else source.observed
        event = self._event(EventHeader(kind, irregular, self.codes, ""), self.values["opened_at"], content)
        return event._replace(actor=None)

    def in_order_event(self, columns: dict[str, Any], codes: tuple[str, ...]) -> ObservedEvent:
        """Return the event of a row that is the latest so far. `codes`: the reader's codes that no event of
        the row has yet.
        """
        case, snapshot, state = self.case, self.snapshot, self.snapshot.state
        stood = case.record.state
        transition = None if state is None else self.source.transition_for(case.record, state)
        # If the state stays, only reported fields can change: comparing all fields takes a third of the time
        # of this module.
        values, names = self.values, self.fields
        old = values.copy() if transition is not None else {name: values[name] for name in names}
        self._set_fields(names)
        if transition is not None and state is not None:
            enter_state(case.record, state, snapshot.occurred_at)
        new = values if transition is not None else {name: values[name] for name in names}
        changed = changes(type(case.record), old, new)
        manner = self._header(transition, _StateChange(stood, state), codes, values)
        event = self._event(manner, snapshot.occurred_at, _Content(columns, changed))
        fields, latest = self._all_fields(), case.entries[-1].fields
        # Most rows report the same as the one before: sharing the dict saves memory, as histories are long.
        shared = latest if latest == fields else fields
        case.entries.append(
            HistoryEntry(True, snapshot.occurred_at, case.version, shared, tuple(changed), True, manner)
        )
        case.latest = snapshot.occurred_at
        return event

    def late_events(self, columns: dict[str, Any]) -> list[ObservedEvent]:
        """Return the events of a row that is not the latest, and those that correct later rows."""
        first = self.case.opening_row
        if first is None or first.occurred_at <= self.snapshot.occurred_at:
            row, event = self._insert(columns, self.codes)
            return [event, *self._reissue_later_rows(row)]
        row, event = self._replace_opening(columns)
        if self._is_only_opening:
            return [event, *self._reissue_later_rows(row)]
        row, second = self._insert({}, ())
        return [event, second, *self._reissue_later_rows(row)]

    def _replace_opening(self, columns: dict[str, Any]) -> tuple[HistoryEntry, ObservedEvent]:
        """Derive the opening from this row, which is earlier than all others. Return the opening's entry and
        event.
        """
        case, old, was = self.case, self.values.copy(), self.case.replay_states().__dict__
        row = HistoryEntry(True, self.snapshot.occurred_at, case.version + 1, {}, (), True)
        self.values["opened_at"] = min(self.values["opened_at"], self.snapshot.opened_at)
        self._set_opening(row.version, self.values["opened_at"])
        after = case.fields_set_after(row)
        self._set_fields({name: value for name, value in self.fields.items() if name not in after})
        self._update_derived_fields(was)
        changed = changes(type(case.record), old, self.values)
        opening_fields = case.entries[0].fields.items()
        past = self._log_values({n: v for n, v in opening_fields if n not in changed and n != "state"})
        return row, self._opening_event(_Content(columns, changed, past, OPENING_VERSION))

    def _insert(self, columns: dict[str, Any], codes: tuple[str, ...]) -> tuple[HistoryEntry, ObservedEvent]:
        """Insert a row that is not the latest. Return its entry, and its event with the fields that it
        changes. `codes` are the codes of the source's reader.
        """
        case, fields = self.case, self._all_fields()
        entry = HistoryEntry(True, self.snapshot.occurred_at, case.version + 1, fields, (), True)
        values, stood, was = (
            case.fields_before(entry),
            case.replay_states(entry),
            case.replay_states().__dict__,
        )
        differing = {n: v for n, v in fields.items() if values.get(n) != v}
        state = self.snapshot.state
        transition = None if state is None else self.source.transition_for(stood, state)
        manner = self._header(transition, _StateChange(stood.state, state), codes, values | fields)
        old = self.values.copy()
        self.values["opened_at"] = min(self.values["opened_at"], self.snapshot.opened_at)
        case.add(entry._replace(event_fields=differing, header=manner))
        current = differing.keys() - case.fields_set_after(entry)
        self._set_fields({n: v for n, v in differing.items() if n in current and n != "state"})
        self._update_derived_fields(was)
        past = self._log_values({n: v for n, v in differing.items() if n not in current})
        changed = changes(type(case.record), old, self.values)
        return entry, self._event(manner, entry.occurred_at, _Content(columns, changed, past))

    def _update_derived_fields(self, was: Mapping[str, Any]) -> None:
        """Update the fields that depend on states to their values if the row had come in time. `was`: their
        values in a replay without the row.
        """
        for name, value in self.case.replay_states().__dict__.items():
            if value != was[name] and self.values[name] == was[name]:
                self.values[name] = value

    def _reissue_later_rows(self, inserted: HistoryEntry) -> list[ObservedEvent]:
        """Return events for rows after a late one that now report more, or differ from their
        earlier events.
        """
        case = self.case
        behind = [each for each in case.entries if sort_key(each) > sort_key(inserted)]
        events: list[ObservedEvent] = []
        if not behind:
            return events
        values, stood = case.fields_before(behind[0]), case.replay_states(behind[0])
        for _, together in groupby(behind, key=attrgetter("occurred_at")):
            # Rows of the same time are in the order of their events: if one is recorded again, all after it
            # are.
            again = False
            for each in together:
                if each.header is not None:
                    manner = self._updated_header(each, each.header, stood, values)
                    again = again or manner != each.header or self._has_new_fields(each, values)
                    if again:
                        events.append(self._reissue(each, manner, values))
                values.update(each.fields)
                case.apply_entry(stood, each)
        return events

    def _updated_header(
        self, row: HistoryEntry, manner: EventHeader, stood: R, values: Mapping[str, Any]
    ) -> EventHeader:
        """Return the row's header, given the case's state and known fields just before the row."""
        state = row.fields.get("state")
        transition = None if state is None else self.source.transition_for(stood, state)
        header = self._header(
            transition, _StateChange(stood.state, state), manner.codes, {**values, **row.fields}
        )
        return manner._replace(type=header.type, irregular=header.irregular)

    def _has_new_fields(self, row: HistoryEntry, values: Mapping[str, Any]) -> bool:
        news = {n: v for n, v in row.fields.items() if n not in row.event_fields and values.get(n) != v}
        return bool(news and self._log_values(news))

    def _reissue(self, row: HistoryEntry, manner: EventHeader, values: Mapping[str, Any]) -> ObservedEvent:
        """Return the event that records the row again, in place of the event that recorded it before."""
        case = self.case
        assert row.header is not None
        again = row._replace(version=case.version + 1, header=manner)
        differing = {n: v for n, v in row.fields.items() if values.get(n) != v}
        after = case.fields_set_after(again)
        now = self._log_values(
            {n: v for n, v in differing.items() if n not in after and self._has_value(n, v)}
        )
        past = self._log_values({n: v for n, v in differing.items() if n not in now})
        case.entries.remove(row)
        case.add(again._replace(event_fields={*now, *past, *self.source.personal_event_fields(row)}))
        # The opening's event is not replaced: its row gets an event in addition.
        instead = None if row.header.is_opening else row.version
        return self._event(manner, row.occurred_at, _Content({}, now, past, instead))

    def _has_value(self, name: str, value: Any) -> bool:
        """Return whether the record's field has that value, or holds the personal text with that digest."""
        personal = codecs(type(self.case.record))[name].personal
        return bool((self.case.digests if personal else self.values).get(name) == value)

    def _all_fields(self) -> dict[str, Any]:
        """Return all fields that the snapshot reports, including the state."""
        return self.fields if self.snapshot.state is None else {**self.fields, "state": self.snapshot.state}

    def _set_fields(self, fields: dict[str, Any]) -> None:
        """Set these fields on the record; the state is set by `enter_state`."""
        words, digests = self.snapshot.words, self.case.digests
        if not words:
            self.values.update(fields)
            return
        for name, value in fields.items():
            if name not in words:
                self.values[name] = value
            elif digests.get(name) != value:
                digests[name] = value
                self.values[name] = self._ciphertext(words[name])

    def _log_values(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields as the log stores them; without personal texts of which only the digest
        is known.
        """
        codec_of, words = codecs(type(self.case.record)), self.snapshot.words
        written: dict[str, Any] = {}
        for name, value in sorted(fields.items()):
            if value is None or not codec_of[name].personal:
                written[name] = None if value is None else codec_of[name].write(value)
            elif digest(words.get(name)) == value:
                written[name] = self._ciphertext(words[name])
            elif self.case.digests.get(name) == value:
                written[name] = self.values[name]
        return written

    def _ciphertext(self, text: str | None) -> Ciphertext | None:
        """Return the text's ciphertext, the same for each occurrence of the text."""
        if text is None:
            return None
        if text not in self._encrypted:
            self._encrypted[text] = self._encrypt(text)
        return self._encrypted[text]

    def _header(
        self,
        transition: Transition | None,
        stands: _StateChange,
        codes: Sequence[str],
        values: Mapping[str, Any],
    ) -> EventHeader:
        """Return the header of a row with that transition, in the states `stands`; `codes` are the codes
        of the source's reader, `values` the case's known fields, including those of the row itself.
        """
        kind = self.source.type_of(transition, stands.after)
        irregular = (*codes, *self.source.missing(kind, values))
        if transition is not None and not transition.regular:
            irregular = (*codes, f"from:{stands.before.value}", *irregular[len(codes) :])
        return EventHeader(kind, irregular, self.codes, self.snapshot.actor)

    def _event(self, manner: EventHeader, occurred_at: datetime, content: _Content) -> ObservedEvent:
        case, changed = self.case, content.set
        case.version += 1
        data: dict[str, Any] = {"given": content.columns}
        if content.instead is not None:
            data["instead"] = content.instead
        if manner.irregular:
            data["irregular"] = list(manner.irregular)
        if content.late:
            data["late"] = {case.key: content.late}
        data["observed"] = SNAPSHOT
        data["set"] = {case.key: changed} if changed else {}
        if changed:
            self.values.update(
                version=case.version, changed_at=later_instant(self.values["changed_at"], occurred_at)
            )
        return ObservedEvent(manner.type, occurred_at, case.version, data, manner.actor)


def changes(kind: type[Ticket], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the changed fields, as the log stores them. Both dicts have the same names in the same order:
    all of the record's, or those that can have changed.
    """
    changed: dict[str, Any] = {}
    codec_of = codecs(kind)
    for name in sorted(compress(new, map(is_not, new.values(), old.values()))):
        value = new[name]
        if value != old[name] and name in codec_of:
            codec_of[name].check(value)
            changed[name] = None if value is None else codec_of[name].write(value)
    return changed
