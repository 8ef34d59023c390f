"""Two rules of scheduling stand in Python, for the refusal, and in SQL, for windows that are taken meanwhile.
If they differed, commands would be decided again until they give up.
"""

from __future__ import annotations

from itertools import product
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.foundation.cis.dependencies import needed_cis
from app.foundation.cis.records import RelationKind
from app.processes.changes.planning.bookings import NO_BOOKING, WRITE_CHANGE, WantedWindow, conflicts
from tests.processes.changes.samples import NIGHT, Board, at_hour, span

#: How a change holds an item: it touches the item, or needs it for another one.
ROLES = ("touches", "needs")


async def test_both_rules_of_what_an_item_needs_agree_for_every_kind_of_relation(board: Board) -> None:
    for kind in RelationKind:
        names = (f"{kind.value}-start", f"{kind.value}-end", f"{kind.value}-retired")
        start, end, retired = [UUID((await board.ci(name))["id"]) for name in names]
        await board.relate(names[0], kind.value, names[1])
        await board.relate(names[2], kind.value, names[1])
        await board.keeper.post_ok(f"/v1/cis/{names[2]}/retire")
        needed = {}
        for item in (start, end, retired):
            in_python = await needed_cis(board.api.ledger.db.rows, [item])
            rows = await board.api.ledger.db.rows("select schedule.needed_by(%s) as id", (item,))
            needed[item] = [row["id"] for row in rows]
            assert [*in_python.ids] == needed[item], (kind, item)
        assert sorted(map(len, (needed[start], needed[end]))) == [0, 1], "one end needs the other"


async def test_both_rules_of_what_conflicts_agree_for_every_pair_of_roles(
    board: Board, owner_url: str
) -> None:
    item = UUID((await board.ci("srv-1"))["id"])
    await board.template("restart")
    theirs, mine = [UUID((await board.standard("restart", "srv-1"))[-36:]) for _ in range(2)]
    hours = span(0, 2)
    window = {"from": hours["from_at"], "until": hours["until_at"]}
    in_the_way = set()
    for their_role, my_role in product(ROLES, ROLES):
        row = {**NO_BOOKING, **window, "id": str(theirs), their_role: [str(item)]}
        with psycopg.connect(owner_url) as owner:
            owner.execute(WRITE_CHANGE.encode(), (Jsonb(row),))
        held = {role: (item,) if role == my_role else () for role in ROLES}
        my_window = WantedWindow(
            change_id=mine,
            from_at=NIGHT,
            until_at=NIGHT.replace(hour=1),
            services=(),
            ci_classes=(),
            is_as_asked=True,
            **held,
        )
        conflict_ids = [conflict.id for conflict in await conflicts(board.api.ledger.db.rows, my_window)]
        assert conflict_ids in ([], [theirs])
        row = {**NO_BOOKING, "id": str(mine), "from": at_hour(0), "until": at_hour(1), "checked": True}
        with psycopg.connect(owner_url) as owner:
            if conflict_ids:
                in_the_way.add((their_role, my_role))
                with pytest.raises(psycopg.errors.ExclusionViolation):
                    owner.execute(WRITE_CHANGE.encode(), (Jsonb({**row, my_role: [str(item)]}),))
            else:
                owner.execute(WRITE_CHANGE.encode(), (Jsonb({**row, my_role: [str(item)]}),))
            owner.rollback()
    assert in_the_way == {*product(ROLES, ROLES)} - {("needs", "needs")}
