"""What every KPI and effects are measured on: each KPI has cases, and is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.progress import Progress

from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import connect
from bench import effects, every_kpi
from bench.cases import LargeSite, add_organisation, make_cases
from bench.figures import Figure, Run, listings
from bench.site import Site
from tests.extent import WHOLE, in_test_all

INCIDENTS = 2_000


@in_test_all
async def test_every_kpi_has_cases_and_is_listed_with_its_time(
    ledger: Ledger, administrator_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await connect(administrator_url, "-c timezone=UTC")
    await add_organisation(ledger, owner, words=100)
    wanted = frozenset([*every_kpi.NAMES, *effects.NAMES])
    run = Run(wanted, seconds=1, rounds=1, quick=True, progress=Progress(disable=True))
    monkeypatch.setattr(Site, "url", administrator_url)
    if not WHOLE:  # a time is not looked at here
        for measured in (every_kpi, effects):
            monkeypatch.setattr(measured, "REPETITIONS", 1)
    many = LargeSite(run, Site(tmp_path), owner, datetime.now(UTC))
    await make_cases(many, INCIDENTS)
    await catch_up(owner, FACTS)
    figures = [*await every_kpi.measure(many), *await effects.measure(many)]
    await owner.close()

    assert [one.name for one in figures] == [*every_kpi.NAMES, *effects.NAMES]
    each, of_team, effect, _ = figures
    assert every_kpi.NO_CASES not in each.what
    assert sorted(keys(each)) == sorted(KPIS)
    assert set(keys(of_team)) < set(KPIS)
    assert keys(effect) == [key for key, _ in effects.MEASURED]
    assert len(listings(figures)) == 3


def keys(figure: Figure) -> list[str]:
    """Return the keys of the KPIs in the figure's listing."""
    assert figure.listing is not None
    return [row[0] for row in figure.listing.rows]
