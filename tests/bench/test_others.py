"""What requests, problems and clocks are measured on: rows and facts that fit, and answer something."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

from app.kernel.ledger import Ledger
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.kpis.facts.tables import PROCESSES
from app.kpis.questions.question import QuestionParameters
from app.log.follow import catch_up
from app.platform.db import connect
from bench import clock_kpis, floor, kpis
from bench.cases import LargeSite, add_organisation, make_cases
from bench.figures import Run
from bench.requests_and_problems import make_facts, make_rows
from bench.site import Site
from tests.extent import in_test_all

COUNT = 300
# Problems are linked to the first thousand.
INCIDENTS = 1_001


@in_test_all
async def test_made_requests_problems_and_clocks_fit_their_tables_and_are_counted(
    ledger: Ledger, administrator_url: str, tmp_path: Path
) -> None:
    owner = await connect(administrator_url, "-c timezone=UTC")
    await add_organisation(ledger, owner, words=100)
    run = Run(frozenset(), seconds=1, rounds=1, quick=True, progress=Progress(disable=True))
    many = LargeSite(run, Site(tmp_path), owner, datetime.now(UTC))
    await make_cases(many, INCIDENTS)
    for _ in range(2):  # before the facts are made, and after
        floor.prepare(administrator_url)
    await catch_up(owner, FACTS)
    for kind in ("request", "problem"):
        await make_facts(many, kind, COUNT)
        await make_rows(many, kind, COUNT)
    for kind in ("request", "problem"):
        for table in (f"fold.{kind}", *(f"kpi.{one.name}" for one in PROCESSES[kind])):
            row = await ledger.db.row(f"select count(*) as rows from {table}")
            assert row is not None
            assert row["rows"] >= COUNT, table
    assert await clock_kpis.fill(many) == 2 * INCIDENTS
    await owner.close()
    for kpi in KPIS.values():
        if kpi.process in ("request", "problem") or kpi.is_of_clocks:
            found = await answer(ledger.db, kpis.question(many, QuestionParameters(), kpi), many.now)
            assert sum(point.cases for point in found.points) > 0, kpi.key
