"""The cases behind a figure, each with how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.conformance.answers.fitting import (
    VARIANTS,
    JudgedVariant,
    Yardstick,
    held_steps,
    judged_variants,
    misfitting,
)
from app.conformance.answers.variants import is_path
from app.conformance.parameters import ConformanceCaseQuery, StepKind
from app.conformance.paths import Misfit
from app.conformance.questions import ConformanceQuestion, selected
from app.conformance.shapes import ConformanceCase
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.kpis.questions.question import CannotAnswer
from app.platform.db import Connection

CONDITIONS = {
    "variant": "{variant} = %(variant)s",
    "step": "exists (select from kpi.process_step s where s.case_id = c.case_id and s.type = %(step)s)",
    "any_step": "%(step)s = any(c.all_steps)",
    "edge": "exists (select from kpi.process_step s where s.case_id = c.case_id and s.type = %(step)s "
    "and s.previous = %(after)s)",
    "any_edge": "exists (select from generate_series(2, cardinality(c.all_steps)) n "
    "where c.all_steps[n] = %(step)s and c.all_steps[n - 1] = %(after)s)",
    "state": "exists (select from kpi.process_step s where s.case_id = c.case_id "
    "and s.state_before = %(state)s)",
    "standing": "c.state = %(standing)s",
    "came_back": "{not_} exists (select from kpi.process_step s where s.case_id = c.case_id and s.returns "
    "and (%(step)s::text is null or s.type = %(step)s) and (%(state)s::text is null or s.state = %(state)s))",
    "handed": "exists (select from kpi.process_handover h where h.case_id = c.case_id "
    "and (%(handed_over)s::text is null or h.holding = %(handed_over)s) "
    "and (%(handed_from)s::uuid is null or h.from_id = %(handed_from)s) "
    "and (%(handed_to)s::uuid is null or h.to_id = %(handed_to)s) "
    "and (%(handed_back)s::boolean is null or h.returns = %(handed_back)s))",
    "held": "{held} = any(%(held)s::uuid[])",
}
SELECT_CASES = """
select c.case_id, f.number, c.state, c.source, c.started_at, c.ended_at, c.seconds, c.team_id, c.service,
  {variant}, {steps}, {held}, {held_steps}
from kpi.process_case c join fold.{kind} f on f.id = c.case_id
where {where}
  and (%(last)s::timestamptz is null or ({at}, c.case_id) > (%(last)s::timestamptz, %(last_id)s::uuid))
order by {at}, c.case_id limit %(limit)s"""


@dataclass(frozen=True, slots=True)
class CaseRows:
    """A page of cases; `last` is where it ends, None if there are no more."""

    items: list[ConformanceCase]
    last: tuple[datetime, UUID] | None


async def cases(
    connection: Connection,
    question: ConformanceQuestion,
    yardstick: Yardstick,
    query: ConformanceCaseQuery,
    after: tuple[datetime, UUID] | None,
) -> CaseRows:
    """Return a page of the question's cases, those that the query chooses. Raises CannotAnswer."""
    _check_names(question, query)
    where, parameters = selected(question)
    variant, steps = VARIANTS[question.steps]
    held, steps_held, named = held_steps(question, yardstick)
    conditions, chosen = _conditions(query, question.steps)
    if query.fits is not None or query.misfit is not None:
        conditions.append("held")
        judged = await judged_variants(connection, question, yardstick)
        chosen["held"] = _chosen_variants(query, judged)
    words = {"variant": variant, "held": held, "not_": "" if query.came_back else "not"}
    text = SELECT_CASES.format(
        kind=question.kind,
        variant=variant,
        steps=steps,
        held=held,
        held_steps=steps_held,
        at="c.started_at" if question.open else "c.ended_at",
        where=" and ".join([where, *(CONDITIONS[name].format(**words) for name in conditions)]),
    )
    last, last_id = after or (None, None)
    page = {"last": last, "last_id": last_id, "limit": query.limit + 1}
    rows = await fetch(connection, SqlStatement(text, parameters | named | chosen | page))
    more, rows = len(rows) > query.limit, rows[: query.limit]
    end = (rows[-1][4 if question.open else 5], rows[-1][0]) if more else None
    return CaseRows([_case(question, yardstick, row) for row in rows], end)


def _check_names(question: ConformanceQuestion, query: ConformanceCaseQuery) -> None:
    """Raise CannotAnswer for an event or a state that cases of the kind do not have."""
    lifecycle = question.lifecycle
    states = {state.value for state in lifecycle.states}
    for field, names in (
        *(("step", lifecycle.event_types), ("after", lifecycle.event_types)),
        *(("state", states), ("standing", states)),
    ):
        name = getattr(query, field)
        if name is not None and name not in names:
            raise CannotAnswer(field, "unknown_value", value=name)


def _conditions(query: ConformanceCaseQuery, steps: StepKind) -> tuple[list[str], dict[str, Any]]:
    """Return the names of the CONDITIONS that the query has, and their parameters."""
    conditions, any_step = [], "any_" if steps is StepKind.all else ""
    if query.variant is not None:
        conditions.append("variant")
    if query.came_back is not None:
        conditions.append("came_back")
    elif query.misfit is None:
        if query.step is not None:
            conditions.append(any_step + ("step" if query.after is None else "edge"))
        if query.state is not None:
            conditions.append("state")
    if query.standing is not None:
        conditions.append("standing")
    handed = (query.handed_over, query.handed_from, query.handed_to, query.handed_back)
    if any(choice is not None for choice in handed):
        conditions.append("handed")
    names = ("variant", "step", "after", "state", "standing", "handed_from", "handed_to", "handed_back")
    parameters = {name: getattr(query, name) for name in names}
    holding = None if query.handed_over is None else query.handed_over.value
    return conditions, parameters | {"handed_over": holding}


def _chosen_variants(query: ConformanceCaseQuery, judged: list[JudgedVariant]) -> list[UUID]:
    chosen = [held.variant for held in judged if query.fits is None or held.fits is query.fits]
    if query.misfit is None:
        return chosen
    return sorted(set(misfitting(judged, query.misfit, query.step)).intersection(chosen))


def _case(question: ConformanceQuestion, yardstick: Yardstick, row: tuple[Any, ...]) -> ConformanceCase:
    case_id, number, state, source, started_at, ended_at, seconds, team_id, service = row[:9]
    variant, steps, held, held_as = row[9:]
    judged = yardstick.judge(held, held_as, 1, is_open=question.open)
    misfits = {misfit: [] if judged.fit is None else list(judged.fit.steps(misfit)) for misfit in Misfit}
    return ConformanceCase(
        id=case_id,
        number=number,
        link=f"/v1/{question.lifecycle.plural}/{number}",
        state=state,
        source=source,
        started_at=started_at,
        ended_at=ended_at,
        seconds=seconds,
        team_id=team_id,
        service=service,
        variant=variant,
        steps=steps,
        fits=judged.fits if is_path(yardstick) else None,
        skipped=misfits[Misfit.skipped],
        doubled=misfits[Misfit.doubled],
        out_of_order=misfits[Misfit.out_of_order],
        unexpected=misfits[Misfit.unexpected],
        late=misfits[Misfit.late],
    )
