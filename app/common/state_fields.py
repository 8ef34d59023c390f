"""Fields that follow from a record's state: their marks, and how they are set when the record enters a state,
whichever action, rule or imported history leads there; and references that ask for what has happened. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from app.common.records import CodeEnum, ForeignRef, Record


class EnteredAt:
    """Marks a field that holds the time at which the record last entered one of these states, or any state
    without arguments: `Annotated[datetime | None, EnteredAt(MeetingState.held)]`.

    `first`: the field keeps the first such time. Only entries from a state in `after`, if it is given, and
    not in `not_after` count.
    """

    def __init__(
        self,
        *states: CodeEnum,
        first: bool = False,
        after: Collection[CodeEnum] | None = None,
        not_after: Collection[CodeEnum] = (),
    ) -> None:
        self.states = states
        self.first = first
        self.after = after
        self.not_after = not_after

    def applies(self, before: CodeEnum | None, state: CodeEnum) -> bool:
        """Return whether the field is set when the record goes from one of these states to the other."""
        if self.after is not None and before not in self.after:
            return False
        return before not in self.not_after and (not self.states or state in self.states)


class ClearedBy:
    """Marks a field that loses its value when the record enters one of the states in `entering`, or leaves
    those in `leaving`; if both are given, when it goes from one of the latter to one of the former:
    `ClearedBy(leaving=ENDED, entering=OPEN)` for what holds until the record is opened again.
    """

    def __init__(
        self, *, entering: Collection[CodeEnum] | None = None, leaving: Collection[CodeEnum] | None = None
    ) -> None:
        assert entering is not None or leaving is not None, "some change of the state clears the field"
        self.entering = entering
        self.leaving = leaving

    def applies(self, before: CodeEnum | None, state: CodeEnum) -> bool:
        """Return whether the field is cleared when the record goes from one of these states to the other."""
        if self.leaving is not None and before not in self.leaving:
            return False
        return state not in (self.leaving or ()) if self.entering is None else state in self.entering


class StateBefore:
    """Marks a field that holds the state from which the record entered this one, if it is in `among`, or
    `otherwise`: the state to which the end of a hold leads back.
    """

    def __init__(self, state: CodeEnum, *, among: Collection[CodeEnum], otherwise: CodeEnum) -> None:
        self.state = state
        self.among = among
        self.otherwise = otherwise

    def value(self, before: CodeEnum | None) -> CodeEnum:
        """Return the field's value for a record that comes from that state."""
        return before if before is not None and before in self.among else self.otherwise


@dataclass(frozen=True, slots=True)
class _StateChange:
    """The fields that a change of the state sets, by name: to fixed values, or to its time (`stamped_once`:
    unless they have one).
    """

    values: dict[str, Any] = field(default_factory=dict)
    stamped: list[str] = field(default_factory=list)
    stamped_once: list[str] = field(default_factory=list)


@cache
def _state_change(record_class: type[Record], before: CodeEnum | None, state: CodeEnum) -> _StateChange:
    change = _StateChange()
    for name, declared in record_class.model_fields.items():
        for mark in declared.metadata:
            if isinstance(mark, ClearedBy) and mark.applies(before, state):
                change.values[name] = None
            elif isinstance(mark, EnteredAt) and mark.applies(before, state):
                (change.stamped_once if mark.first else change.stamped).append(name)
            elif isinstance(mark, StateBefore) and state is mark.state and before is not mark.state:
                change.values[name] = mark.value(before)
    return change


def enter_state(record: Any, state: CodeEnum, occurred_at: datetime) -> None:
    """Set the record's state, and the fields that follow from it: cleared first, then set."""
    values = record.__dict__
    record_class: type[Record] = type(record)
    change = _state_change(record_class, values["state"], state)
    # Bypasses `__setattr__`: imports enter states by the million.
    values["state"] = state
    values.update(change.values)
    for name in change.stamped:
        values[name] = occurred_at
    for name in change.stamped_once:
        if values[name] is None:
            values[name] = occurred_at


class DeferredRef(ForeignRef):
    """Marks a reference in an entry of a list whose duty only some entries give: a check of the action asks
    for an eligible holder of these.
    """


class EvidenceRef(ForeignRef):
    """Marks a field of a payload that names a record as evidence. It counts only once its field `done_at` is
    set, or else it is refused as `not_done`; and only if that was not before the time in the field `since` of
    the record that it is for.
    """

    def __init__(self, kind: str, done_at: str, *, not_done: str, since: str | None = None) -> None:
        super().__init__(kind)
        self.done_at, self.not_done, self.since = done_at, not_done, since


class PrintedReason:
    """Marks the text with the reason for undercutting a bound of the process documents: the record's papers
    print it.
    """
