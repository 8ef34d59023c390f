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
    def is_known_when_handed_in(self) -> bool:
        """Whether the step by which it left the draft is that by which changes are handed in."""
        if self.handed_in is None:
            return False
        state = self.state(self.handed_in)
        is_standard = self.record.fields(self.handed_in).get("type") == "standard"
        return state == "submitted" or (state == "scheduled" and is_standard)

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
    def went_at_once(self) -> bool | None:
        """What its review says; before it what the log says, None if that does not tell."""
        if self.known.get("first_pass") is not None:
            return bool(self.known["first_pass"])
        begun, over = self.entries("implementing"), self.entries(IMPLEMENTED)
        if len(begun) > 1 or len(over) != 1 or self.failed:
            return False
        kind = self.record.fields(over[0]).get("type")
        in_window = self._is_in_window(begun[0] if begun else None, over[0])
        if in_window is False and kind not in {None, "emergency"}:
            return False
        return True if self.failed is False and (kind == "emergency" or in_window) else None

    def _is_in_window(self, begun: int | None, over: int) -> bool | None:
        """Whether it began and ended in its window; None if too little is known to say so."""
        fields = self.record.fields(over)
        since, until = instant_of(fields.get("window_from_at")), instant_of(fields.get("window_until_at"))
        began_at = None if begun is None else self.steps[begun].at
        if (since and began_at and began_at < since) or (until and self.steps[over].at > until):
            return False
        return None if since is None or until is None or began_at is None else True

    @cached_property
    def failed(self) -> bool | None:
        """Whether it was backed out, is confirmed as a cause, or failed by its review; None if it was closed
        and nobody says how it went.
        """
        outcome = self.known.get("outcome")
        if self.turns(BACKED_OUT) or self.has_caused or outcome in {"failed", BACKED_OUT}:
            return True
        return None if outcome is None and self.states[-1][1] == "closed" else False

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


def _at(which: Callable[[Change], int | None], number: Callable[[Change, int], int | None]) -> Any:
    """The changes that have such a step, each with a number; those of which it is not known are left out."""

    def cases(world: World) -> list[Counted]:
        counted_cases = []
        for change in _changes(world):
            n = which(change)
            if n is not None:
                figure = number(change, n)
                reason = change.excluded or ("unknown" if figure is None else None)
                counted_cases.append(
                    Counted(change.id, change.steps[n].at, figure or 0, change.cut(n), reason)
                )
        return counted_cases

    return cases


def _emergency(change: Change, n: int) -> int | None:
    kind = change.record.fields(n).get("type")
    return None if kind is None else int(kind == "emergency")


def _lead(change: Change, n: int) -> int | None:
    assert change.handed_in is not None
    if not change.is_known_when_handed_in:
        return None
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
    "change_first_pass": Definition(_at(lambda change: change.ended, lambda change, n: change.went_at_once)),
    "change_failure_rate": Definition(_at(lambda change: change.ended, lambda change, n: change.failed)),
    "emergency_share": Definition(
        _at(
            lambda change: min(change.turns("implementing"), default=None),
            _emergency,
        )
    ),
    "unauthorised_changes": Definition(_alterations),
    "change_lead_seconds": Definition(
        _at(lambda change: change.implemented, _lead), _open_at(_is_unimplemented)
    ),
    "change_backlog": Definition(open=_open_at(_waits)),
    "change_reviews_overdue": Definition(open=_open_at(_is_overdue)),
}
