"""What is known of a system that tells of cases, and what one of its rows can tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from app.common.people import import_caller
from app.common.records import CodeEnum, ForeignRef, codecs
from app.common.tickets import Ticket
from app.kernel.lifecycle import Action, Lifecycle
from app.kernel.payloads import Payload, marks

R = TypeVar("R", bound=Ticket)


class Transition(NamedTuple):
    """The row of the table that leads to a state, None if there is none; and whether it was open before."""

    row: Action[Any, Any] | None
    regular: bool


class EventHeader(NamedTuple):
    """How the event of a row tells it: `type` and `irregular` are the event's, `actor` is who made the row,
    `codes` are those of `irregular` that its reader found. Without a type the opening's event tells it.
    """

    type: str
    irregular: tuple[str, ...]
    codes: tuple[str, ...]
    actor: str

    @property
    def is_opening(self) -> bool:
        """Whether it has no event but the opening's."""
        return not self.type


class HistoryEntry(NamedTuple):
    """What one event told, in the order of the case: the first three are its place.

    `fields`: all that the source told then, also what had not changed; of others what they set. Personal
    fields are there as digests. `said`: the names of those that stand in the event. `own`: the source's.
    `header` is that of a row of the source; the opening has none.
    """

    follows: bool  # false for the opening, which comes first whenever it was
    at: datetime
    version: int
    fields: dict[str, Any]
    event_fields: Iterable[str]
    own: bool
    header: EventHeader | None = None


class HistorySource(Generic[R]):
    """What is known of a source as a whole, for one kind of record.

    `name` is its own. `columns` says which of its columns tells which field of the record; `with_state` are
    the fields that are told only with a state, and with which. `at` are the columns of a row's own time,
    `actor` is that of who made it. `repeats`: a row that finds a case ended once more means that it ended
    again.
    """

    def __init__(
        self,
        name: str,
        lifecycle: Lifecycle[R],
        *,
        columns: Mapping[str, str],
        with_state: Mapping[str, frozenset[CodeEnum]],
        at: frozenset[str],
        actor: str = "",
        repeats: bool,
    ) -> None:
        self.name = name
        self.channel = f"import:{name}"
        self.caller = import_caller(name)
        self.lifecycle = lifecycle
        self.observed = f"{lifecycle.kind}.observed"
        self.columns = columns
        self.with_state = with_state
        #: The fields that its rows tell.
        self.reported_fields = frozenset({"state", *columns.values(), *with_state})
        self.at = at
        self.actor = actor
        self.repeats = repeats
        first = lifecycle.opening().to
        assert isinstance(first, CodeEnum), "a record begins in one state"
        self.initial_state = first
        # That a case is closed does not tell that it repeats another one.
        self._moving = [
            row for row in lifecycle.rows if not (row.opens or row.stays or _requires_reference(row.body))
        ]
        self._transitions = {
            (a, b): self._find_transition(a, b) for a in lifecycle.states for b in lifecycle.states
        }
        rows = [(event, row) for row in lifecycle.rows for event in row.events]
        self._required = {event: list(_required_codes(lifecycle, row)) for event, row in rows}

    def transition_for(self, record: R, after: CodeEnum) -> Transition | None:
        """How the case gets from the record's state to another; None: it has not moved."""
        way = self._transitions[record.state, after]
        if way is not None and not way.regular:
            for row in self._moving:
                # A row that leads back to where it was: where that is, is for the record to say.
                back = callable(row.to) and not row.leads_to and row.is_open_in(record.state)
                if back and row.to(record) == after:  # type: ignore[operator]  # it is called to be told
                    return Transition(row, True)
        return way

    def _find_transition(self, before: CodeEnum, after: CodeEnum) -> Transition | None:
        ended = self.lifecycle.ended
        leading = [row for row in self._moving if after in row.leads_to]
        if before == after:
            return Transition(leading[0], True) if self.repeats and after in ended else None
        for row in leading:
            if row.is_open_in(before):
                return Transition(row, True)
        if before in ended and after not in ended and any(row.is_open_in(after) for row in self._moving):
            again = [r for r in self._moving if r.is_open_in(before) and ended.isdisjoint(r.leads_to)]
            return Transition(again[0], False)
        return Transition(leading[0] if leading else None, False)

    def personal_event_fields(self, row: HistoryEntry) -> set[str]:
        """What a row's event has said for good: words, which may not be at hand any more."""
        known = codecs(self.lifecycle.record)
        return {name for name in row.event_fields if known[name].personal}

    def type_of(self, way: Transition | None, state: CodeEnum | None) -> str:
        """What an event is called that leads to the state that way; no way: it has not moved."""
        return self.observed if way is None or way.row is None else way.row.event_in(state)

    def missing(self, event: str, known: Mapping[str, Any]) -> list[str]:
        """The codes of what the body of the event's action requires, and is not known of the record."""
        needed = self._required.get(event)
        if not needed:
            return []
        return [code for code, holders in needed if all(known.get(holder) is None for holder in holders)]

    def reader_codes(self, event: str, irregular: Iterable[str]) -> tuple[str, ...]:
        """Of what is irregular in an event of that type, that which the source's reader found."""
        known = {code for code, _ in self._required.get(event, ())}
        return tuple(code for code in irregular if code not in known and not code.startswith("from:"))


def _requires_reference(body: type[Payload]) -> bool:
    """Whether a record must be named in it, which no state tells."""
    return any(body.model_fields[name].is_required() for name in marks(body, ForeignRef))


def _required_codes(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Iterator[tuple[str, list[str]]]:
    """For each required field of the body, the code of its absence, and where the record may hold it: the
    `reason` of `hold` in `hold_reason`.
    """
    for name, needed in row.body.model_fields.items():
        if needed.is_required():
            holders = (name, f"{name}_id", f"{row.name}_{name}")
            yield f"missing:{name}", [h for h in holders if h in lifecycle.record.model_fields]
