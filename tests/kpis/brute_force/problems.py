"""The KPIs of problems, from the words of the catalogue (39 to 43, 26, 27) and decisions 0028, 0044, 0085."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from tests.kpis.brute_force.counted import Counted, Definition, Open
from tests.kpis.brute_force.reading import World, seconds_between, whole_seconds
from tests.kpis.brute_force.states import StatedCase, links_of

PROACTIVE = frozenset({"trend", "review"})
AROUND = timedelta(days=90)


class Problem(StatedCase):
    """A problem and what became of it."""

    @cached_property
    def caused(self) -> int | None:
        """The step by which its cause was identified first."""
        return self.first("cause_identified")

    @cached_property
    def worked_around(self) -> int | None:
        """The step by which a workaround was documented first."""
        return self.first("workaround_documented")

    @cached_property
    def accepted(self) -> int | None:
        """The last step by which its risk was accepted, if it has not been taken up again."""
        if self.final_episode is None:
            return None
        closed = [n for n in self.final_episode.closed if self.steps[n].what == "risk_accepted"]
        return closed[-1] if closed else None


def _problems(world: World) -> list[Problem]:
    return world.once(_made)


def _made(world: World) -> list[Problem]:
    return [Problem(record) for record in world.of("problem")]


def _at(which: Callable[[Problem], int | None], number: Callable[[Problem, int], int]) -> Any:
    """The problems that have such a step, each with a number."""

    def cases(world: World) -> list[Counted]:
        found = []
        for of in _problems(world):
            n = which(of)
            if n is not None:
                found.append(Counted(of.id, of.steps[n].at, number(of, n), of.cut(n), of.excluded))
        return found

    return cases


def _open_at(
    holds: Callable[[Problem, int], bool],
    number: Callable[[Problem, int, datetime], int] = lambda of, n, at: 1,
) -> Callable[[World, datetime], list[Open]]:
    """Those open at an instant of which that holds."""

    def found(world: World, instant: datetime) -> list[Open]:
        opened = []
        for of in _problems(world):
            n = of.record.last_before(instant)
            if n is not None and of.is_open(n) and holds(of, n):
                brings = number(of, n, instant)
                opened.append(Open(of.id, of.record.opened_at, of.cut(n), of.state(n) == "on_hold", brings))
        return opened

    return found


def _any(of: Problem, n: int) -> bool:
    return True


def _is_caused(of: Problem, n: int) -> bool:
    return of.caused is not None and of.caused <= n


def _is_known_error(of: Problem, n: int, instant: datetime) -> int:
    return int(_is_caused(of, n) and of.worked_around is not None and of.worked_around <= n)


def _opened(number: Callable[[Problem, World], int], opening: bool, weight: Any = lambda of: 0) -> Any:
    def cases(world: World) -> list[Counted]:
        return [
            Counted(
                of.id,
                of.record.opened_at,
                number(of, world),
                of.cut(0, opening=opening),
                of.excluded,
                weight=weight(of),
            )
            for of in _problems(world)
        ]

    return cases


def _without_cause(of: Problem, world: World) -> int:
    """How long it has been, or was, without a cause."""
    if of.caused is not None:
        return max(0, of.seconds(of.caused))
    return whole_seconds(of.record.opened_at, world.now)


def _fixed(world: World) -> list[Counted]:
    found = []
    for of in _problems(world):
        n, cause = of.final, of.caused
        if n is not None and cause is not None:
            # A cause that was found behind the resolution took no time to fix.
            seconds = max(0, seconds_between(of.steps[cause].at, of.steps[n].at))
            found.append(Counted(of.id, of.steps[n].at, seconds, of.cut(n), of.excluded))
    return found


def _prevented(world: World) -> list[Counted]:
    found = []
    for of in _problems(world):
        n = of.final
        if n is None:
            continue
        fixed = of.steps[n].at
        opened = [world.records[name].opened_at for name in _linked(of)]
        before = sum(fixed - AROUND <= at < fixed for at in opened)
        after = sum(fixed <= at < fixed + AROUND for at in opened)
        found.append(Counted(of.id, fixed, before - after, of.cut(n), of.excluded))
    return found


def _linked(of: Problem) -> set[str]:
    """The incidents that are linked to it, in whatever way."""
    return {row["other"] for row in links_of(of.record) if row["other"].startswith("incident/")}


DEFINITIONS = {
    "problem_cause_seconds": Definition(
        _at(lambda of: of.caused, lambda of, n: of.seconds(n)), _open_at(lambda of, n: not _is_caused(of, n))
    ),
    "problem_cause_km": Definition(
        _opened(_without_cause, opening=True, weight=lambda of: int(of.caused is not None))
    ),
    "known_error_ratio": Definition(open=_open_at(_any, _is_known_error)),
    "problem_fix_seconds": Definition(_fixed, _open_at(_is_caused)),
    "problems_risk_accepted": Definition(_at(lambda of: of.accepted, lambda of, n: 1)),
    "problem_backlog": Definition(open=_open_at(_any)),
    "problem_backlog_age": Definition(
        open=_open_at(_any, lambda of, n, at: whole_seconds(of.record.opened_at, at))
    ),
    "incidents_prevented": Definition(_prevented),
    "proactive_problem_share": Definition(
        _opened(lambda of, world: int(of.record.opening.told.get("origin") in PROACTIVE), opening=True)
    ),
}
