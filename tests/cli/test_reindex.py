"""`ledgerdesk reindex`: the index of full-text search, made anew."""

from __future__ import annotations

import psycopg

from app.kernel.ledger import Ledger
from app.log import read
from tests.cli.conftest import Run
from tests.conftest import DatabaseUrls
from tests.kernel.incidents import report
from tests.people import add_caller


async def test_the_index_is_made_anew_whatever_has_become_of_it(
    run: Run, ledger: Ledger, place: DatabaseUrls
) -> None:
    incident = await report(ledger, await add_caller(ledger, "Zhao Min"), description="收不到邮件")
    head = await read.head(ledger.db)
    query = "select id, tokens::text, person_keys from search.record order by id"
    assert f"position {head}." in run("reindex").stdout
    indexed = await ledger.db.rows(query)
    assert {row["id"] for row in indexed} == {incident.id, incident.requester_id}, "with whom it is of"
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute("update search.record set tokens = 'nonsense'")
    assert run("reindex").returncode == 0
    assert await ledger.db.rows(query) == indexed
