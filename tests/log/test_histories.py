"""Rows of a history: the first of a table names the columns for all, also when it is not written itself."""

from __future__ import annotations

import pytest

from app.log.events import stream
from app.log.histories import History
from app.log.ids import uuid7
from app.platform.db import Connection
from tests.log.commands import NOW, a_row

ROWS = b"select key, lead_id is not null from fold.team order by key"


@pytest.mark.parametrize("stale", [frozenset(), frozenset({0}), frozenset({1}), frozenset({0, 1})])
async def test_a_row_keeps_what_only_it_has_whichever_rows_before_it_are_left_out(
    eyes: Connection, stale: frozenset[int]
) -> None:
    history = History("import:tests", "a-test")
    led = [True, False, False, True]
    for n, has_lead in enumerate(led):
        team_id = uuid7()
        name = stream("team", team_id)
        history.command()
        history.read(n, name, 1 if n in stale else 0)
        history.event(n, name, 1, "team.told", NOW, "import:tests", {"given": {}, "set": {}})
        history.row(n, *a_row(team_id, f"team-{n}", lead_id=str(uuid7()) if has_lead else None))
    history.close()
    assert (await history.append(eyes)).refused == stale
    rows = await (await eyes.execute(ROWS)).fetchall()
    assert rows == [(f"team-{n}", has_lead) for n, has_lead in enumerate(led) if n not in stale]
