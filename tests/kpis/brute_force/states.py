"""Where records stand whose events set it as their state (decision 0044): problems and requests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.kpis.brute_force.dimensions import first_given, ticket_cut
from tests.kpis.brute_force.reading import Record, seconds_between

CANCELLED, CLOSED = "cancelled", "closed"
#: By the kind of a record, the state in which it is done; the other one is `closed`.
DONE = {"problem": "resolved", "request": "delivered"}
EXCLUDED = frozenset({CANCELLED, "rejected"})


@dataclass(frozen=True)
class Episode:
    """A stretch in which a record is done or closed (rule 16): the numbers of its steps, and of that by which
    it left it, if it has.
    """

    done: list[int]
    closed: list[int]
    left: int | None = None


class StatedCase:
    """A record and the states that its events set, one after another."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.id = record.id
        self.steps = record.steps
        self._done = DONE[record.kind]

    @cached_property
    def states(self) -> list[tuple[int, str]]:
        """The steps that set a state, and which."""
        state_steps = ((n, step.told.get("state")) for n, step in enumerate(self.steps))
        return [(n, state) for n, state in state_steps if state is not None]

    @cached_property
    def excluded(self) -> str | None:
        """Why it does not count: it was cancelled or rejected last."""
        last = self.states[-1][1]
        return last if last in EXCLUDED else None

    @cached_property
    def episodes(self) -> list[Episode]:
        """Its episodes."""
        episodes: list[Episode] = []
        inside = False
        for n, state in self.states:
            if state in {self._done, CLOSED}:
                if not inside:
                    episodes.append(Episode([], []))
                inside = True
                (episodes[-1].done if state == self._done else episodes[-1].closed).append(n)
            elif inside:
                episodes[-1] = Episode(episodes[-1].done, episodes[-1].closed, n)
                inside = False
        return episodes

    @cached_property
    def final_episode(self) -> Episode | None:
        """The episode that it has not left, if there is one."""
        return self.episodes[-1] if self.episodes and self.episodes[-1].left is None else None

    @cached_property
    def final(self) -> int | None:
        """The step by which it was resolved or delivered for good; what was only closed was not (0044)."""
        return None if self.final_episode is None else max(self.final_episode.done, default=None)

    def state(self, n: int) -> str:
        """The state after its first n + 1 steps, as it was set: of what was cancelled and went on, too."""
        return [state for place, state in self.states if place <= n][-1]

    def is_open(self, n: int) -> bool:
        """Whether there is still something to be done after its first n + 1 steps."""
        return self.state(n) not in {self._done, CLOSED, *EXCLUDED}

    def first(self, event_type: str) -> int | None:
        """The first step of that type."""
        return next((n for n, step in enumerate(self.steps) if step.what == event_type), None)

    def seconds(self, n: int) -> int:
        """The whole seconds from the opening to a step."""
        return seconds_between(self.record.opened_at, self.steps[n].at)

    def cut(self, n: int, opening: bool = False) -> dict[str, Any]:
        """What is known of it at a step; `opening`: as what counts openings has it (0006)."""
        fields = ticket_cut(self.record.fields(n))
        return fields | first_given(self.record) if opening else fields


def links_of(record: Record) -> list[dict[str, Any]]:
    """The links of a record that were not taken away again, by the order of the log."""
    links: dict[str, dict[str, Any] | None] = {}
    for event in record.events:
        links |= {name: row for name, row in event.data["set"].items() if name.startswith("link/")}
    return [row for row in links.values() if row is not None]
