"""`ledgerdesk rewrite-audiences`: access lists of an earlier version, mended by the owner."""

from __future__ import annotations

import json

import psycopg

from app.kernel.ledger import Ledger
from tests.cli.conftest import Run
from tests.conftest import DatabaseUrls
from tests.kernel.incidents import report
from tests.people import add_caller


async def test_lists_are_mended_kind_by_kind_and_once_only(
    run: Run, ledger: Ledger, place: DatabaseUrls
) -> None:
    incident = await report(ledger, await add_caller(ledger, "Zhao Min"))
    query = "select audience from log.stream_head where stream = %s"
    before = await ledger.db.value(query, (f"incident/{incident.id}",))
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute("update log.stream_head set audience = '{}' where kind = 'incident'")
    ended = run("rewrite-audiences", owner_url=place.owner_url)
    assert (ended.returncode, "incident: 1 of 1 corrected" in ended.stdout) == (0, True), ended.stderr
    assert await ledger.db.value(query, (f"incident/{incident.id}",)) == before
    again = json.loads(run("rewrite-audiences", "--json", owner_url=place.owner_url).stdout)
    assert again["rewritten"] == 0
    assert {"kind": "incident", "records": 1, "looked_at": 1, "rewritten": 0} in again["kinds"]


def test_it_wants_to_know_the_owner(run: Run) -> None:
    ended = run("rewrite-audiences", owner_url=None)
    assert (ended.returncode, "LEDGERDESK_OWNER_URL" in ended.stderr) == (2, True)
