"""What is measured on: incidents by the thousand that are as commands would have written them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

from app.kernel.histories.rebuild import compare
from app.kernel.ledger import Ledger
from app.platform.db import connect
from app.registry import LIFECYCLES
from bench.cases import LargeSite, add_organisation, make_cases
from bench.figures import Run
from bench.site import Site
from tests.extent import in_test_all


@in_test_all
async def test_made_incidents_are_the_fold_of_their_events(
    ledger: Ledger, administrator_url: str, tmp_path: Path
) -> None:
    owner = await connect(administrator_url, "-c timezone=UTC")
    await add_organisation(ledger, owner, words=100)
    run = Run(frozenset(), seconds=1, rounds=1, quick=True, progress=Progress(disable=True))
    many = LargeSite(run, Site(tmp_path), owner, datetime.now(UTC))
    await make_cases(many, 300)
    await make_cases(many, 400)
    comparison = await compare(owner, LIFECYCLES)
    await owner.close()

    assert comparison.differing == {}, comparison.examples
    made = await ledger.db.row(
        "select (select position from log.head) as head, (select count(*) from log.event) as events, "
        "(select count(*) from fold.incident) as incidents, "
        "(select count(distinct state) from fold.incident) as states"
    )
    assert made is not None
    assert made["head"] == made["events"] > 5 * 400
    assert made["incidents"] == 400
    assert made["states"] > 1
