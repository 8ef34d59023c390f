"""The KPIs of problems, from the words of the catalogue (39 to 43, 26, 27) and decisions 0006 and 0044."""

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
        counted_cases = []
        for problem in _problems(world):
            n = which(problem)
            if n is not None:
                counted_cases.append(
                    Counted(
                        problem.id, problem.steps[n].at, number(problem, n), problem.cut(n), problem.excluded
                    )
                )
        return counted_cases

    return cases


def _open_at(
    holds: Callable[[Problem, int], bool],
    number: Callable[[Problem, int, datetime], int] = lambda problem, n, until: 1,
) -> Callable[[World, datetime], list[Open]]:
    """Those open at an instant of which that holds."""

    def found(world: World, instant: datetime) -> list[Open]:
        opened = []
        for problem in _problems(world):
            n = problem.record.last_before(instant)
            if n is not None and problem.is_open(n) and holds(problem, n):
                brings = number(problem, n, instant)
                opened.append(
                    Open(
                        problem.id,
                        problem.record.opened_at,
                        problem.cut(n),
                        problem.state(n) == "on_hold",
                        brings,
                    )
                )
        return opened

    return found


def _any(problem: Problem, n: int) -> bool:
    return True


def _is_caused(problem: Problem, n: int) -> bool:
    return problem.caused is not None and problem.caused <= n


def _is_known_error(problem: Problem, n: int, instant: datetime) -> int:
    return int(_is_caused(problem, n) and problem.worked_around is not None and problem.worked_around <= n)


def _opened(number: Callable[[Problem, World], int], opening: bool, weight: Any = lambda problem: 0) -> Any:
    def cases(world: World) -> list[Counted]:
        return [
            Counted(
                problem.id,
                problem.record.opened_at,
                number(problem, world),
                problem.cut(0, opening=opening),
                problem.excluded,
                weight=weight(problem),
            )
            for problem in _problems(world)
        ]

    return cases


def _without_cause(problem: Problem, world: World) -> int:
    """How long it has been, or was, without a cause."""
    if problem.caused is not None:
        return max(0, problem.seconds(problem.caused))
    return whole_seconds(problem.record.opened_at, world.now)


def _fixed(world: World) -> list[Counted]:
    counted_cases = []
    for problem in _problems(world):
        n, cause = problem.final, problem.caused
        if n is not None and cause is not None:
            # A cause that was found behind the resolution took no time to fix.
            seconds = max(0, seconds_between(problem.steps[cause].at, problem.steps[n].at))
            counted_cases.append(
                Counted(problem.id, problem.steps[n].at, seconds, problem.cut(n), problem.excluded)
            )
    return counted_cases


def _prevented(world: World) -> list[Counted]:
    counted_cases = []
    for problem in _problems(world):
        n = problem.final
        if n is None:
            continue
        fixed = problem.steps[n].at
        opened = [world.records[name].opened_at for name in _linked(problem)]
        before = sum(fixed - AROUND <= occurred_at < fixed for occurred_at in opened)
        after = sum(fixed <= occurred_at < fixed + AROUND for occurred_at in opened)
        counted_cases.append(Counted(problem.id, fixed, before - after, problem.cut(n), problem.excluded))
    return counted_cases


def _linked(problem: Problem) -> set[str]:
    """The incidents that are linked to it, in whatever way."""
    return {row["other"] for row in links_of(problem.record) if row["other"].startswith("incident/")}


DEFINITIONS = {
    "problem_cause_seconds": Definition(
        _at(lambda problem: problem.caused, lambda problem, n: problem.seconds(n)),
        _open_at(lambda problem, n: not _is_caused(problem, n)),
    ),
    "problem_cause_km": Definition(
        _opened(_without_cause, opening=True, weight=lambda problem: int(problem.caused is not None))
    ),
    "known_error_ratio": Definition(open=_open_at(_any, _is_known_error)),
    "problem_fix_seconds": Definition(_fixed, _open_at(_is_caused)),
    "problems_risk_accepted": Definition(_at(lambda problem: problem.accepted, lambda problem, n: 1)),
    "problem_backlog": Definition(open=_open_at(_any)),
    "problem_backlog_age": Definition(
        open=_open_at(_any, lambda problem, n, until: whole_seconds(problem.record.opened_at, until))
    ),
    "incidents_prevented": Definition(_prevented),
    "proactive_problem_share": Definition(
        _opened(
            lambda problem, world: int(problem.record.opening.told.get("origin") in PROACTIVE), opening=True
        )
    ),
}
