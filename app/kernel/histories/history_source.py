"""A system that a history of cases is imported from, and how its rows map to a lifecycle. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from app.common.people import Caller, import_caller
from app.common.records import CodeEnum, ForeignRef, codecs
from app.common.tickets import Ticket
from app.kernel.actions.describe import outcomes
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Payload, marks

R = TypeVar("R", bound=Ticket)


class Transition(NamedTuple):
    """The action that leads to a state, or None; and whether the action was available before (`regular`)."""

    row: Action[Any, Any] | None
    regular: bool


class EventHeader(NamedTuple):
    """The header of the event that records a row of the source: `type` and `irregular` are the event's,
    `actor` is who made the row, `codes` are those of `irregular` that the source's reader found. Without a
    type the row is recorded by the opening event.
    """

    type: str
    irregular: tuple[str, ...]
    codes: tuple[str, ...]
    actor: str

    @property
    def is_opening(self) -> bool:
        """Return whether the row has no event but the opening one."""
        return not self.type


class HistoryEntry(NamedTuple):
    """The content of one event, ordered within its case by the first three fields.

    `fields`: all that the source reported then, including unchanged values; for events of others the fields
    that they set. Personal fields are digests. `event_fields`: the names of those that are in the event.
    `own`: the event comes from the source. `header` is that of a row of the source; the opening has no
    header.
    """

    follows: bool  # false for the opening, which comes first whatever its time
    occurred_at: datetime
    version: int
    fields: dict[str, Any]
    event_fields: Iterable[str]
    own: bool
    header: EventHeader | None = None


class EventOrigin(NamedTuple):
    """The `source` of a system's events (`import:<name>` of a history, `webhook:<key>` of tickets that are
    mirrored here), and the caller for events without an actor in the system.
    """

    channel: str
    caller: Caller


class HistorySource(Generic[R]):
    """The configuration of a source for one kind of record.

    `name` is the source's name. `columns` maps its columns to the record's fields; `with_state` maps fields
    that are reported only in certain states to those states. `time_columns` are the columns that may hold the
    time of a row, `actor` is the column with the person who made it. `repeats`: true if a further row of an
    ended case means that the case ended once more, false if it only repeats that it has ended. `origin` is
    the channel and the caller of the source's events; left out, they are those of an import.
    """

    def __init__(
        self,
        name: str,
        lifecycle: Lifecycle[R],
        *,
        columns: Mapping[str, str],
        with_state: Mapping[str, frozenset[CodeEnum]],
        time_columns: frozenset[str],
        actor: str = "",
        repeats: bool,
        origin: EventOrigin | None = None,
    ) -> None:
        self.name = name
        self.channel, self.caller = origin or EventOrigin(f"import:{name}", import_caller(name))
        self.lifecycle = lifecycle
        self.observed = lifecycle.observed
        self.columns = columns
        self.with_state = with_state
        #: The fields that the source's rows report.
        self.reported_fields = frozenset({"state", *columns.values(), *with_state})
        self.time_columns = time_columns
        self.actor = actor
        self.repeats = repeats
        #: Whether a case that was opened again may be in its initial state once more. In an import, a first
        #: row with that state reports the opening, whatever its time is.
        self.returns = origin is not None
        first = lifecycle.opening().to
        assert isinstance(first, CodeEnum), "a record begins in one state"
        self.initial_state = first
        # Actions that require a reference are left out: a closed state does not show, for instance, which
        # case it duplicates.
        self._moving = [
            row for row in lifecycle.rows if not (row.opens or row.stays or _requires_reference(row.body))
        ]
        self._transitions = {
            (a, b): self._find_transition(a, b) for a in lifecycle.states for b in lifecycle.states
        }
        rows = [(event, row) for row in lifecycle.rows for event in row.events]
        self._required = {event: list(_required_codes(lifecycle, row)) for event, row in rows}

    def transition_for(self, record: R, after: CodeEnum) -> Transition | None:
        """Return the transition from the record's state to the state `after`; None if the state has not
        changed.
        """
        transition = self._transitions[record.state, after]
        if transition is not None and not transition.regular:
            for row in self._moving:
                # An action that leads back to the previous state: the record knows which one that is.
                back = callable(row.to) and not row.leads_to and row.is_open_in(record.state)
                if back and row.to(record) == after:  # type: ignore[operator]  # called for the state
                    return Transition(row, True)
        return transition

    def _find_transition(self, before: CodeEnum, after: CodeEnum) -> Transition | None:
        ended = self.lifecycle.lookup.ended
        leading = [row for row in self._moving if after in row.leads_to]
        if before == after:
            return Transition(leading[0], True) if self.repeats and after in ended else None
        for row in leading:
            if row.is_open_in(before) and after in outcomes(self.lifecycle, row, before):
                return Transition(row, True)
        if before in ended and after not in ended and any(row.is_open_in(after) for row in self._moving):
            again = [r for r in self._moving if r.is_open_in(before) and ended.isdisjoint(r.leads_to)]
            return Transition(again[0] if again else None, False)
        return Transition(leading[0] if leading else None, False)

    def personal_event_fields(self, row: HistoryEntry) -> set[str]:
        """Return the personal fields in the event of a row: they stay there, even if their text may be
        unreadable by now.
        """
        codec_of = codecs(self.lifecycle.record)
        return {name for name in row.event_fields if codec_of[name].personal}

    def type_of(self, transition: Transition | None, state: CodeEnum | None) -> str:
        """Return the type of an event with that transition to the state; without a transition,
        the type of an observation.
        """
        return (
            self.observed if transition is None or transition.row is None else transition.row.event_in(state)
        )

    def missing(self, event: str, values: Mapping[str, Any]) -> list[str]:
        """Return the codes of fields that the payload of the event's action requires, but that are unknown of
        the record.
        """
        needed = self._required.get(event)
        if not needed:
            return []
        return [code for code, holders in needed if all(values.get(holder) is None for holder in holders)]

    def reader_codes(self, event: str, irregular: Iterable[str]) -> tuple[str, ...]:
        """Return those of an event's `irregular` codes that the source's reader found."""
        missing_codes = {code for code, _ in self._required.get(event, ())}
        return tuple(code for code in irregular if code not in missing_codes and not code.startswith("from:"))


def _requires_reference(body: type[Payload]) -> bool:
    """Return whether the payload requires a reference to another record, which a state alone does
    not give.
    """
    return any(body.model_fields[name].is_required() for name in marks(body, ForeignRef))


def _required_codes(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield for each required field of the payload the code of its absence, and the record's fields that may
    hold its value: the `reason` of `hold` in `hold_reason`.
    """
    for name, needed in row.body.model_fields.items():
        if needed.is_required():
            holders = (name, f"{name}_id", f"{row.name}_{name}")
            yield f"missing:{name}", [h for h in holders if h in lifecycle.record.model_fields]
