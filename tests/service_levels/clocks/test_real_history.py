"""The published ServiceNow log under one agreement: every clock of every case is what an independent script
says, whether the agreement was there before the history or came after it.
"""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import answer
from app.kpis.catalogue import KPIS, service_levels
from app.kpis.facts.consumer import FACTS
from app.kpis.questions.question import QuestionParameters, parse_question
from app.kpis.reconcile import reconcile
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, Database, connect
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.conftest import RealHistory
from tests.exchange.servicenow_files import WHOLE, import_file
from tests.extent import in_soak, in_test_all
from tests.service_levels.clocks import attainment_script as script
from tests.service_levels.clocks.agreements import add_calendar, sign, target

pytestmark = in_test_all

CASES = 24_918
FIRST_CASES = 900
ROWS = """
select x.key as number, c.metric, c.state, c.elapsed_seconds, c.due_at, c.breached_at, c.stopped_at
from sla.clock c join fold.external_reference x on x.record = 'incident/' || c.case_id"""


async def agree(ledger: Ledger) -> None:
    """The agreement that the script knows, too."""
    closed = [{"date": day.isoformat(), "name_en": "Closed"} for day in sorted(script.CLOSED_ON)]
    await add_calendar(ledger, "office", "Europe/Berlin", "08:00", "18:00", holidays=closed)
    mend: dict[str, Any] = {"process": "incident", "pause_reasons": ["awaiting_requester", "awaiting_vendor"]}
    await sign(
        ledger,
        target("answer", "response", script.RESPONSE, process="incident"),
        target("mend", "resolution", script.OTHERS, **mend),
        *(
            target(f"mend{n}", "resolution", allowed, priority=f"P{n}", **mend)
            for n, allowed in script.RESOLUTION.items()
        ),
    )


async def attainment(db: Database, metric: str) -> dict[str, tuple[int, int]]:
    """By month, what the KPI says: how many were met, and of how many."""
    now = datetime.now(UTC)
    question_parameters = QuestionParameters(
        grain="month", begin="2016-01-01", end="2018-01-01", filters={"metric": [metric]}
    )
    parameters = parse_question(KPIS["sla_attainment"], question_parameters, now=now, organisation_zone="UTC")
    points = (await answer(db, parameters, now)).points
    return {
        f"{point.begin:%Y-%m}": (point.numerator or 0, point.denominator or 0)
        for point in points
        if point.cases
    }


async def the_script_agrees(ledger: Ledger, connection: Connection, path: Path, cases: int) -> None:
    """Every clock, to the second; and attainment by month."""
    await catch_up(connection, FACTS)
    result = script.clocks(path)
    assert len(result) == cases
    rows = await ledger.db.rows(ROWS)
    assert len(rows) == 2 * cases
    differing = [
        (row["number"], row["metric"], scripted, here)
        for row in rows
        if (scripted := result[row["number"]][row["metric"]])
        != (
            here := script.Answer(
                row["state"], row["elapsed_seconds"], row["due_at"], row["breached_at"], row["stopped_at"]
            )
        )
    ]
    assert differing == []
    for metric in ("response", "resolution"):
        assert await attainment(ledger.db, metric) == script.attainment(result, metric)


async def _behind(ledger: Ledger, path: Path, cases: int) -> None:
    """The history is there, and its facts; then the agreement comes."""
    async with await connect(ledger.db.url, FOLLOW_LIMITS) as connection:
        await catch_up(connection, FACTS)
        await agree(ledger)
        await the_script_agrees(ledger, connection, path, cases)
    clock_count = await ledger.db.value("select count(*) from log.stream_head where kind = 'clock'")
    assert clock_count == 0  # it happened elsewhere
    row = await ledger.db.row("select * from sla.recomputation")
    assert row is not None
    assert (row["number"], row["finished_at"] is not None) == (cases, True)


@in_test_all
async def test_an_agreement_signed_behind_the_history_measures_every_case(
    real_history: RealHistory, settings: Settings, real_data: Path
) -> None:
    url, secrets = real_history.place.url, real_history.secrets_dir
    async with ledgers.open_ledger(url, secrets, LIFECYCLES_BY_KIND, settings) as ledger:
        await _behind(ledger, real_data / WHOLE, CASES)


async def test_an_agreement_signed_behind_the_first_cases_of_the_history_measures_them(
    ledger: Ledger, real_data: Path, tmp_path: Path
) -> None:
    path = first_cases(real_data, tmp_path)
    await import_file(ledger, path)
    await _behind(ledger, path, FIRST_CASES)


async def _before(ledger: Ledger, path: Path, cases: int) -> None:
    await agree(ledger)
    await import_file(ledger, path)
    async with await connect(ledger.db.url, FOLLOW_LIMITS) as connection:
        await the_script_agrees(ledger, connection, path, cases)


@in_soak
async def test_an_agreement_signed_before_the_history_measures_every_case(
    ledger: Ledger, real_data: Path
) -> None:
    await _before(ledger, real_data / WHOLE, CASES)
    keys = [kpi.key for kpi in service_levels.KPIS]
    report = await reconcile(ledger.db.url, zone=script.BERLIN, now=datetime.now(UTC), keys=keys)
    assert report.differences == []


async def test_an_agreement_signed_before_measures_the_first_cases_of_the_history(
    ledger: Ledger, real_data: Path, tmp_path: Path
) -> None:
    await _before(ledger, first_cases(real_data, tmp_path), FIRST_CASES)


def first_cases(real_data: Path, folder: Path) -> Path:
    """The rows of the first cases of the whole, each to its end."""
    path = folder / "first.csv.gz"
    with gzip.open(real_data / WHOLE, "rt", encoding="utf-8") as history:
        heading, *rows = islice(csv.reader(history), 20 * FIRST_CASES)
    cases = [list(result) for _, result in groupby(rows, key=itemgetter(0))][:FIRST_CASES]
    with gzip.open(path, "wt", encoding="utf-8", newline="") as first:
        csv.writer(first).writerows([heading, *(row for case in cases for row in case)])
    return path
