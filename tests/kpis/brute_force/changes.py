"""The KPIs of changes and of what is altered without one, from the words of the catalogue (44 to 48) and
decisions 0044 and 0104.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.dimensions import cut_of
from tests.kpis.brute_force.reading import Record, Step, World, instant_of, seconds_between
from tests.kpis.brute_force.states import EXCLUDED, links_of

IMPLEMENTED, BACKED_OUT = "implemented", "backed_out"
OVER = frozenset({IMPLEMENTED, BACKED_OUT})
CUT = {"change_type": "type", "team": "team_id", "service": "service", "risk": "risk_level"}
WAITING = frozenset({"approved", "scheduled"})


class Change:
    """A change and what became of it."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.id = record.id
        self.steps = record.steps

    @cached_property
    def states(self) -> list[tuple[int, str]]:
        """The steps that set a state, and which."""
        state_steps = ((n, step.told.get("state")) for n, step in enumerate(self.steps))
        return [(n, state) for n, state in state_steps if state is not None]

    def turns(self, *states: str) -> list[int]:
        """The steps that led to one of these states."""
        return [n for n, state in self.states if state in states]

    def entries(self, state: str) -> list[int]:
        """The steps by which it came to a state from another one: a state that is told again is none."""
        before = [None, *(state for _, state in self.states)]
        return [n for (n, now), last in zip(self.states, before, strict=False) if now == state != last]

    @cached_property
    def excluded(self) -> str | None:
        """Why it does not count: it was cancelled or rejected last."""
        last = self.states[-1][1]
        return last if last in EXCLUDED else None

    @cached_property
    def ended(self) -> int | None:
        """The step by which it was implemented or backed out first."""
        return min(self.turns(*OVER), default=None)

    @cached_property
    def implemented(self) -> int | None:
        """The step by which it was implemented first, if it was not backed out before."""
        return self.ended if self.ended is not None and self.ended in self.turns(IMPLEMENTED) else None

    @cached_property
    def handed_in(self) -> int | None:
        """The step from which on it was no draft."""
        return next((n for n, state in self.states if state != "draft"), None)

    @cached_property
    def handed_in_at(self) -> datetime | None:
        """When it was handed in: nothing happens to it before its opening."""
        return None if self.handed_in is None else max(self.record.opened_at, self.steps[self.handed_in].at)

    @cached_property
    def known(self) -> dict[str, Any]:
        """What is known of it now."""
        return self.record.fields(len(self.steps) - 1)

    @cached_property
    def has_caused(self) -> bool:
        """Whether an incident is confirmed as caused by it."""
        links = links_of(self.record)
        return any(row["kind"] == "causes" and row["other"].startswith("incident/") for row in links)

    @cached_property
    def verdict(self) -> str:
        """Whether a review has said how it went."""
        return "computed" if self.known.get("first_pass") is None else "reviewed"

    @cached_property
    def went_at_once(self) -> bool:
        """What its review says; before it what the log says."""
        if self.known.get("first_pass") is not None:
            return bool(self.known["first_pass"])
        begun, over = self.entries("implementing"), self.entries(IMPLEMENTED)
        if len(begun) > 1 or len(over) != 1 or self.turns(BACKED_OUT) or self.has_caused:
            return False
        fields = self.record.fields(over[0])
        return fields.get("type") == "emergency" or bool(begun and self._is_in_window(begun[0], over[0]))

    def _is_in_window(self, begun: int, over: int) -> bool:
        fields = self.record.fields(over)
        since, until = instant_of(fields.get("window_from_at")), instant_of(fields.get("window_until_at"))
        if since is None or until is None:
            return False
        return since <= self.steps[begun].at and self.steps[over].at <= until

    @cached_property
    def failed(self) -> bool:
        """Whether it was backed out, is confirmed as a cause, or failed by its review."""
        outcome = self.known.get("outcome") in {"failed", BACKED_OUT}
        return bool(self.turns(BACKED_OUT)) or self.has_caused or outcome

    def state(self, n: int) -> str:
        """The state after its first n + 1 steps."""
        return [state for place, state in self.states if place <= n][-1]

    def cut(self, n: int) -> dict[str, Any]:
        """What is known of it at a step."""
        return cut_of(CUT, self.record.fields(n)) | {"verdict": self.verdict}


def _changes(world: World) -> list[Change]:
    return world.once(_made)


def _made(world: World) -> list[Change]:
    return [Change(record) for record in world.of("change")]


def _at(which: Callable[[Change], int | None], number: Callable[[Change, int], int]) -> Any:
    """The changes that have such a step, each with a number."""

    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for change in _changes(world):
            n = which(change)
            if n is not None:
                counted_cases.append(
                    Counted(change.id, change.steps[n].at, number(change, n), change.cut(n), change.excluded)
                )
        return counted_cases

    return cases


def _lead(change: Change, n: int) -> int:
    assert change.handed_in is not None
    return seconds_between(change.steps[change.handed_in].at, change.steps[n].at)


def _open_at(holds: Callable[[Change, int, datetime], bool]) -> Callable[[World, datetime], list[Open]]:
    """Those that were handed in before an instant and of which that holds; their age counts from then."""

    def found(world: World, instant: datetime) -> list[Open]:
        opened = []
        for change in _changes(world):
            n = change.record.last_before(instant)
            if (
                n is not None
                and change.handed_in is not None
                and change.handed_in <= n
                and holds(change, n, instant)
            ):
                assert change.handed_in_at is not None
                opened.append(Open(change.id, change.handed_in_at, change.cut(n)))
        return opened

    return found


def _is_unimplemented(change: Change, n: int, instant: datetime) -> bool:
    return change.state(n) not in {"draft", "closed", *OVER, *EXCLUDED}


def _waits(change: Change, n: int, instant: datetime) -> bool:
    return change.state(n) in WAITING


def _is_overdue(change: Change, n: int, instant: datetime) -> bool:
    due = instant_of(change.record.fields(n).get("review_due_at"))
    return change.state(n) in OVER and due is not None and due < instant


def _alterations(world: World) -> list[Counted]:
    counted_cases = []
    for record in world.of("ci"):
        regularised = [
            (n, step.told.get("regularised_number"))
            for n, step in enumerate(record.steps)
            if step.what == "regularised"
        ]
        for n, step in enumerate(record.steps):
            unauthorised = "unauthorised_count" in step.told
            if n == 0 or not (unauthorised or "alteration_count" in step.told):
                continue
            how = "authorised"
            if unauthorised:
                own = (None, step.told["unauthorised_count"])
                is_named = any(later > n and number in own for later, number in regularised)
                how = "regularised" if is_named else "unauthorised"
            fields = record.fields(n)
            team = _team_of(world, fields.get("owner_id"), step)
            cut = {"ci_class": fields.get("ci_class"), "team": team, "authorisation": how}
            counted_cases.append(Counted(record.id, step.at, int(unauthorised), cut))
    return counted_cases


def _team_of(world: World, person: str | None, step: Step) -> str | None:
    """The team that somebody was in, as the log had it at an event."""
    record = world.records.get(f"person/{person}")
    team = None
    for event in () if record is None else record.events:
        if event.position < step.position:
            team = event.data["set"].get(event.stream, {}).get("team_id", team)
    return team


DEFINITIONS = {
    "change_first_pass": Definition(
        _at(lambda change: change.ended, lambda change, n: int(change.went_at_once))
    ),
    "change_failure_rate": Definition(_at(lambda change: change.ended, lambda change, n: int(change.failed))),
    "emergency_share": Definition(
        _at(
            lambda change: min(change.turns("implementing"), default=None),
            lambda change, n: int(change.record.fields(n).get("type") == "emergency"),
        )
    ),
    "unauthorised_changes": Definition(_alterations),
    "change_lead_seconds": Definition(
        _at(lambda change: change.implemented, _lead), _open_at(_is_unimplemented)
    ),
    "change_backlog": Definition(open=_open_at(_waits)),
    "change_reviews_overdue": Definition(open=_open_at(_is_overdue)),
}
