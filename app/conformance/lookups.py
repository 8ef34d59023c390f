"""Answers for other registers about the course of a process: irregular cases, and the share of cases that
fit.

A consumer of the log keeps the facts: what was written a moment ago may not be in them yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.conformance.facts.consumer import NAME
from app.conformance.kinds import HELD_STEPS, named_events, withdrawals_of
from app.conformance.paths import IRREGULAR, Misfit, fit_of
from app.foundation.process_definitions.expected_paths import ExpectedPath
from app.foundation.process_definitions.lookups import expected_path_of
from app.foundation.process_names import process_named
from app.kernel.access.kinds import RecordKind
from app.kernel.access.reads import Reading
from app.kernel.actions.lifecycle import Lifecycle

MOST_CASES = 100_000
#: The cases that ended in a time, with the events that change the state or that the path names.
SELECT_HELD = f"""
select c.case_id, c.ended_at, {HELD_STEPS} as steps
from kpi.process_case c
where c.kind = %(kind)s and c.ended_at >= %(begin)s and c.ended_at < %(end)s and c.source not like 'import:%%'
  and (%(team_id)s::uuid is null or c.team_id = %(team_id)s)
order by c.ended_at, c.case_id limit %(most)s"""
SELECT_NUMBERS = "select id, number from fold.{kind} where id = any(%(ids)s::uuid[])"
SELECT_POSITION = "select position from log.checkpoint where consumer = %s"


@dataclass(frozen=True, slots=True)
class Irregularity:
    """A rule that a case breaks, in a step: the type of an event."""

    rule: Misfit
    step: str


@dataclass(frozen=True, slots=True)
class IrregularCase:
    """A case that ended, with the rules of the expected path that it breaks."""

    case_id: UUID
    kind: str
    number: str
    ended_at: datetime
    irregularities: tuple[Irregularity, ...]


@dataclass(frozen=True, slots=True)
class IrregularCases:
    """The irregular cases in the order of their ends, the source of the path with which they were compared
    (the number of its definition, or `shipped`; None: the process has no path), and a position of the log
    that the facts had reached.
    """

    cases: tuple[IrregularCase, ...]
    source: str | None
    position: int


@dataclass(frozen=True, slots=True)
class FitShare:
    """How many cases of a process ended in a time, how many of them fit its expected path, and the source of
    that path: the number of its definition, or `shipped`.
    """

    cases: int
    fitting: int
    source: str

    @property
    def share(self) -> float | None:
        """Return the share of the cases that fit; None without ended cases."""
        return self.fitting / self.cases if self.cases else None


async def irregular_cases(
    read: Reading,
    lifecycles: Mapping[str, RecordKind[Any]],
    process: str,
    begin: datetime,
    end: datetime,
    *,
    team_id: UUID | None = None,
) -> IrregularCases:
    """Return the cases of the process that ended from `begin` up to `end` (exclusive) and in which a step was
    skipped, done twice or out of order, or something was not done in time; with `team_id` those that the team
    had last. None if the process has no expected path. Imported cases are left out. `lifecycles` are those by
    kind, as a ReadContext has them.
    """
    # Read before the cases, which may therefore be newer than this position but never older.
    position = next((row["position"] for row in await read(SELECT_POSITION, (NAME,))), 0)
    path, cases, judged_by = await _held_cases(read, lifecycles, process, begin, end, team_id)
    if path is None:
        return IrregularCases((), None, position)
    irregular = []
    for row in cases:
        fit = fit_of(path, row["steps"], **judged_by)
        broken = tuple(Irregularity(rule, step) for rule in IRREGULAR for step in fit.steps(rule))
        if broken:
            irregular.append((row, broken))
    ids = [row["case_id"] for row, _ in irregular]
    rows = await read(SELECT_NUMBERS.format(kind=path.process), {"ids": ids}) if ids else []
    numbers = {row["id"]: row["number"] for row in rows}
    irregular_rows = tuple(
        IrregularCase(row["case_id"], path.process, numbers[row["case_id"]], row["ended_at"], broken)
        for row, broken in irregular
    )
    return IrregularCases(irregular_rows, path.source, position)


async def fit_share(
    read: Reading,
    lifecycles: Mapping[str, RecordKind[Any]],
    process: str,
    begin: datetime,
    end: datetime,
    *,
    team_id: UUID | None = None,
) -> FitShare | None:
    """Return how many cases of the process that ended in that time fit its expected path, or None. Imported
    cases are left out.
    """
    path, cases, judged_by = await _held_cases(read, lifecycles, process, begin, end, team_id)
    if path is None:
        return None
    fitting = sum(fit_of(path, row["steps"], **judged_by).fits for row in cases)
    return FitShare(len(cases), fitting, path.source)


async def _held_cases(
    read: Reading,
    lifecycles: Mapping[str, RecordKind[Any]],
    process: str,
    begin: datetime,
    end: datetime,
    team_id: UUID | None,
) -> tuple[ExpectedPath | None, list[dict[str, Any]], dict[str, Any]]:
    """Return the path, the cases, and the further arguments of `fit_of`."""
    path = await expected_path_of(read, process, end)
    lifecycle = lifecycles.get(process_named(process))
    if path is None or not isinstance(lifecycle, Lifecycle):
        return None, [], {}
    parameters = {
        "kind": lifecycle.kind,
        "begin": begin,
        "end": end,
        "team_id": team_id,
        "named": named_events(lifecycle, path),
        "most": MOST_CASES,
    }
    judged_by = {"successors": lifecycle.successors, "withdrawals": withdrawals_of(lifecycle)}
    return path, await read(SELECT_HELD, parameters), judged_by
