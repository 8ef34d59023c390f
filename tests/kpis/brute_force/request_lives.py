"""Requests and what became of them, from their events (decisions 0006, 0044)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.dimensions import first_given, ticket_cut
from tests.kpis.brute_force.reading import Record, Step, World, seconds_between

DELIVERED, CLOSED = "delivered", "closed"
ENDED = frozenset({DELIVERED, CLOSED})
EXCLUDED = frozenset({"cancelled", "rejected"})


@dataclass(frozen=True)
class Episode:
    """A stretch in which a request is delivered or closed (rule 16): its deliveries, and the step by which it
    left it, if it has.
    """

    delivered: Sequence[int]
    left: int | None


class Request:
    """A request and what became of it. Where it stands is what its events have set as its state."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.id = record.id
        self.steps: Sequence[Step] = record.steps

    @cached_property
    def led(self) -> list[tuple[int, str]]:
        """The steps that led somewhere, and where."""
        return [(n, step.told["state"]) for n, step in enumerate(self.steps) if step.told.get("state")]

    @cached_property
    def excluded(self) -> str | None:
        """Why it does not count, if it does not: what it was last."""
        last = self.led[-1][1]
        return last if last in EXCLUDED else None

    def state(self, n: int) -> str:
        """Where it stood behind that step: as it was set, also where it was cancelled and went on (0044)."""
        return [state for place, state in self.led if place <= n][-1]

    @cached_property
    def episodes(self) -> list[Episode]:
        """The stretches in which it was delivered or closed."""
        episodes: list[Episode] = []
        inside = False
        for n, state in self.led:
            if state in ENDED:
                before = episodes.pop().delivered if inside else ()
                episodes.append(Episode([*before, n] if state == DELIVERED else before, None))
            elif inside:
                episodes[-1] = Episode(episodes[-1].delivered, n)
            inside = state in ENDED
        return episodes

    @cached_property
    def final(self) -> int | None:
        """The step of its final delivery, behind which nothing went on: to be closed alone is none."""
        if not self.episodes or self.episodes[-1].left is not None:
            return None
        return max(self.episodes[-1].delivered, default=None)

    @cached_property
    def response(self) -> int | None:
        """The step by which it was first assessed or begun."""
        return next((n for n, step in enumerate(self.steps) if step.what in {"assessed", "started"}), None)

    def stretches(self, end: int) -> list[tuple[str, datetime, datetime]]:
        """The states that it was in up to that step, each from when to when."""
        state_stretches = []
        for place, (n, state) in enumerate(self.led):
            if n >= end:
                break
            later = [m for m, _ in self.led[place + 1 :] if m <= end]
            state_stretches.append((state, self.since(n), self.since(later[0] if later else end)))
        return state_stretches

    def since(self, n: int) -> datetime:
        """When a step took effect: nothing does before the submission."""
        return max(self.steps[n].at, self.record.opened_at)

    def seconds(self, n: int) -> int:
        """The whole seconds from the submission to a step; below 0 if clocks were wrong."""
        return seconds_between(self.record.opened_at, self.steps[n].at)

    def fields(self, n: int) -> dict[str, Any]:
        """What was known of it at a step."""
        return self.record.fields(n)

    def cut(self, n: int, opening: bool = False) -> dict[str, Any]:
        """What is known of it at a step; `opening`: as what counts openings has it (0006)."""
        fields = ticket_cut(self.fields(n))
        return fields | first_given(self.record) if opening else fields


def is_open(state: str) -> bool:
    """Whether something is still to be done in that state."""
    return state not in ENDED | EXCLUDED


def requests(world: World) -> list[Request]:
    """All requests."""
    return world.once(_made)


def _made(world: World) -> list[Request]:
    return [Request(record) for record in world.of("request")]


def when_delivered(
    number: Callable[[Request, int], int | None],
    holds: Callable[[Request, int, str], bool] | None = None,
) -> Definition:
    """The requests delivered for good, each with a number, without those that have none; and beside them
    those open in a sense.
    """

    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for request in requests(world):
            n = request.final
            if n is not None and (brings := number(request, n)) is not None:
                counted_cases.append(
                    Counted(request.id, request.steps[n].at, brings, request.cut(n), request.excluded)
                )
        return counted_cases

    return Definition(cases, None if holds is None else open_at(holds))


def open_at(holds: Callable[[Request, int, str], bool]) -> Callable[[World, datetime], list[Open]]:
    """Those open in a sense just before an instant, told by the last step before it and its state."""

    def found(world: World, instant: datetime) -> list[Open]:
        opened = []
        for request in requests(world):
            n = request.record.last_before(instant)
            if n is None:
                continue
            state = request.state(n)
            if is_open(state) and holds(request, n, state):
                opened.append(Open(request.id, request.record.opened_at, request.cut(n), state == "on_hold"))
        return opened

    return found


def unended(request: Request, n: int, state: str) -> bool:
    """Not delivered."""
    return True


def unanswered(request: Request, n: int, state: str) -> bool:
    """Neither assessed nor begun."""
    return request.response is None or request.response > n
