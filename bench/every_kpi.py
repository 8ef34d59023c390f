"""Benchmark of every KPI of the catalogue: by month and one dimension, and of one team in one year.

The cases that the large site lacks are inserted as facts, since only answering is measured here. A KPI that
no site has cases for is listed without a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from psycopg import AsyncClientCursor

from app.cli.server.serve import tune_garbage_collector
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Kpi
from app.kpis.facts.tables import TABLES
from app.kpis.questions.question import KpiQuestion, QuestionParameters
from app.platform.db import Database
from bench import clock_kpis, kpis
from bench.cases import DAYS, LargeSite, team_key
from bench.figures import Figure, Listing, Threshold, number
from bench.requests_and_problems import case_counts, need_facts

NAMES = (EACH, OF_TEAM) = ("kpi_each", "kpi_each_team")
SQL = Path(__file__).with_name("every_kpi.sql")
#: Each article has twenty visits and uses, and every second incident two clocks: as many as there are cases.
CASES_PER_ARTICLE, CASES_PER_CLOCKED = 20, 2
#: An organisation with a million cases has hundreds of these, and not a million.
SERVICES, AGREEMENTS = 200, 400
REPETITIONS = 3
COLUMNS = ("KPI", "by", "cases", "points", "ms")
NO_CASES = "no cases"


@dataclass(frozen=True)
class Answered:
    """A KPI with the question's dimension, the cases and points of its answer, and the median time; a KPI
    without cases was not timed.
    """

    key: str
    by: str
    cases: int
    points: int
    milliseconds: float

    @property
    def row(self) -> tuple[str, ...]:
        """The cells of the listing."""
        took = number(self.milliseconds) if self.cases else NO_CASES
        return (self.key, self.by, f"{self.cases:,}", f"{self.points:,}", took)


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the selected figures; the facts of the incidents are there."""
    if not many.run.is_wanted(*NAMES):
        return []
    for kind in case_counts(many):
        await need_facts(many, kind)
    await need_other_facts(many)
    await clock_kpis.fill(many, many.incidents, every=CASES_PER_CLOCKED)
    tune_garbage_collector()
    figures = []
    for name, what, ask, needed in (
        (EACH, "by month and one dimension, two years", by_month, Threshold(400, 100, " ms", at_most=True)),
        (OF_TEAM, "of one team, one year", of_team, Threshold(50, 15, " ms", at_most=True)),
    ):
        if many.run.is_wanted(name):
            many.run.announce(f"Answering every KPI {what}")
            figures.append(_slowest(name, what, await _answered(many, ask), needed))
    await many.owner.execute(clock_kpis.EMPTY)
    return figures


async def need_other_facts(many: LargeSite) -> None:
    """Makes the costs and other facts that the incidents lack, and those of articles, services, agreements
    and governance, unless they are there.
    """
    if SQL.stem in many.made:
        return
    many.run.announce("Making the facts of costs, articles, services and agreements")
    parameters = {
        "begin": many.now - timedelta(days=DAYS),
        "end": many.now,
        "articles": many.incidents // CASES_PER_ARTICLE,
        "services": SERVICES,
        "agreements": AGREEMENTS,
    }
    cursor = AsyncClientCursor(many.owner)  # several statements take no server-side parameters
    await cursor.execute(SQL.read_text(encoding="utf-8"), parameters)
    # All of their rows were updated: half of the tables and of their indexes is empty.
    await many.owner.execute(b"vacuum full kpi.incident_opened, kpi.incident_resolved")
    await many.owner.execute(f"vacuum analyze {TABLES}".encode())
    many.made.add(SQL.stem)


def by_month(many: LargeSite, kpi: Kpi) -> tuple[str, KpiQuestion]:
    """Returns the question by month and priority, or the KPI's first dimension, with the dimension."""
    begin = (many.now - timedelta(days=DAYS)).date().isoformat()
    by = [Dimension.priority] if Dimension.priority in kpi.dimensions else list(kpi.dimensions[:1])
    names = [one.value for one in by]
    return ", ".join(names) or "—", kpis.question(many, QuestionParameters(begin=begin, by=names), kpi)


def of_team(many: LargeSite, kpi: Kpi) -> tuple[str, KpiQuestion] | None:
    """Returns the question for one team, or one service if the KPI has no teams, with which of them; None
    for a KPI that has neither.
    """
    for dimension, value in (
        (Dimension.team, team_key(kpis.TEAM)),
        (Dimension.service, f"service-{kpis.TEAM}"),
    ):
        if dimension in kpi.dimensions:
            asked = QuestionParameters(filters={dimension.value: (value,)})
            return dimension.value, kpis.question(many, asked, kpi)
    return None


Ask = Callable[[LargeSite, Kpi], tuple[str, KpiQuestion] | None]


async def _answered(many: LargeSite, ask: Ask) -> list[Answered]:
    """Returns the answers to all KPIs that can be asked so, slowest first."""
    task = many.run.progress.add_task("Answering", total=len(KPIS))
    found = []
    db = Database(many.site.url, 1)
    await db.open()
    try:
        for kpi in KPIS.values():
            asked = ask(many, kpi)
            if asked is not None:
                found.append(await _timed(db, many, *asked))
            many.run.progress.update(task, advance=1)
    finally:
        await db.close()
    many.run.progress.remove_task(task)
    return sorted(found, key=lambda one: (one.cases > 0, one.milliseconds), reverse=True)


async def _timed(db: Database, many: LargeSite, by: str, kpi_question: KpiQuestion) -> Answered:
    took = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        found = await answer(db, kpi_question, many.now)
        took.append((time.perf_counter() - began) * 1000)
    cases = sum(point.cases for point in found.points)
    return Answered(kpi_question.kpi.key, by, cases, len(found.points), median(took))


def _slowest(name: str, what: str, answered: Sequence[Answered], needed: Threshold) -> Figure:
    slowest = answered[0]
    without = [one.key for one in answered if not one.cases]
    told = f"slowest of {len(answered)} KPIs {what}: {slowest.key}, {slowest.cases:,} cases"
    if without:
        told += f"; {NO_CASES}: {', '.join(without)}"
    listing = Listing(f"Every KPI {what}", COLUMNS, tuple(one.row for one in answered))
    took = slowest.milliseconds
    return Figure(name, told, f"{number(took)} ms", took, needed, listing=listing)
