"""Flags a child row that was not settled in time, and notifies its owner: the common shape of many rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.common.records import ChildRecord, CodeEnum
from app.foundation.people.lookups import active_person
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings

R = TypeVar("R", bound=ChildRecord)
_SETTLED = "r.{} is null"
_PURSUED = (
    "exists (select from fold.{kind} p where p.id = split_part(r.record, '/', 2)::uuid "
    "and p.state in ({states}))"
)


@dataclass(frozen=True, slots=True)
class LateRow(Generic[R]):
    """How rows of a class are flagged. A row is settled as soon as one of its fields `settled_by` has a
    value, and is pursued while its record is in one of these states, by the record's kind.

    `flag` makes the payload of `action` from the row and the id of its active `owner`, or None. `due`
    computes when an unsettled row is late; None: at its `due_at`. `only` is a further SQL condition on a row
    `r`.
    """

    row: type[R]
    action: str
    flag: Callable[[R, str | None], Payload]
    settled_by: Sequence[str]
    pursued: Mapping[str, Iterable[CodeEnum]]
    owner: str | None = "person_id"
    due: Callable[[R, Settings], datetime | None] | None = None
    only: str = "true"

    def rule(self, name: str) -> TimedRule[Any]:
        """Return the rule of that name."""
        return TimedRule(
            name,
            self.row.KIND,
            frozenset(),
            self.due_at,
            self._act,
            only=self._condition(),
            child_class=self.row,
        )

    def due_at(self, row: R, settings: Settings) -> datetime | None:
        """Return when the row is late; None if it is settled."""
        if any(getattr(row, field) is not None for field in self.settled_by):
            return None
        due_at: datetime | None = getattr(row, "due_at", None)
        return due_at if self.due is None else self.due(row, settings)

    async def _act(self, ledger: Ledger, row: R, now: datetime) -> tuple[str, Payload] | None:
        owner_id: UUID | None = None if self.owner is None else getattr(row, self.owner)
        return self.action, self.flag(row, await active_person(ledger.db.rows, owner_id))

    def _condition(self) -> str:
        settled = [_SETTLED.format(field) for field in self.settled_by]
        pursued = [
            _PURSUED.format(kind=kind, states=", ".join(f"'{state.value}'" for state in states))
            for kind, states in self.pursued.items()
        ]
        return " and ".join([*settled, f"({' or '.join(pursued)})", self.only])
