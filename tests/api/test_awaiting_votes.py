"""What awaits somebody's vote stands in their work, of every kind of record, and is found by its index."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

from app.common.people import Caller, Role
from app.kernel.ledger import Ledger
from app.ticketing.work.work_statements import work_statement_for
from tests.client import Api, Client, Json, add_key
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.meetings.test_meetings import a_meeting, begun

MANY = 100_000
SOON, LATER = "2199-01-01T00:00:00Z", "2199-06-01T00:00:00Z"


async def awaited(client: Client) -> list[Json]:
    """What waits for their vote."""
    votes: list[Json] = (await client.read("/v1/me/work"))["votes"]
    return votes


async def ask(by: Client, path: str, **more: Any) -> str:
    """The id of a question that is put."""
    body = {"question": "Shall we go on?", "due_at": LATER, **more}
    await by.post_ok(f"{path}/ask_decision", body)
    return str((await by.read(f"{path}/decisions"))["items"][-1]["id"])


async def test_what_is_due_first_comes_first_until_one_has_voted_or_it_is_over(api: Api) -> None:
    ada, wang = await api.client("Ada", Role.agent), await api.client("王芳")
    meeting = await ada.post_ok("/v1/meetings", a_meeting(**begun(), persons=[wang.id]))
    path = f"/v1/meetings/{meeting['id']}"
    later = await ask(ada, path)
    first = await ask(ada, path, due_at=SOON)
    (one, other) = await awaited(wang)
    assert one == {
        "decision": first,
        "question": "Shall we go on?",
        "decision_kind": None,
        "asked_by": {"id": ada.id, "name": "Ada"},
        "asked_at": one["asked_at"],
        "opens_at": None,
        "due_at": SOON.replace("Z", ".000000Z"),
        "instead_of": None,
        "action": "vote",
        "kind": "meeting",
        "ticket": meeting["id"],
        "number": meeting["number"],
        "ticket_title": meeting["title"],
    }
    assert (other["decision"], other["action"]) == (later, "vote")
    assert [vote["action"] for vote in await awaited(ada)] == ["vote", "vote"]
    assert await awaited(await api.client("Emil", Role.admin)) == []
    await wang.post_ok(f"{path}/vote", {"decision": later, "verdict": "approve"})
    assert [vote["decision"] for vote in await awaited(wang)] == [first]
    await ada.post_ok(f"{path}/withdraw_decision", {"decision": first, "reason": "It is settled."})
    assert await awaited(wang) == []
    assert [vote["decision"] for vote in await awaited(ada)] == [later]


async def test_a_key_that_cannot_cast_a_vote_does_not_list_it(api: Api) -> None:
    ada, wang = await api.client("Ada", Role.agent), await api.client("王芳", Role.agent, Role.engineer)
    meeting = await ada.post_ok("/v1/meetings", a_meeting(**begun(), persons=[wang.id]))
    path = f"/v1/meetings/{meeting['id']}"
    decision = await ask(ada, path)
    narrow = api.with_token(await add_key(api.ledger, UUID(wang.id), Role.agent), UUID(wang.id))
    refused = await narrow.post(f"{path}/vote", json={"decision": decision, "verdict": "approve"})
    assert (refused.status_code, await awaited(narrow)) == (403, [])
    assert [vote["decision"] for vote in await awaited(await api.whole(wang))] == [decision]


async def test_what_minutes_give_somebody_to_do_is_among_their_tasks(api: Api) -> None:
    ada, wang = await api.client("Ada", Role.agent), await api.client("王芳")
    meeting = await ada.post_ok("/v1/meetings", a_meeting(persons=[wang.id], **begun()))
    path = f"/v1/meetings/{meeting['id']}"
    await ada.post_ok(f"{path}/hold", {"attended": ["me"]})
    task = {"title": "Ask for a date", "assignee": wang.id, "due_at": SOON}
    await ada.post_ok(f"{path}/minute", {"minutes": "五月更换中继。", "tasks": [task]})
    (to_do,) = (await wang.read("/v1/me/work"))["tasks"]
    assert (to_do["title"], to_do["number"], to_do["kind"]) == (task["title"], meeting["number"], "meeting")


ASKED = """
with asked as (
  insert into fold.decision (id, version, changed_at, record, state, question, rule, quorum, asked_at, due_at)
  select gen_random_uuid(), 1, now(), 'request/' || gen_random_uuid(), 'open', 'Shall we?', 'majority', 1,
    now(), now() from generate_series(1, %(many)s)
  returning id, record
)
insert into fold.vote (id, version, changed_at, record, decision_id, person_id, asked_at, due_at, verdict)
select gen_random_uuid(), 1, now(), record, id, (%(persons)s::uuid[])[1 + n %% 200], now(),
  now() + n * interval '1 s', case when n %% 3 > 0 then 'approve' end
from (select id, record, row_number() over () as n from asked) as a"""


@in_test_all
async def test_among_a_hundred_thousand_votes_only_those_are_read_that_are_awaited(
    ledger: Ledger, place: DatabaseUrls
) -> None:
    persons = [UUID(int=n + 1_000) for n in range(200)]
    caller = Caller(f"person:{persons[7]}", persons[7])
    work = work_statement_for(caller, tuple(ledger.lifecycles.values()), ledger.settings.agents_see)
    query, parameters = work.statement, {**work.parameters, "now": datetime.now(UTC)}
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute(ASKED, {"many": MANY, "persons": persons})
        await owner.execute("vacuum analyze fold.vote")
        await owner.execute("vacuum analyze fold.decision")
        cursor = owner.cursor(row_factory=tuple_row)
        await cursor.execute(
            f"explain (analyze, costs off, timing off, summary off) {query}".encode(), parameters
        )
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    assert "using vote_awaited" in plan, plan
    assert "Seq Scan on vote" not in plan, plan
    assert "Seq Scan on decision" not in plan, plan
