"""What is known of an error is shown with incidents that it may be behind."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from app.common.people import Role
from app.processes.problems.queries import known_errors_query
from app.processes.problems.recurrence import AFTER_CURSOR, COUNTED_INCIDENTS
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.processes.problems.samples import CAUSE, WORKAROUND, a_problem, incidents


async def known(api: Api, **fields: Any) -> tuple[Client, Json]:
    """An engineer of a team, and a known error there."""
    engineer = await api.client("Tomasz", Role.engineer, Role.problem_manager, teams=("network",))
    visibility = fields.pop("workaround_visibility", "internal")
    problem = await engineer.post_ok("/v1/problems", a_problem(**fields))
    path = f"/v1/problems/{problem['id']}"
    await engineer.post_ok(f"{path}/investigate", {"team": "network", "assignee": engineer.id})
    await engineer.post_ok(f"{path}/document_workaround", {**WORKAROUND, "workaround_visibility": visibility})
    return engineer, await engineer.read(path)


async def shown(client: Client, incident: Json) -> list[Json]:
    items: list[Json] = (await client.read(f"/v1/incidents/{incident['id']}/known_errors"))["items"]
    return items


@pytest.fixture(autouse=True)
async def team(api: Api) -> None:
    await api.team("network")


async def test_a_workaround_is_shown_with_an_incident_to_whom_it_is_for(api: Api) -> None:
    user = await api.client("Zhao")
    agent = await api.client("Lin", Role.agent)
    (incident,) = await incidents(user, 1, service="mail")
    _, internal = await known(api)
    assert await shown(user, incident) == []
    (known_error,) = await shown(agent, incident)
    assert known_error == {
        "id": internal["id"],
        "number": internal["number"],
        "title": internal["title"],
        "state": "known_error",
        **WORKAROUND,
        "because": ["service"],
    }
    _, public = await known(api, workaround_visibility="public", title="The relay is slow")
    (for_user,) = await shown(user, incident)
    assert (for_user["number"], for_user["title"]) == (public["number"], None)
    assert for_user["workaround"] == WORKAROUND["workaround"]
    stranger = await api.client("Somebody")
    assert (await stranger.get(f"/v1/incidents/{incident['id']}/known_errors")).status_code == 404


async def test_a_workaround_is_drafted_as_an_article_by_the_same_command_and_once(api: Api) -> None:
    engineer, problem = await known(api, workaround_visibility="public")
    article = await engineer.read(f"/v1/articles/{problem['article_id']}")
    assert (article["state"], article["language"], article["visibility"]) == ("draft", "en", "public")
    assert (article["title"], article["services"]) == (problem["title"], ["mail"])
    assert (article["symptoms"], article["answer"]) == (WORKAROUND["symptoms"], WORKAROUND["workaround"])
    assert (article["case"], article["author"]["id"]) == (f"problem/{problem['id']}", engineer.id)
    of_both = "select count(distinct correlation_id) as commands, count(*) as events from log.event"
    of_both += " where type in ('problem.workaround_documented', 'article.drafted')"
    (row,) = await api.ledger.db.rows(of_both, ())
    assert (row["commands"], row["events"]) == (1, 2)
    path = f"/v1/problems/{problem['id']}"
    await engineer.post_ok(f"{path}/identify_cause", CAUSE)
    await engineer.post_ok(f"{path}/begin_fix", {"no_change_reason": "A setting."})
    await engineer.post_ok(f"{path}/resolve", {"prevention": "It is watched."})
    (incident,) = await incidents(engineer, 1, service="mail")
    await engineer.post_ok(f"{path}/reopen", {"incident": incident["id"]})
    again = await engineer.post_ok(f"{path}/document_workaround", {**WORKAROUND, "workaround": "Wait."})
    assert (again["article_id"], again["workaround"]) == (article["id"], "Wait.")
    assert len((await engineer.read("/v1/articles"))["items"]) == 1


async def test_what_is_written_in_chinese_becomes_a_chinese_article(api: Api) -> None:
    engineer = await api.client("林晓雨", Role.engineer, Role.problem_manager, teams=("network",))
    body = {"symptoms": "半夜的邮件丢失。", "workaround": "早上重发。"}
    languages = []
    for more in ({}, {"language": "en"}):
        problem = await engineer.post_ok("/v1/problems", a_problem())
        path = f"/v1/problems/{problem['id']}"
        await engineer.post_ok(f"{path}/investigate", {"team": "network", "assignee": engineer.id})
        record = await engineer.post_ok(f"{path}/document_workaround", {**body, **more})
        languages.append((await engineer.read(f"/v1/articles/{record['article_id']}"))["language"])
    assert languages == ["zh", "en"]


async def test_the_likeliest_comes_first_and_says_why(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    _, of_service = await known(api)
    _, of_ci = await known(api, service=None, ci="mx-1", category="e-mail")
    await known(api, service="vpn")
    (incident,) = await incidents(agent, 1, service="mail", ci="mx-1", category="e-mail")
    known_errors = await shown(agent, incident)
    assert [(item["number"], item["because"]) for item in known_errors] == [
        (of_ci["number"], ["ci", "category"]),
        (of_service["number"], ["service"]),
    ]
    (other,) = await incidents(agent, 1)
    assert await shown(agent, other) == []


async def test_it_is_shown_as_long_as_it_is_open_and_as_it_reads_now(api: Api) -> None:
    engineer, problem = await known(api)
    (incident,) = await incidents(engineer, 1, service="mail")
    path = f"/v1/problems/{problem['id']}"
    await engineer.patch(path, json={"workaround": "Wait."}, headers={"If-Match": "*"})
    (known_error,) = await shown(engineer, incident)
    assert known_error["workaround"] == "Wait."
    await engineer.post_ok(f"{path}/identify_cause", CAUSE)
    await engineer.post_ok(f"{path}/begin_fix", {"no_change_reason": "A setting."})
    assert len(await shown(engineer, incident)) == 1
    await engineer.post_ok(f"{path}/resolve", {"prevention": "It is watched."})
    assert await shown(engineer, incident) == []


MANY = """
insert into fold.incident
  (id, version, changed_at, number, state, state_since, service, ci, category, opened_at)
select gen_random_uuid(), 1, at, 'INC-2020-' || 1000000 + n, 'closed', at, 'service-' || n % 50,
  'ci-' || n % 2000, 'category-' || n % 30, at
from generate_series(1, 50000) as n,
  lateral (select timestamptz '2026-01-01' + n * interval '1 minute') as t (at);
insert into fold.problem
  (id, version, changed_at, number, state, state_since, service, ci, category, opened_at,
   workaround_documented_at, workaround_visibility)
select gen_random_uuid(), 1, at, 'PRB-2020-' || 1000000 + n,
  case when n % 20 = 0 then 'known_error' else 'closed' end, at, 'service-' || n % 50,
  'ci-' || n % 2000, 'category-' || n % 30, at, at, 'public'
from generate_series(1, 20000) as n,
  lateral (select timestamptz '2026-01-01' + n * interval '1 minute') as t (at);
insert into fold.link (id, version, changed_at, record, link_id, kind, other, linked_at)
select gen_random_uuid(), 1, now(), 'incident/' || gen_random_uuid(), gen_random_uuid(), 'relates_to',
  'incident/' || gen_random_uuid(), now()
from generate_series(1, 20000);
analyze fold.link;
analyze fold.incident;
analyze fold.problem;
"""


@in_test_all
async def test_neither_what_is_known_nor_what_recurs_is_found_by_going_through_all(
    api: Api, place: DatabaseUrls
) -> None:
    with psycopg.connect(place.owner_url) as owner:
        owner.execute(MANY.encode())
    body = {"service": "service-7", "ci": "ci-7", "category": "category-7"}
    queries: list[tuple[str, dict[str, Any]]] = [
        (known_errors_query(body, for_staff=for_staff), body) for for_staff in (True, False)
    ]
    for dimension, value in body.items():
        more = {"value": value, "since": "2026-01-20T00:00:00Z", "limit": 3}
        queries.append((COUNTED_INCIDENTS.format(dimension=dimension, behind=""), more))
        page = {"opened_at": "2026-01-25T00:00:00Z", "id": "019a0000-0000-7000-8000-000000000000"}
        queries.append((COUNTED_INCIDENTS.format(dimension=dimension, behind=AFTER_CURSOR), more | page))
    for query, parameters in queries:
        explained = f"explain (analyze, buffers, timing off, format json) {query}"
        (plan,) = await api.ledger.db.value(explained, parameters)
        assert "'Seq Scan'" not in str(plan), query
        blocks = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        assert blocks < 600, (blocks, query)
