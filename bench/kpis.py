"""Benchmark of KPIs: making their facts with the consumer that makes them in production, and answering from
the facts.
"""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median

from app.kpis.answers.answer import BEGIN_SNAPSHOT, answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.tables import TABLES
from app.kpis.questions.question import DEFAULT_CURRENCY, KpiQuestion, QuestionParameters, parse_question
from app.kpis.raw import aggregates, definitions, tables
from app.kpis.raw.tables import Definitions
from app.log.follow import FOLLOW_LIMITS, process_next_batch
from app.platform.db import Database, connect
from bench import floor
from bench.cases import DAYS, LargeSite, team_key
from bench.figures import Figure, Threshold, number

PROJECTION, BY_MONTH, OF_TEAM, RAW = ("projection", "kpi", "kpi_team", "kpi_raw")
#: KPIs with other computations than a duration: a share, ages at an instant, pairs of cases, and survival
#: analysis that includes open cases.
OTHER_KPIS = {
    "kpi_share": "incident_resolution_attainment",
    "kpi_ages": "backlog_age_seconds",
    "kpi_repeats": "repeat_incident_rate",
    "kpi_survival": "incident_resolution_km",
}
AGES_BY_DAY = "kpi_ages_by_day"
#: KPIs that are counted by agreed time: how much of it was outage, and how many outages began.
OF_OUTAGES = {"kpi_availability": "service_availability", "kpi_outages": "outage_count"}
NAMES = (PROJECTION, BY_MONTH, OF_TEAM, RAW, *OTHER_KPIS, *OF_OUTAGES, AGES_BY_DAY)
KPI = KPIS["incident_resolution_seconds"]
TEAM = 3
REPETITIONS = 9
# As in the reconciliation: the work memory for answers is too small for many cases.
RAW_LIMITS = "-c jit=off -c timezone=UTC -c work_mem=256MB"


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the selected figures of KPIs, and always the projection of facts, which the others need."""
    run = many.run
    figures = [await projection(many)]
    await many.owner.execute(f"vacuum analyze {TABLES}".encode())
    begin = (many.now - timedelta(days=DAYS)).date().isoformat()
    by_month = question(many, QuestionParameters(begin=begin, by=("priority",)))
    answered = await milliseconds(many, by_month)
    months = len(by_month.bounds) - 1
    what = f"KPI by month and priority, {many.incidents:,} cases, {months} months"
    figures.append(_timed(BY_MONTH, what, answered, Threshold(400, 100, " ms", at_most=True)))
    for name, key in OTHER_KPIS.items():
        if run.is_wanted(name):
            took = await milliseconds(
                many, question(many, QuestionParameters(begin=begin, by=("priority",)), KPIS[key])
            )
            what = f"{key} by month and priority, {many.incidents:,} cases, {months} months"
            figures.append(_timed(name, what, took, Threshold(400, 100, " ms", at_most=True)))
    for name, key in OF_OUTAGES.items():
        if run.is_wanted(name):
            asked = question(many, QuestionParameters(begin=begin, by=("service",)), KPIS[key])
            what = f"{key} by month and service, {many.incidents:,} cases, {months} months"
            took = await milliseconds(many, asked)
            figures.append(_timed(name, what, took, Threshold(400, 100, " ms", at_most=True)))
    if run.is_wanted(AGES_BY_DAY):
        since = (many.now - timedelta(days=365)).date().isoformat()
        asked = question(many, QuestionParameters(grain="day", begin=since), KPIS[OTHER_KPIS["kpi_ages"]])
        what = f"age of the backlog by day, one year, {many.incidents:,} cases"
        figures.append(_timed(AGES_BY_DAY, what, await milliseconds(many, asked), None))
    if run.is_wanted(OF_TEAM):
        of_team = await milliseconds(
            many, question(many, QuestionParameters(filters={"team": (team_key(TEAM),)}))
        )
        what = f"KPI of one team, one year, {many.incidents:,} cases"
        figures.append(_timed(OF_TEAM, what, of_team, Threshold(50, 15, " ms", at_most=True)))
    if run.is_wanted(RAW):
        run.announce("The same KPI by its raw definition")
        slow = await _raw_milliseconds(many, by_month)
        ratio = slow / answered
        what = "KPI by month and priority, its raw definition / from facts"
        answering, times = f"{number(answered)} ms", f"{number(ratio)}×"
        figures.append(
            Figure(RAW, what, f"{number(slow)} ms", ratio, Threshold(10, 10, "×"), answering, times)
        )
    return figures


async def projection(many: LargeSite) -> Figure:
    """Measures making the facts of all incidents, beginning without any."""
    connection = await connect(many.site.url, FOLLOW_LIMITS)
    head = await (await connection.execute("select position from log.head")).fetchone()
    assert head is not None
    before_it = await floor.per_second(many.site, many.run.seconds)
    task = many.run.progress.add_task("Making the facts", total=head[0])
    began = time.perf_counter()
    while (span := await process_next_batch(connection, FACTS)) is not None:
        many.run.progress.update(task, completed=span.last)
    seconds = time.perf_counter() - began
    await connection.close()
    many.run.progress.remove_task(task)
    rate = head[0] / seconds
    what = f"projection of facts, whole history of {head[0]:,} events / b4"
    floors = before_it, await floor.per_second(many.site, many.run.seconds)
    return floor.rated(PROJECTION, what, rate, floors, Threshold(30_000, 100_000))


def question(many: LargeSite, parameters: QuestionParameters, kpi: Kpi = KPI) -> KpiQuestion:
    """Returns the question to the KPI, asked at the time at which the cases were made."""
    return parse_question(kpi, parameters, now=many.now, organisation_zone="UTC")


def _timed(name: str, what: str, milliseconds: float, needed: Threshold | None) -> Figure:
    return Figure(name, what, f"{number(milliseconds)} ms", milliseconds, needed)


async def milliseconds(many: LargeSite, kpi_question: KpiQuestion) -> float:
    """Returns the median time of the whole answer."""
    db = Database(many.site.url, 1)
    await db.open()
    took = []
    try:
        for _ in range(REPETITIONS):
            began = time.perf_counter()
            found = await answer(db, kpi_question, many.now)
            took.append(time.perf_counter() - began)
            assert sum(point.cases for point in found.points) > 0, "there is nothing to measure"
    finally:
        await db.close()
    return median(took) * 1000


async def _raw_milliseconds(many: LargeSite, question: KpiQuestion) -> float:
    """Returns the time of computing the same numbers from the raw events, without cases that are still
    open.
    """
    connection = await connect(many.site.url, RAW_LIMITS)
    try:
        async with connection.transaction(force_rollback=True):
            await connection.execute(BEGIN_SNAPSHOT.encode())
            await connection.execute(b"set local work_mem = '256MB'")
            began = time.perf_counter()
            await tables.make_tables(connection)
            head = await (await connection.execute("select position from log.head")).fetchone()
            assert head is not None
            known = {"position": head[0], "now": many.now, "currency": DEFAULT_CURRENCY}
            await Definitions(connection, [KPI], known).fill(
                tables.CASES, KPI, definitions.definition_names(KPI)
            )
            assert await aggregates.cells(connection, question.bounds, question.by)
            return (time.perf_counter() - began) * 1000
    finally:
        await connection.close()
