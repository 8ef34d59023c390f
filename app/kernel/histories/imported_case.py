"""A case as another system reported it, row by row. Pure.

The order of a case is: its opening, then by time of occurrence, then by version.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Generic

from app.common.personal import is_encrypted
from app.common.records import codecs, empty, evolve
from app.common.state_fields import enter_state
from app.kernel.histories.history_source import EventHeader, HistoryEntry, HistorySource, R
from app.log.canonical import from_instant
from app.log.events import Recorded, id_of

SNAPSHOT = "snapshot"
#: The version of the event that opens a case.
OPENING_VERSION = 1
#: Longest personal text in characters that is compared directly; longer ones are compared by hash.
LONGEST_INLINE = 48


def sort_key(entry: HistoryEntry) -> tuple[bool, datetime, int]:
    """Return the entry's sort key in the order of its case."""
    return entry[:3]


@dataclass(slots=True)
class ImportedCase(Generic[R]):
    """An imported case: its record, and the entries reported so far.

    `version` is the version of the stream, `key` the name of the stream. `columns` are the columns of the
    source's previous row, and `digests` the record's personal fields; both contain digests instead of texts.
    `latest` is the time of the newest entry.
    """

    source: HistorySource[R]
    record: R
    version: int = 0
    columns: dict[str, str | None] = field(default_factory=dict)
    digests: dict[str, str | None] = field(default_factory=dict)
    entries: list[HistoryEntry] = field(default_factory=list)
    latest: datetime | None = None
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.record.row_key

    def add(self, entry: HistoryEntry) -> None:
        """Insert the entry at its place in the order of the case."""
        insort(self.entries, entry, key=sort_key)
        if entry.follows and (self.latest is None or entry.occurred_at > self.latest):
            self.latest = entry.occurred_at

    def set_opening(self, opening: HistoryEntry, row: HistoryEntry | None) -> None:
        """Set or replace the opening; `row` is the source's row behind it, if no other event records it."""
        if self.entries:
            assert not self.entries[0].follows
            self.entries[0] = opening
        else:
            self.add(opening)
        if row is not None:
            self.add(row)

    @property
    def opening_row(self) -> HistoryEntry | None:
        """Return the row that the opening is derived from; None: another system has opened the case."""
        rows = (each for each in self.entries if each.own and each.follows)
        return next(rows, None) if self.entries[0].own else None

    def fields_before(self, entry: HistoryEntry) -> dict[str, Any]:
        """Return the case's fields with their values just before the entry."""
        fields: dict[str, Any] = {}
        for earlier in self.entries:
            if sort_key(earlier) >= sort_key(entry):
                break
            fields.update(earlier.fields)
        return fields

    def fields_set_after(self, entry: HistoryEntry) -> set[str]:
        """Return the names of the fields that a later entry has reported."""
        return {name for each in self.entries if sort_key(each) > sort_key(entry) for name in each.fields}

    def replay_states(self, entry: HistoryEntry | None = None) -> R:
        """Return a record with only its state and the fields that depend on the state, as they were just
        before the entry, or as they are now if no entry is given.
        """
        record = empty(type(self.record), self.record.id)
        for each in self.entries:
            if entry is not None and sort_key(each) >= sort_key(entry):
                break
            self.apply_entry(record, each)
        return record

    def apply_entry(self, record: R, entry: HistoryEntry) -> None:
        """Apply the entry to a record of `replay_states`."""
        state = entry.fields.get("state")
        if state is not None and (
            record.state is None or self.source.transition_for(record, state) is not None
        ):
            opened_at = self.record.opened_at
            assert opened_at is not None
            enter_state(record, state, entry.occurred_at if entry.follows else opened_at)


def digest(text: str | None) -> str | None:
    """Return a value that stands for a personal text in comparisons."""
    if text is None:
        return None
    return f"={text}" if len(text) <= LONGEST_INLINE else blake2b(text.encode(), digest_size=16).hexdigest()


def replay_case(
    source: HistorySource[R], events: Sequence[Recorded], texts: Mapping[str, str | None]
) -> ImportedCase[R]:
    """Return the case after these events: all events of its stream, in the order of versions. `texts` maps
    the ciphertexts in the events (see `ciphertexts`) to their texts, None if the key was destroyed.
    """
    key = events[0].stream
    case = ImportedCase(source, empty(source.lifecycle.record, id_of(key)))
    for event in events:
        case.version = event.version
        changed = event.data["set"].get(key) or {}
        if changed:
            case.record = evolve(case.record, event.version, event.occurred_at, changed)
        fields = _read_fields(source, {**event.data.get("late", {}).get(key, {}), **changed}, texts)
        entry = HistoryEntry(
            event.version > 1, event.occurred_at, event.version, fields, set(fields), own=False
        )
        if event.source == source.channel and event.data.get("observed") == SNAPSHOT:
            case.columns.update({c: _decrypted(v, texts) for c, v in event.data["given"].items()})
            _replay_own(case, entry._replace(own=True), event)
        else:
            case.add(entry)
    for name, codec in codecs(source.lifecycle.record).items():
        if codec.personal:
            case.digests[name] = _decrypted(getattr(case.record, name), texts)
    return case


def _replay_own(case: ImportedCase[R], entry: HistoryEntry, event: Recorded) -> None:
    """Add the entry of an event that the source reported."""
    source, irregular = case.source, tuple(event.data.get("irregular", ()))
    if not entry.follows or event.data.get("instead") == OPENING_VERSION:
        _replay_opening(case, entry, irregular)
        return
    row = _reissued_row(case, event)
    if row is None:
        codes, fields = source.reader_codes(event.type, irregular), _reported_fields(case, entry, event)
    else:
        assert row.header is not None
        codes, fields = row.header.codes, row.fields
        if row.header.is_opening and row is case.opening_row:
            fields = {**fields, "state": entry.fields["state"]}
        case.entries.remove(row)
        entry = entry._replace(event_fields=source.personal_event_fields(row) | entry.fields.keys())
    manner = EventHeader(event.type, irregular, codes, event.actor)
    case.add(entry._replace(fields=fields, header=manner))


def _replay_opening(case: ImportedCase[R], entry: HistoryEntry, irregular: tuple[str, ...]) -> None:
    """Set the opening as the event reports it, and the row that it is derived from, at that row's
    own time.
    """
    source, columns = case.source, case.columns
    reported = _all_reported_fields(
        case, {**entry.fields, "state": source.initial_state}, entry.fields, irregular
    )
    opening = {**reported, "state": source.initial_state}
    own = _without_unknown(source, opening, irregular)
    reported_at = next(
        (from_instant(text) for c in source.time_columns if (text := columns.get(c))), entry.occurred_at
    )
    if reported_at != entry.occurred_at and not source.returns:
        own.pop("state", None)
    reference = columns.get(source.actor)
    actor = source.caller.actor if reference is None else reference.replace("/", ":")
    codes = source.reader_codes(source.lifecycle.opening().event, irregular)
    row = HistoryEntry(True, reported_at, entry.version, own, (), True, EventHeader("", (), codes, actor))
    case.set_opening(HistoryEntry(False, entry.occurred_at, OPENING_VERSION, opening, opening, True), row)


def _reissued_row(case: ImportedCase[R], event: Recorded) -> HistoryEntry | None:
    """Return the earlier row of the case that the event reports once more: it replaces the row's event
    (`instead`), or reports the state and changes of a row whose first event was the opening. None: the row of
    the event is new.
    """
    instead = event.data.get("instead")
    rows = [each for each in case.entries if each.header is not None]
    if instead is not None:
        return next(each for each in rows if each.version == instead)
    for each in rows:
        if each.header is not None and each.header.is_opening and each.occurred_at == event.occurred_at:
            # The opening's row is followed by an event with its state, another row of that time by one with
            # its changes. Behind an older row, the event repeats what the opening reported.
            leads = event.version == each.version + 1 and event.type != case.source.observed
            if not event.data["given"] and (leads or each is not rows[0]):
                return each
    return None


def _reported_fields(case: ImportedCase[R], entry: HistoryEntry, event: Recorded) -> dict[str, Any]:
    """Return all fields reported with the entry, including unchanged ones, which are not in the event."""
    if not event.data["given"]:
        # The event adds to rows of the same time reported before, so their fields are used.
        same = [
            each.fields
            for each in case.entries
            if each.own and each.follows and each.occurred_at == entry.occurred_at
        ]
        then = {name: value for fields in same for name, value in fields.items()}
        return _without_unknown(case.source, then, event.data.get("irregular", ())) | entry.fields
    values = case.fields_before(entry) | entry.fields
    return _all_reported_fields(case, values, entry.fields, event.data.get("irregular", ()))


def _all_reported_fields(
    case: ImportedCase[R], values: Mapping[str, Any], set_fields: Iterable[str], irregular: Sequence[str]
) -> dict[str, Any]:
    """Return, with their values, those of the `values` fields that a row reports by the source's columns, and
    the source's own fields named in `set_fields`.
    """
    source = case.source
    names = {source.columns[c] for c in case.columns if c in source.columns} | {"state"}
    unknown = {name for name in names if f"unknown_{name}" in irregular}
    if "state" not in unknown:
        state = values.get("state")
        names |= {name for name, states in source.with_state.items() if state in states}
    return {name: values.get(name) for name in (names - unknown) | (source.reported_fields & set(set_fields))}


def _without_unknown(
    source: HistorySource[R], fields: Mapping[str, Any], irregular: Sequence[str]
) -> dict[str, Any]:
    """Return the fields without those that a row cannot have reported: values that its reader did not know,
    and fields that depend on the state if that was unknown.
    """
    unknown = {name for name in fields if f"unknown_{name}" in irregular}
    if "state" in unknown:
        unknown |= source.with_state.keys()
    return {name: value for name, value in fields.items() if name not in unknown}


def _read_fields(
    source: HistorySource[R], fields: dict[str, Any], texts: Mapping[str, str | None]
) -> dict[str, Any]:
    codec_of = codecs(source.lifecycle.record)
    read: dict[str, Any] = {}
    for name, value in fields.items():
        if codec_of[name].personal:
            read[name] = _decrypted(value, texts)
        else:
            read[name] = None if value is None else codec_of[name].read(value)
    return read


def _decrypted(value: str | None, texts: Mapping[str, str | None]) -> str | None:
    """Return a column's value, or for a ciphertext the digest of its text."""
    if value is None or not is_encrypted(value):
        return value
    text = texts.get(value)
    return f"?{value[-LONGEST_INLINE:]}" if text is None else digest(text)


def ciphertexts(events: Iterable[Recorded]) -> Iterator[str]:
    """Yield the ciphertexts in the events."""
    for event in events:
        data = event.data
        for fields in (data["given"], *data["set"].values(), *data.get("late", {}).values()):
            for value in (fields or {}).values():
                if isinstance(value, str) and is_encrypted(value):
                    yield value
