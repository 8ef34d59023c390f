"""What is known of a case that another system tells of, and of that system. Pure.

The order of a case is: its opening, then by when it happened, then as it came.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Generic, NamedTuple, TypeVar

from app.common.people import importer
from app.common.personal import is_sealed
from app.common.records import Labelled, Refers, codecs, empty, evolve
from app.common.tickets import Ticket
from app.kernel.bodies import Body, marks
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.moment import Moment
from app.log.canonical import from_instant
from app.log.events import Recorded, id_of

R = TypeVar("R", bound=Ticket)

SNAPSHOT = "snapshot"
#: A personal text of at most so many characters is compared as it is, a longer one by its hash.
SHORT = 48


class Way(NamedTuple):
    """The row of the table that leads to a state, None if there is none; and whether it was open before."""

    row: Action[Any, Any] | None
    regular: bool


class Source(Generic[R]):
    """What is known of a source as a whole, for one kind of record.

    `name` is its own. `columns` says which of its columns tells which field of the record; `with_state` are
    the fields that are told only with a state, and with which. `at` are the columns of a row's own time.
    `repeats`: a row that finds a case ended once more means that it ended again.
    """

    def __init__(
        self,
        name: str,
        lifecycle: Lifecycle[R],
        *,
        columns: Mapping[str, str],
        with_state: Mapping[str, frozenset[Labelled]],
        at: frozenset[str],
        repeats: bool,
    ) -> None:
        self.name = name
        self.channel = f"import:{name}"
        self.caller = importer(name)
        self.lifecycle = lifecycle
        self.observed = f"{lifecycle.kind}.observed"
        self.columns = columns
        self.with_state = with_state
        self.at = at
        self.repeats = repeats
        first = lifecycle.opening().to
        assert isinstance(first, Labelled), "a record begins in one state"
        self.first = first
        # That a case is closed does not tell that it repeats another one.
        self._moving = [
            row for row in lifecycle.rows if not (row.opens or row.stays or _names_another(row.body))
        ]
        self._ways = {(a, b): self._way(a, b) for a in lifecycle.states for b in lifecycle.states}
        rows = [(event, row) for row in lifecycle.rows for event in row.events]
        self._needed = {event: list(_needed(lifecycle, row)) for event, row in rows}

    def way(self, record: R, after: Labelled) -> Way | None:
        """How the case gets from the record's state to another; None: it has not moved."""
        way = self._ways[record.state, after]
        if way is not None and not way.regular:
            for row in self._moving:
                # A row that leads back to where it was: where that is, is for the record to say.
                back = callable(row.to) and not row.leads_to and row.comes_from(record.state)
                if back and row.to(record) == after:  # type: ignore[operator]  # it is called to be told
                    return Way(row, True)
        return way

    def _way(self, before: Labelled, after: Labelled) -> Way | None:
        ended = self.lifecycle.ended
        leading = [row for row in self._moving if after in row.leads_to]
        if before == after:
            return Way(leading[0], True) if self.repeats and after in ended else None
        for row in leading:
            if row.comes_from(before):
                return Way(row, True)
        if before in ended and after not in ended and any(row.comes_from(after) for row in self._moving):
            again = [r for r in self._moving if r.comes_from(before) and ended.isdisjoint(r.leads_to)]
            return Way(again[0], False)
        return Way(leading[0] if leading else None, False)

    def missing(self, event: str, record: R) -> list[str]:
        """The codes of what the body of the event's action requires, and the record does not have."""
        needed = self._needed.get(event)
        if not needed:
            return []
        values = record.__dict__
        return [code for code, holders in needed if all(values[holder] is None for holder in holders)]


def _names_another(body: type[Body]) -> bool:
    """Whether a record must be named in it, which no state tells."""
    return any(body.model_fields[name].is_required() for name in marks(body, Refers))


def _needed(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Iterator[tuple[str, list[str]]]:
    """For each required field of the body, the code of its absence, and where the record may hold it: the
    `reason` of `hold` in `hold_reason`.
    """
    for name, needed in row.body.model_fields.items():
        if needed.is_required():
            holders = (name, f"{name}_id", f"{row.name}_{name}")
            yield f"missing:{name}", [h for h in holders if h in lifecycle.record.model_fields]


class Entry(NamedTuple):
    """What one event told, in the order of the case: the first three are its place.

    `fields`: all that the source told then, also what had not changed; of others what they set. Personal
    fields are there as digests. `said`: the names of those that stand in the event. `own`: the source's.
    """

    follows: bool  # false for the opening, which comes first whenever it was
    at: datetime
    version: int
    fields: dict[str, Any]
    said: Iterable[str]
    own: bool


def place(entry: Entry) -> tuple[bool, datetime, int]:
    """Where the entry stands in the order of its case."""
    return entry[:3]


@dataclass(slots=True)
class Case(Generic[R]):
    """What is known of a case: its record, and what was told of it so far.

    `version` is that of its stream, `key` the stream's name. `columns` are those of the source's row
    before, `digests` the record's personal fields; texts are kept as digests in both. `latest` is the
    newest entry's time.
    """

    source: Source[R]
    record: R
    version: int = 0
    columns: dict[str, str | None] = field(default_factory=dict)
    digests: dict[str, str | None] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    latest: datetime | None = None
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.record.row_key

    def add(self, entry: Entry) -> None:
        """Puts it where it belongs."""
        insort(self.entries, entry, key=place)
        if entry.follows and (self.latest is None or entry.at > self.latest):
            self.latest = entry.at

    def before(self, entry: Entry) -> dict[str, Any]:
        """What held just before the entry."""
        known: dict[str, Any] = {}
        for earlier in self.entries:
            if place(earlier) >= place(entry):
                break
            known.update(earlier.fields)
        return known

    def told_after(self, entry: Entry) -> set[str]:
        """The fields that something behind the entry has told."""
        return {name for each in self.entries if place(each) > place(entry) for name in each.fields}

    def walk(self, entry: Entry | None = None) -> R:
        """A record with nothing but its state and what goes with that: just before the entry, or as it is
        now.
        """
        record = empty(type(self.record), self.record.id)
        opened_at = self.record.opened_at
        assert opened_at is not None
        for each in self.entries:
            if entry is not None and place(each) >= place(entry):
                break
            state = each.fields.get("state")
            if state is not None and (record.state is None or self.source.way(record, state) is not None):
                enter(self.source, record, state, each.at if each.follows else opened_at)
        return record


def enter(source: Source[R], record: R, state: Labelled, at: datetime) -> None:
    """The record comes into a state, with what goes with that."""
    before = record.state
    # Past SQLModel's checks, which take longer than all the rest: histories enter states by the million.
    record.__dict__.update(state=state, state_since=at)
    if source.lifecycle.entered is not None:
        source.lifecycle.entered(record, before, Moment(source.caller, at, reopen_days=0, now=at))


def digest(text: str | None) -> str | None:
    """Stands for a personal text where only sameness matters."""
    if text is None:
        return None
    return f"={text}" if len(text) <= SHORT else blake2b(text.encode(), digest_size=16).hexdigest()


def recall(source: Source[R], events: Sequence[Recorded], texts: Mapping[str, str | None]) -> Case[R]:
    """The case as these events leave it: all of its stream, in the order of their versions.

    `texts` are those of the ciphertexts in them (see `ciphertexts`), None where the key was destroyed.
    """
    key = events[0].stream
    case = Case(source, empty(source.lifecycle.record, id_of(key)))
    for event in events:
        case.version = event.version
        told = event.data["set"].get(key) or {}
        if told:
            case.record = evolve(case.record, event.version, event.occurred_at, told)
        fields = _read(source, {**event.data.get("late", {}).get(key, {}), **told}, texts)
        entry = Entry(event.version > 1, event.occurred_at, event.version, fields, set(fields), own=False)
        if event.source == source.channel and event.data.get("observed") == SNAPSHOT:
            given = event.data["given"]
            case.columns.update({c: _unsealed(v, texts) for c, v in given.items()})
            whole = _whole(case, entry, event)
            case.add(entry._replace(fields=whole, own=True))
            if not entry.follows:
                at = next((from_instant(given[c]) for c in source.at if given.get(c)), event.occurred_at)
                unknown = "unknown_state" in event.data.get("irregular", ())
                if unknown or at != event.occurred_at:
                    whole = {name: value for name, value in whole.items() if name != "state"}
                case.add(Entry(True, at, event.version, whole, (), own=True))
        else:
            case.add(entry)
    for name, codec in codecs(source.lifecycle.record).items():
        if codec.personal:
            case.digests[name] = _unsealed(getattr(case.record, name), texts)
    return case


def _whole(case: Case[R], entry: Entry, event: Recorded) -> dict[str, Any]:
    """All that the source told with the entry: what had not changed does not stand in the event."""
    if entry.follows and not event.data["given"]:
        # It says more of rows that were told before.
        same = (each.fields for each in case.entries if each.own and each.follows and each.at == entry.at)
        return {name: value for fields in (*same, entry.fields) for name, value in fields.items()}
    columns = case.source.columns
    names = {columns[c] for c in case.columns if c in columns} | {"state"}
    irregular = event.data.get("irregular", ())
    unknown = {name for name in names if f"unknown_{name}" in irregular}
    known = case.before(entry) | entry.fields
    if "state" not in unknown:
        state = known.get("state")
        names |= {name for name, states in case.source.with_state.items() if state in states}
    return {name: known.get(name) for name in (names - unknown) | entry.fields.keys()}


def _read(source: Source[R], fields: dict[str, Any], texts: Mapping[str, str | None]) -> dict[str, Any]:
    known = codecs(source.lifecycle.record)
    read: dict[str, Any] = {}
    for name, value in fields.items():
        if known[name].personal:
            read[name] = _unsealed(value, texts)
        else:
            read[name] = None if value is None else known[name].read(value)
    return read


def _unsealed(value: str | None, texts: Mapping[str, str | None]) -> str | None:
    """A value of a column, or the digest of the text that it is the ciphertext of."""
    if value is None or not is_sealed(value):
        return value
    text = texts.get(value)
    return f"?{value[-SHORT:]}" if text is None else digest(text)


def ciphertexts(events: Iterable[Recorded]) -> Iterator[str]:
    """The ciphertexts in the events."""
    for event in events:
        told = event.data
        for fields in (told["given"], *told["set"].values(), *told.get("late", {}).values()):
            for value in (fields or {}).values():
                if isinstance(value, str) and is_sealed(value):
                    yield value
