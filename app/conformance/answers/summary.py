"""Cases as a whole: how many fit, where the time went, the handovers, and which steps were
repeated.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.conformance.answers.fitting import Yardstick, fitting_cases, judged_variants
from app.conformance.answers.links import CaseLinks
from app.conformance.answers.variants import SPREAD, durations, is_path, misfits
from app.conformance.kinds import waiting_to_close
from app.conformance.parameters import Holding, PathKind
from app.conformance.questions import ConformanceQuestion, selected
from app.conformance.shapes import (
    ConformanceHandover,
    ConformancePath,
    ConformancePathStep,
    ConformancePingPong,
    ConformanceReturn,
    ConformanceRework,
    ConformanceStanding,
    ConformanceWaiting,
)
from app.conformance.step_words import state_label, step_label
from app.kpis.facts.fetching import fetch
from app.kpis.facts.query import SqlStatement
from app.platform.db import Connection

MOST_HANDOVERS = 50
DECIMALS = 6
SELECT_WHOLE = f"""
select count(*), count(distinct c.variant), {SPREAD.format("c.seconds")}
from kpi.process_case c where {{where}}"""
SELECT_WAITING = f"""
select s.state_before, count(distinct s.case_id), count(*), sum(s.seconds)::bigint as total,
  {SPREAD.format("s.seconds")}
from kpi.process_case c join kpi.process_step s using (case_id)
where {{where}} and s.seconds is not null group by s.state_before order by total desc, s.state_before"""
SELECT_STANDING = """
select c.state, count(*) as cases, min(c.started_at) from kpi.process_case c
where {where} and c.state is not null group by c.state order by cases desc, c.state"""
SELECT_HANDOVERS = f"""
select h.holding, h.from_id, giver.key, h.to_id, taker.key, count(*) as times, count(distinct h.case_id),
  count(*) filter (where h.returns), {SPREAD.format("h.seconds")}
from kpi.process_case c join kpi.process_handover h using (case_id)
left join fold.team giver on giver.id = h.from_id left join fold.team taker on taker.id = h.to_id
where {{where}} group by 1, 2, 3, 4, 5 order by times desc, 1, 2, 4 limit {MOST_HANDOVERS}"""
SELECT_PING_PONG = """
select h.holding, count(distinct h.case_id) filter (where h.returns), count(*)
from kpi.process_case c join kpi.process_handover h using (case_id) where {where} group by 1"""
SELECT_RETURNS = """
select s.type, s.state, count(*) as times, count(distinct s.case_id)
from kpi.process_case c join kpi.process_step s using (case_id)
where {where} and s.returns group by 1, 2 order by times desc, 1, 2"""
SELECT_REWORKED = """
select count(*) from kpi.process_case c where {where}
  and exists (select from kpi.process_step s where s.case_id = c.case_id and s.returns)"""


async def summary(
    connection: Connection,
    question: ConformanceQuestion,
    yardstick: Yardstick,
    links: CaseLinks,
    language: str,
) -> dict[str, Any]:
    """Return the fields of the summary of the question's cases, except its time and position."""
    where, parameters = selected(question)

    async def rows(text: str) -> list[tuple[Any, ...]]:
        return await fetch(connection, SqlStatement(text.format(where=where), parameters))

    ((count, variants, *spread),) = await rows(SELECT_WHOLE)
    judged = await judged_variants(connection, question, yardstick)
    fitting = fitting_cases(judged) if is_path(yardstick) else None
    return {
        "path": described_path(question, yardstick, language),
        "cases": count,
        "open_cases": await _open_cases(connection, question),
        "variants": variants,
        "seconds": durations(*spread),
        "fitting": fitting,
        "fit_share": None if fitting is None or not count else round(fitting / count, DECIMALS),
        "link": links.address(),
        "misfitting_link": links.address(fits=False),
        "open_link": links.address(open=True),
        "misfits": misfits(question, judged, links, language),
        "standing": [
            ConformanceStanding(
                state=state,
                label=state_label(question.lifecycle, state, language),
                cases=cases,
                earliest_started_at=earliest,
                link=links.address(standing=state),
            )
            for state, cases, earliest in await rows(SELECT_STANDING)
        ],
        "waiting": _waiting(question, links, language, await rows(SELECT_WAITING)),
        "handovers": [_handover(links, row) for row in await rows(SELECT_HANDOVERS)],
        "ping_pong": _ping_pong(links, await rows(SELECT_PING_PONG)),
        "rework": _rework(
            question, links, language, count, (await rows(SELECT_REWORKED))[0][0], await rows(SELECT_RETURNS)
        ),
    }


def described_path(
    question: ConformanceQuestion, yardstick: Yardstick, language: str
) -> ConformancePath | None:
    """Return the path that cases are held against, or None."""
    expected = yardstick.expected
    if not is_path(yardstick):
        return None
    is_usual = yardstick.kind is PathKind.usual
    return ConformancePath(
        kind=yardstick.kind,
        source=None if expected is None else expected.source,
        steps=[
            ConformancePathStep(
                event=step.event,
                label=step_label(question.lifecycle, step.event, language),
                needed=step.needed,
                repeatable=step.repeatable,
                anywhere=step.anywhere,
            )
            for step in (() if expected is None else expected.steps)
        ],
        usual_begins_at=question.usual[0] if is_usual else None,
        usual_ends_at=question.usual[1] if is_usual else None,
        usual_variants=len(yardstick.usual) if is_usual else None,
        usual_cases=yardstick.usual_cases if is_usual else None,
    )


async def _open_cases(connection: Connection, question: ConformanceQuestion) -> int:
    where, parameters = selected(replace(question, open=True))
    text = f"select count(*) from kpi.process_case c where {where}"
    ((count,),) = await fetch(connection, SqlStatement(text, parameters))
    return int(count)


def _waiting(
    question: ConformanceQuestion, links: CaseLinks, language: str, rows: list[tuple[Any, ...]]
) -> list[ConformanceWaiting]:
    all_seconds, done = sum(row[3] for row in rows), waiting_to_close(question.lifecycle)
    worked = sum(row[3] for row in rows if row[0] not in done)
    return [
        ConformanceWaiting(
            state=state,
            label=state_label(question.lifecycle, state, language),
            cases=cases,
            stays=stays,
            total_seconds=total,
            share=round(total / all_seconds, DECIMALS) if all_seconds else 0.0,
            share_of_work=None if state in done else round(total / worked, DECIMALS) if worked else 0.0,
            seconds=spread,
            link=links.address(state=state),
        )
        for state, cases, stays, total, *numbers in rows
        if (spread := durations(*numbers)) is not None
    ]


def _handover(links: CaseLinks, row: tuple[Any, ...]) -> ConformanceHandover:
    holding, from_id, from_key, to_id, to_key, times, cases, returns, *numbers = row
    spread = durations(*numbers)
    assert spread is not None, "a hand-over has its time"
    return ConformanceHandover(
        holding=holding,
        from_id=from_id,
        from_key=from_key,
        to_id=to_id,
        to_key=to_key,
        handovers=times,
        cases=cases,
        returns=returns,
        seconds=spread,
        link=links.address(handed_over=holding, handed_from=from_id, handed_to=to_id),
    )


def _ping_pong(links: CaseLinks, rows: list[tuple[Any, ...]]) -> list[ConformancePingPong]:
    counted = {holding: (cases, handovers) for holding, cases, handovers in rows}
    return [
        ConformancePingPong(
            holding=holding,
            cases=counted.get(holding.value, (0, 0))[0],
            handovers=counted.get(holding.value, (0, 0))[1],
            link=links.address(handed_over=holding.value, handed_back=True),
        )
        for holding in Holding
    ]


def _rework(  # what it is made of
    question: ConformanceQuestion,
    links: CaseLinks,
    language: str,
    count: int,
    reworked: int,
    rows: list[tuple[Any, ...]],
) -> ConformanceRework:
    return ConformanceRework(
        cases=reworked,
        share=round(reworked / count, DECIMALS) if count else None,
        link=links.address(came_back=True),
        returns=[
            ConformanceReturn(
                step=step,
                label=step_label(question.lifecycle, step, language),
                state=state,
                state_label=state_label(question.lifecycle, state, language),
                returns=times,
                cases=cases,
                link=links.address(came_back=True, step=step, state=state),
            )
            for step, state, times, cases in rows
        ],
    )
