"""What another system tells of a case → events. Pure: no database, no clock, no process of its own.

An action is decided here; a history was decided elsewhere, and a row of it says how the case stood
afterwards. So nothing is checked: what does not fit the lifecycle is kept as it happened, and says so
(`irregular`).

What comes late changes nothing that something later had told before it; it makes of the past what that
would be, had it come in time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import compress, groupby
from operator import attrgetter, is_not
from typing import Any, Generic, NamedTuple, TypeVar

from app.common.personal import Sealed
from app.common.records import Labelled, codecs, later
from app.common.tickets import Ticket
from app.kernel.told import SNAPSHOT, Case, Entry, Way, digest, enter, place

R = TypeVar("R", bound=Ticket)

Seal = Callable[[str], Sealed]
_NEVER_TOLD = object()


class Snapshot(NamedTuple):
    """How a case stood after one change, in the words of our record, names turned into ids.

    `state` None: it was not told, or is none that we know. `fields` are the record's but for its personal
    ones, which are in `words`. `given` are the source's columns as they may stand in the log, `private`
    those that must be sealed: all of them, or at least those that are other than in the row before.
    `irregular`: what the reader found.
    """

    at: datetime
    opened_at: datetime
    state: Labelled | None
    fields: dict[str, Any]
    words: dict[str, str | None]
    given: dict[str, str | None]
    private: dict[str, str | None]
    irregular: Sequence[str] = ()


class Observed(NamedTuple):
    """An event for the case's stream."""

    type: str
    at: datetime
    version: int
    data: dict[str, Any]


def observe(case: Case[R], snapshot: Snapshot, seal: Seal) -> list[Observed]:
    """The events that the snapshot comes to, at least one; the case is as it is after them."""
    telling = _Telling(case, snapshot, seal)
    given = telling.given()
    if case.version == 0:
        return telling.opening(given)
    opened_at = case.record.opened_at
    assert opened_at is not None
    if (case.latest is None or snapshot.at >= case.latest) and snapshot.opened_at >= opened_at:
        return [telling.in_time(given)]
    return telling.late(given)


class _Telling(Generic[R]):
    """One snapshot on its way into a case. `fields` are all that it tells of the record, words as digests."""

    def __init__(self, case: Case[R], snapshot: Snapshot, seal: Seal) -> None:
        self.case = case
        self.source = case.source
        self.values = case.record.__dict__
        self.snapshot = snapshot
        self.irregular = list(snapshot.irregular)
        self.fields = snapshot.fields
        if snapshot.words:
            self.fields = self.fields | {name: digest(text) for name, text in snapshot.words.items()}
        self._seal = seal
        self._sealed: dict[str, Sealed] = {}

    def given(self) -> dict[str, Any]:
        """The columns that are other than in the row before, as they stand in the log."""
        columns, snapshot = self.case.columns, self.snapshot
        known = columns.get
        told: dict[str, Any] = {c: v for c, v in snapshot.given.items() if known(c, _NEVER_TOLD) != v}
        columns.update(told)
        if not snapshot.private:
            return told
        for column, text in snapshot.private.items():
            mark = digest(text)
            if columns.get(column, _NEVER_TOLD) != mark:
                told[column] = self._ciphertext(text)
                columns[column] = mark
        return dict(sorted(told.items()))

    def opening(self, given: dict[str, Any]) -> list[Observed]:
        """The first that is heard of the case: how it opened, and where it stood at the row's own time."""
        case, snapshot, first = self.case, self.snapshot, self.source.first
        old = dict.fromkeys(self.values)
        self.values["opened_at"] = snapshot.opened_at
        self._take(self.fields)
        enter(self.source, case.record, first, snapshot.opened_at)
        event = self.source.lifecycle.opening().event
        opened = self._event(event, snapshot.opened_at, given, changes(type(case.record), old, self.values))
        fields = {**self.fields, "state": first}
        case.add(Entry(False, snapshot.opened_at, 1, fields, fields, True))
        # The row's own time counts for all that it tells but the state: a case is new from its opening on, if
        # that is told of. If it is not, the row itself is the opening, as far as is known by now.
        is_opening = snapshot.state is not None and snapshot.at == snapshot.opened_at
        own = fields if is_opening else self.fields
        case.add(Entry(True, snapshot.at, 1, own, (), True))
        self.irregular = []
        return [opened] if snapshot.state in (None, first) else [opened, self.in_time({})]

    def in_time(self, given: dict[str, Any]) -> Observed:
        """Nothing later is known."""
        case, snapshot, state = self.case, self.snapshot, self.snapshot.state
        way = None if state is None else self.source.way(case.record, state)
        # Where it stays in its state only what is told can change: looking at all takes a third of observing.
        known, names = self.values, self.fields
        old = known.copy() if way is not None else {name: known[name] for name in names}
        self._take(names)
        if way is not None and state is not None:
            self._note(way, case.record.state)
            enter(self.source, case.record, state, snapshot.at)
        new = known if way is not None else {name: known[name] for name in names}
        changed = changes(type(case.record), old, new)
        event = self._event(self._type(way, state), snapshot.at, given, changed)
        fields, latest = self._all(), case.entries[-1].fields
        # Most rows tell what the one before has told: histories are long, and many are remembered.
        shared = latest if latest == fields else fields
        case.entries.append(Entry(True, snapshot.at, case.version, shared, tuple(changed), True))
        case.latest = snapshot.at
        return event

    def late(self, given: dict[str, Any]) -> list[Observed]:
        """Something later is known. Where that is news after this one, and was none before, it is told
        again.
        """
        case = self.case
        entry = Entry(True, self.snapshot.at, case.version + 1, self._all(), (), True)
        behind = [each for each in case.entries if each.own and place(each) > place(entry)]
        told, event = self._insert(entry, given)
        events = [event]
        open_to = set(told)
        for _, together in groupby(behind, key=attrgetter("at")):
            following = list(together)
            fields = {name: value for each in following for name, value in each.fields.items()}
            said = {name for each in following for name in each.said}
            known = case.before(following[0])
            news = {n: fields[n] for n in open_to & fields.keys() - said if known.get(n) != fields[n]}
            open_to -= fields.keys()
            if self._written(news):
                self.irregular = []
                events.append(self._again(following[0], fields, news))
        return events

    def _insert(self, entry: Entry, given: dict[str, Any]) -> tuple[dict[str, Any], Observed]:
        """What an entry that does not come last tells that was otherwise before it, and its event."""
        case, record = self.case, self.case.record
        known, stood, was = case.before(entry), case.walk(entry), case.walk().__dict__
        told = {n: v for n, v in entry.fields.items() if known.get(n) != v}
        way = self.source.way(stood, entry.fields["state"]) if "state" in entry.fields else None
        if way is not None:
            self._note(way, stood.state)
        old = self.values.copy()
        self.values["opened_at"] = min(self.values["opened_at"], self.snapshot.opened_at)
        case.add(entry._replace(said=told))
        current = told.keys() - case.told_after(entry)
        self._take({n: v for n, v in told.items() if n in current and n != "state"})
        for name, value in case.walk().__dict__.items():
            # What goes with the states: as it would be, had this one come in time.
            if value != was[name] and self.values[name] == was[name]:
                self.values[name] = value
        past = self._written({n: v for n, v in told.items() if n not in current})
        return told, self._event(
            self._type(way, entry.fields.get("state")),
            entry.at,
            given,
            changes(type(record), old, self.values),
            past,
        )

    def _again(self, following: Entry, fields: dict[str, Any], news: dict[str, Any]) -> Observed:
        """What the source told at the time of an entry, as far as it is news only now."""
        case = self.case
        way = None
        if "state" in news:
            stood = case.walk(following)
            way = self.source.way(stood, news["state"])
            if way is not None:
                self._note(way, stood.state)
        told = self._written(news)
        entry = Entry(True, following.at, case.version + 1, fields, told, True)
        case.add(entry)
        after = case.told_after(entry)
        current = {n: v for n, v in told.items() if n not in after}
        past = {n: v for n, v in told.items() if n in after}
        return self._event(self._type(way, news.get("state")), following.at, {}, current, past)

    def _all(self) -> dict[str, Any]:
        """All that it tells, the state among it."""
        return self.fields if self.snapshot.state is None else {**self.fields, "state": self.snapshot.state}

    def _take(self, fields: dict[str, Any]) -> None:
        """Brings the record to these fields; the state is for `enter`."""
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

    def _written(self, fields: dict[str, Any]) -> dict[str, Any]:
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

    def _note(self, way: Way, before: Labelled) -> None:
        if not way.regular:
            self.irregular.append(f"from:{before.value}")

    def _type(self, way: Way | None, state: Labelled | None) -> str:
        if way is None or way.row is None:
            return self.source.observed
        return way.row.event_in(state)

    def _event(
        self,
        event: str,
        at: datetime,
        given: dict[str, Any],
        changed: dict[str, Any],
        past: dict[str, Any] | None = None,
    ) -> Observed:
        case = self.case
        case.version += 1
        data: dict[str, Any] = {"given": given}
        irregular = [*self.irregular, *self.source.missing(event, case.record)]
        if irregular:
            data["irregular"] = irregular
        if past:
            data["late"] = {case.key: past}
        data["observed"] = SNAPSHOT
        data["set"] = {case.key: changed} if changed else {}
        if changed:
            self.values.update(version=case.version, changed_at=later(self.values["changed_at"], at))
        return Observed(event, at, case.version, data)


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
