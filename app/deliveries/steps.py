"""Which events people are told of, and who is named in them (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.common.notices import Step
from app.log.events import Recorded, kind_of

#: What the requester and the followers are told of, by the event's type without its kind.
PUBLIC = {
    "reported": Step.received,
    "assigned": Step.assigned,
    "commented": Step.commented,
    "held": Step.held,
    "declared_major": Step.updated,
    "update_posted": Step.updated,
    "resolved": Step.resolved,
    "closed": Step.closed,
    "marked_duplicate": Step.duplicate,
    "original_resolved": Step.original_resolved,
    "reopened": Step.reopened,
    "cancelled": Step.cancelled,
}
#: What those are told whom the event names, and where in `given` it does.
NAMED = {"assigned": ("person", Step.given), "reminded": ("persons", Step.reminded)}


@dataclass(frozen=True, slots=True)
class Told:
    """Of an event: who is told what. `person_id` None: the requester and the followers."""

    event: Recorded
    step: Step
    person_id: UUID | None = None

    @property
    def actor_id(self) -> UUID | None:
        """The person who did it, who knows already; None: no person did."""
        who, _, name = self.event.actor.partition(":")
        return UUID(name) if who in ("person", "integration") else None


def types(kinds: Iterable[str]) -> list[str]:
    """The types of the events that somebody is told of, of tickets of these kinds."""
    return [f"{kind}.{name}" for kind in kinds for name in sorted(PUBLIC.keys() | NAMED.keys())]


def told(event: Recorded) -> Iterator[Told]:
    """Who is told what: those who are named first, since what concerns them says more."""
    name = event.type.removeprefix(f"{kind_of(event.stream)}.")
    if name in NAMED:
        field, step = NAMED[name]
        named = event.data["given"].get(field) or ()
        for person in (named,) if isinstance(named, str) else named:
            yield Told(event, step, UUID(person))
    if name in PUBLIC:
        yield Told(event, PUBLIC[name])
