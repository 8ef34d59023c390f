"""What another system tells of a case → events. Pure: no database, no clock, no process of its own.

An action is decided here; a history was decided elsewhere, and a row of it says how the case stood
afterwards. So nothing is checked: what does not fit the lifecycle is kept as it happened, and says so
(`irregular`).

What comes late changes nothing that something later had told before it; it makes of the past what that
would be, had it come in time. So the events of a case, less those that others were told instead of, say the
same in whatever order its rows came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import compress, groupby
from operator import attrgetter, is_not
from typing import Any, Generic, NamedTuple, TypeVar

from app.common.personal import Sealed
from app.common.records import CodeEnum, codecs, later_instant
from app.common.tickets import Ticket
from app.kernel.history_source import EventHeader, HistoryEntry, Transition
from app.kernel.imported_case import OPENING_VERSION, SNAPSHOT, ImportedCase, digest, enter_state, sort_key

R = TypeVar("R", bound=Ticket)

Seal = Callable[[str], Sealed]
_MISSING = object()


class Snapshot(NamedTuple):
    """How a case stood after one change, in the words of our record, names turned into ids.

    `state` None: it was not told, or is none that we know. `fields` are the record's but for its personal
    ones, which are in `words`. `changed_columns` are the source's columns as they may stand in the log,
    `private` those that must be sealed: all of them, or at least those that are other than in the row before.
    `irregular`: what the reader found. `actor`: who made the row.
    """

    at: datetime
    opened_at: datetime
    state: CodeEnum | None
    fields: dict[str, Any]
    words: dict[str, str | None]
    given: dict[str, str | None]
    private: dict[str, str | None]
    irregular: Sequence[str] = ()
    actor: str = ""


class ObservedEvent(NamedTuple):
    """An event for the case's stream. `actor`: None for who opened the case, of events that tell of that."""

    type: str
    at: datetime
    version: int
    data: dict[str, Any]
    actor: str | None


def observe(case: ImportedCase[R], snapshot: Snapshot, seal: Seal) -> list[ObservedEvent]:
    """The events that the snapshot comes to, at least one; the case is as it is after them."""
    telling = _Observation(case, snapshot, seal)
    given = telling.changed_columns()
    if case.version == 0:
        return telling.opening_events(given)
    opened_at = case.record.opened_at
    assert opened_at is not None
    if (case.latest is None or snapshot.at >= case.latest) and snapshot.opened_at >= opened_at:
        return [telling.in_order_event(given, telling.codes)]
    return telling.late_events(given)


class _Content(NamedTuple):
    """What an event says: `given`, `set`, `late_events` and `instead` of its data, the middle ones of the
    case.
    """

    given: dict[str, Any]
    set: dict[str, Any]
    late: dict[str, Any] = {}  # noqa: RUF012  # nothing changes it
    instead: int | None = None


class _StateChange(NamedTuple):
    """The state before a row and the one that it tells, None if it tells none."""

    before: CodeEnum
    after: CodeEnum | None


class _Observation(Generic[R]):
    """One snapshot on its way into a case. `fields` are all that it tells of the record, words as digests."""

    def __init__(self, case: ImportedCase[R], snapshot: Snapshot, seal: Seal) -> None:
        self.case = case
        self.source = case.source
        self.values = case.record.__dict__
        self.snapshot = snapshot
        self.codes = tuple(snapshot.irregular)
        self.fields = snapshot.fields
        if snapshot.words:
            self.fields = self.fields | {name: digest(text) for name, text in snapshot.words.items()}
        self._seal = seal
        self._sealed: dict[str, Sealed] = {}

    def changed_columns(self) -> dict[str, Any]:
        """The columns that are other than in the row before, as they stand in the log."""
        columns, snapshot = self.case.columns, self.snapshot
        known = columns.get
        told: dict[str, Any] = {c: v for c, v in snapshot.given.items() if known(c, _MISSING) != v}
        columns.update(told)
        if not snapshot.private:
            return told
        for column, text in snapshot.private.items():
            mark = digest(text)
            if columns.get(column, _MISSING) != mark:
                told[column] = self._ciphertext(text)
                columns[column] = mark
        return dict(sorted(told.items()))

    def opening_events(self, given: dict[str, Any]) -> list[ObservedEvent]:
        """The first that is heard of the case: how it opened, and where it stood at the row's own time."""
        case, snapshot, first = self.case, self.snapshot, self.source.initial_state
        old = dict.fromkeys(self.values)
        self.values["opened_at"] = snapshot.opened_at
        self._set_fields(self.fields)
        enter_state(self.source, case.record, first, snapshot.opened_at)
        changed = changes(type(case.record), old, self.values)
        event = self._opening_event(_Content(given, changed))
        self._set_opening(OPENING_VERSION, snapshot.opened_at)
        return [event] if self._is_only_opening else [event, self.in_order_event({}, ())]

    @property
    def _is_only_opening(self) -> bool:
        """Whether a row that is a case's first tells of nothing but the opening. A case is new from that on,
        at whatever time of its own the row says so.
        """
        return self.snapshot.state in (None, self.source.initial_state)

    def _set_opening(self, version: int, opened_at: datetime) -> None:
        """Notes the row as the one that the opening is known from, told by the event of that version."""
        case, snapshot = self.case, self.snapshot
        # What an opening that was known before has told, and this one does not.
        before = case.entries[0].fields if case.entries else {}
        opening = {**dict.fromkeys(before), **self.fields, "state": self.source.initial_state}
        row = None
        if self._is_only_opening:
            # The row's own time counts for all that it tells but the state. If nothing tells when the case
            # was opened, the row itself is the opening, as far as is known by now.
            is_opening = snapshot.state is not None and snapshot.at == opened_at
            manner = EventHeader("", (), self.codes, snapshot.actor)
            fields = {**self.fields, "state": self.source.initial_state} if is_opening else self.fields
            row = HistoryEntry(True, snapshot.at, version, fields, (), True, manner)
        case.set_opening(HistoryEntry(False, opened_at, OPENING_VERSION, opening, opening, True), row)

    def _opening_event(self, content: _Content) -> ObservedEvent:
        """The event that tells of the opening: the case's first, or one instead of that."""
        source = self.source
        opening = source.lifecycle.opening().event
        irregular = (*self.codes, *source.missing(opening, self.fields))
        kind = opening if content.instead is None else source.observed
        event = self._event(EventHeader(kind, irregular, self.codes, ""), self.values["opened_at"], content)
        return event._replace(actor=None)

    def in_order_event(self, given: dict[str, Any], found: tuple[str, ...]) -> ObservedEvent:
        """Nothing later is known. `found`: what its reader found and no event of the row has said."""
        case, snapshot, state = self.case, self.snapshot, self.snapshot.state
        stood = case.record.state
        way = None if state is None else self.source.transition_for(case.record, state)
        # Where it stays in its state only what is told can change: looking at all takes a third of observing.
        known, names = self.values, self.fields
        old = known.copy() if way is not None else {name: known[name] for name in names}
        self._set_fields(names)
        if way is not None and state is not None:
            enter_state(self.source, case.record, state, snapshot.at)
        new = known if way is not None else {name: known[name] for name in names}
        changed = changes(type(case.record), old, new)
        manner = self._header(way, _StateChange(stood, state), found, known)
        event = self._event(manner, snapshot.at, _Content(given, changed))
        fields, latest = self._all_fields(), case.entries[-1].fields
        # Most rows tell what the one before has told: histories are long, and many are remembered.
        shared = latest if latest == fields else fields
        case.entries.append(
            HistoryEntry(True, snapshot.at, case.version, shared, tuple(changed), True, manner)
        )
        case.latest = snapshot.at
        return event

    def late_events(self, given: dict[str, Any]) -> list[ObservedEvent]:
        """Something later is known. What was told of that is told again, as far as it is otherwise now."""
        first = self.case.opening_row
        if first is None or first.at <= self.snapshot.at:
            row, event = self._insert(given, self.codes)
            return [event, *self._reissue_later_rows(row)]
        row, event = self._replace_opening(given)
        if self._is_only_opening:
            return [event, *self._reissue_later_rows(row)]
        row, second = self._insert({}, ())
        return [event, second, *self._reissue_later_rows(row)]

    def _replace_opening(self, given: dict[str, Any]) -> tuple[HistoryEntry, ObservedEvent]:
        """Nothing earlier is known: from now on the opening is known from this row. Gives where it stands."""
        case, old, was = self.case, self.values.copy(), self.case.replay_states().__dict__
        row = HistoryEntry(True, self.snapshot.at, case.version + 1, {}, (), True)
        self.values["opened_at"] = min(self.values["opened_at"], self.snapshot.opened_at)
        self._set_opening(row.version, self.values["opened_at"])
        after = case.fields_set_after(row)
        self._set_fields({name: value for name, value in self.fields.items() if name not in after})
        self._update_derived_fields(was)
        changed = changes(type(case.record), old, self.values)
        known = case.entries[0].fields.items()
        past = self._log_values({n: v for n, v in known if n not in changed and n != "state"})
        return row, self._opening_event(_Content(given, changed, past, OPENING_VERSION))

    def _insert(self, given: dict[str, Any], found: tuple[str, ...]) -> tuple[HistoryEntry, ObservedEvent]:
        """What a row that does not come last tells that was otherwise before it, and its event."""
        case, fields = self.case, self._all_fields()
        entry = HistoryEntry(True, self.snapshot.at, case.version + 1, fields, (), True)
        known, stood, was = case.fields_before(entry), case.replay_states(entry), case.replay_states().__dict__
        told = {n: v for n, v in fields.items() if known.get(n) != v}
        state = self.snapshot.state
        way = None if state is None else self.source.transition_for(stood, state)
        manner = self._header(way, _StateChange(stood.state, state), found, known | fields)
        old = self.values.copy()
        self.values["opened_at"] = min(self.values["opened_at"], self.snapshot.opened_at)
        case.add(entry._replace(event_fields=told, header=manner))
        current = told.keys() - case.fields_set_after(entry)
        self._set_fields({n: v for n, v in told.items() if n in current and n != "state"})
        self._update_derived_fields(was)
        past = self._log_values({n: v for n, v in told.items() if n not in current})
        changed = changes(type(case.record), old, self.values)
        return entry, self._event(manner, entry.at, _Content(given, changed, past))

    def _update_derived_fields(self, was: Mapping[str, Any]) -> None:
        """Brings what goes with the states to what it would be, had the row come in time. `was`: what a walk
        came to before it.
        """
        for name, value in self.case.replay_states().__dict__.items():
            if value != was[name] and self.values[name] == was[name]:
                self.values[name] = value

    def _reissue_later_rows(self, inserted: HistoryEntry) -> list[ObservedEvent]:
        """What the rows behind one that came late tell only now, or otherwise than their events have it."""
        case = self.case
        behind = [each for each in case.entries if sort_key(each) > sort_key(inserted)]
        events: list[ObservedEvent] = []
        if not behind:
            return events
        known, stood = case.fields_before(behind[0]), case.replay_states(behind[0])
        for _, together in groupby(behind, key=attrgetter("at")):
            # Of one time they stand in the order of their events: behind one that is told again all are.
            again = False
            for each in together:
                if each.header is not None:
                    manner = self._updated_header(each, each.header, stood, known)
                    again = again or manner != each.header or self._has_new_fields(each, known)
                    if again:
                        events.append(self._reissue(each, manner, known))
                known.update(each.fields)
                case.apply_entry(stood, each)
        return events

    def _updated_header(
        self, row: HistoryEntry, manner: EventHeader, stood: R, known: Mapping[str, Any]
    ) -> EventHeader:
        """How the row is to be told where the case stood so, and that was known of it."""
        state = row.fields.get("state")
        way = None if state is None else self.source.transition_for(stood, state)
        found = self._header(way, _StateChange(stood.state, state), manner.codes, {**known, **row.fields})
        return manner._replace(type=found.type, irregular=found.irregular)

    def _has_new_fields(self, row: HistoryEntry, known: Mapping[str, Any]) -> bool:
        news = {n: v for n, v in row.fields.items() if n not in row.event_fields and known.get(n) != v}
        return bool(news and self._log_values(news))

    def _reissue(self, row: HistoryEntry, manner: EventHeader, known: Mapping[str, Any]) -> ObservedEvent:
        """The event that tells the row instead of the one that has told it."""
        case = self.case
        assert row.header is not None
        again = row._replace(version=case.version + 1, header=manner)
        told = {n: v for n, v in row.fields.items() if known.get(n) != v}
        after = case.fields_set_after(again)
        now = self._log_values({n: v for n, v in told.items() if n not in after and self._has_value(n, v)})
        past = self._log_values({n: v for n, v in told.items() if n not in now})
        case.entries.remove(row)
        case.add(again._replace(event_fields={*now, *past, *self.source.personal_event_fields(row)}))
        # The opening's event stays as it is: what it told of the row is told besides.
        instead = None if row.header.is_opening else row.version
        return self._event(manner, row.at, _Content({}, now, past, instead))

    def _has_value(self, name: str, value: Any) -> bool:
        """Whether the record has that value, or the words with that digest."""
        personal = codecs(type(self.case.record))[name].personal
        return bool((self.case.digests if personal else self.values).get(name) == value)

    def _all_fields(self) -> dict[str, Any]:
        """All that it tells, the state among it."""
        return self.fields if self.snapshot.state is None else {**self.fields, "state": self.snapshot.state}

    def _set_fields(self, fields: dict[str, Any]) -> None:
        """Brings the record to these fields; the state is for `enter_state`."""
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
        """The fields as they stand in the log; without words of which only the digest is known."""
        known, words = codecs(type(self.case.record)), self.snapshot.words
        written: dict[str, Any] = {}
        for name, value in sorted(fields.items()):
            if value is None or not known[name].personal:
                written[name] = None if value is None else known[name].write(value)
            elif digest(words.get(name)) == value:
                written[name] = self._ciphertext(words[name])
            elif self.case.digests.get(name) == value:
                written[name] = self.values[name]
        return written

    def _ciphertext(self, text: str | None) -> Sealed | None:
        """The same wherever the text stands."""
        if text is None:
            return None
        if text not in self._sealed:
            self._sealed[text] = self._seal(text)
        return self._sealed[text]

    def _header(
        self, way: Transition | None, stands: _StateChange, found: Sequence[str], known: Mapping[str, Any]
    ) -> EventHeader:
        """How a row is told that leads the case that way; `known` with what it tells itself."""
        kind = self.source.type_of(way, stands.after)
        irregular = (*found, *self.source.missing(kind, known))
        if way is not None and not way.regular:
            irregular = (*found, f"from:{stands.before.value}", *irregular[len(found) :])
        return EventHeader(kind, irregular, self.codes, self.snapshot.actor)

    def _event(self, manner: EventHeader, at: datetime, content: _Content) -> ObservedEvent:
        case, changed = self.case, content.set
        case.version += 1
        data: dict[str, Any] = {"given": content.given}
        if content.instead is not None:
            data["instead"] = content.instead
        if manner.irregular:
            data["irregular"] = list(manner.irregular)
        if content.late:
            data["late"] = {case.key: content.late}
        data["observed"] = SNAPSHOT
        data["set"] = {case.key: changed} if changed else {}
        if changed:
            self.values.update(version=case.version, changed_at=later_instant(self.values["changed_at"], at))
        return ObservedEvent(manner.type, at, case.version, data, manner.actor)


def changes(kind: type[Ticket], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The fields that are other than they were, as they stand in the log. Both have the same names in the
    same order: all of the record's, or those that can have changed.
    """
    changed: dict[str, Any] = {}
    known = codecs(kind)
    for name in sorted(compress(new, map(is_not, new.values(), old.values()))):
        value = new[name]
        if value != old[name] and name in known:
            known[name].check(value)
            changed[name] = None if value is None else known[name].write(value)
    return changed
