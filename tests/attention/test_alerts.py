"""Alerts: whoever has what a sentence is about is told once when it comes true, and once when it is over."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.attention.alerts.codes import ALERTED, NOT_ALERTED
from app.attention.alerts.raise_attention_alerts import compare, raise_alerts
from app.attention.rules.roles import states_by_role
from app.common.people import Role
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from tests.attention.reading import read_attention
from tests.attention.true_conditions import MADE_TRUE, RESOLUTION, Scene, TrueCondition
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.selection import selected

ALERTS, ALERT_NUMBER = "/v1/attention_alerts", "ALR-"
STATEMENT = {"commander": "me", "statement": "We work on it."}


@pytest.fixture
async def scene(api: Api, follower: Connection, place: DatabaseUrls) -> Scene:
    """A place with two teams."""
    for team in ("net", "apps"):
        await api.team(team)
    return Scene(api, follower, place.owner_url)


async def a_round(scene: Scene, now: datetime | None = None) -> None:
    assert await raise_alerts(scene.follower, scene.ledger, now or datetime.now(UTC))


async def told(scene: Scene, client: Client, language: str = "en") -> list[str]:
    """What the client was told of alerts, in order: the sentences of their notices."""
    worker, now = Worker(scene.ledger), datetime.now(UTC)
    await worker.work(now)
    await worker.work(now + timedelta(seconds=61))
    answer = await client.get(
        "/v1/notices", params={"person": client.id}, headers={"Accept-Language": language}
    )
    # Of what happens within a minute one notice tells.
    notices = sorted(answer.json()["items"], key=lambda notice: notice["sent_at"])
    return [
        line for notice in notices for line in notice["text"].splitlines() if line.startswith(ALERT_NUMBER)
    ]


async def alerts_of(client: Client, code: str) -> list[Json]:
    """The alerts of that code that the client sees."""
    (rows,) = await client.pages(ALERTS, code=code)
    return rows


def test_every_code_is_told_or_says_why_not() -> None:
    assert not ALERTED.keys() & NOT_ALERTED.keys()
    untold = MADE_TRUE.keys() - ALERTED.keys() - NOT_ALERTED.keys()
    assert untold == {
        *("figures_differ", "not_reconciled"),
        *("decisions_wait", "tasks_wait", "complaints_wait", "actions_wait"),
        *("effect_confirmed", "kpi_better"),
    }


RAISED = selected("every code is raised", ALERTED, ALERTED.__getitem__)


@pytest.mark.parametrize("code", RAISED)
async def test_every_code_is_raised_by_its_condition_and_ended(scene: Scene, code: str) -> None:
    condition = await MADE_TRUE[code](scene)
    await a_round(scene, condition.now)
    auditor = await scene.api.client("Otto", Role.auditor)
    await a_round(scene, condition.now)
    (alert,) = await alerts_of(auditor, code)
    assert alert["state"] == "raised"
    assert alert["key"].startswith(f"{code}:") or alert["key"] == code
    assert alert["title_en"] != alert["title_zh"]
    await condition.undo()
    await a_round(scene, condition.now)
    await a_round(scene, condition.now)
    (ended,) = await alerts_of(auditor, code)
    assert (ended["id"], ended["state"]) == (alert["id"], "ended")


async def a_major(scene: Scene) -> tuple[TrueCondition, Client, Client]:
    """A major incident of the team `net`, a member of it and one of another."""
    manager = await scene.api.client("Mia", Role.incident_manager, Role.agent)
    owner = await scene.api.client("Nils", Role.agent, teams=("net",))
    other = await scene.api.client("Olga", Role.agent, teams=("apps",))
    incident = await manager.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await manager.post_ok(f"{path}/assign", {"team": "net"})
    await manager.post_ok(f"{path}/declare_major", STATEMENT)

    async def resolve() -> None:
        await manager.post_ok(f"{path}/assign", {"person": "me"})
        await manager.post_ok(f"{path}/acknowledge")
        await manager.post_ok(f"{path}/resolve", RESOLVED)

    return TrueCondition(manager, resolve), owner, other


async def test_the_owner_is_told_once_when_it_comes_true_and_once_when_it_is_over(scene: Scene) -> None:
    condition, owner, other = await a_major(scene)
    for _ in range(3):
        await a_round(scene)
    (item,) = [each for each in (await read_attention(owner))["items"] if each["code"] == "major_incident"]
    (alert,) = await alerts_of(owner, "major_incident")
    assert (alert["key"], alert["severity"], alert["person_ids"]) == (item["key"], "now", [owner.id])
    # In the reader's language, and as it was when it came true.
    (begun,) = await told(scene, owner)
    assert begun == f"{alert['number']} needs your attention: {alert['title_en']}"
    (begun_zh,) = await told(scene, owner, "zh")
    assert begun_zh == f"{alert['number']} 需要您关注：{alert['title_zh']}"
    await condition.undo()
    for _ in range(3):
        await a_round(scene)
    over = f"{alert['number']} no longer needs attention: {alert['title_en']}"
    assert await told(scene, owner) == [begun, over]
    # Nobody else is told, nor sees the alert.
    for client in (other, condition.reader):
        assert await told(scene, client) == []
        assert await alerts_of(client, "major_incident") == []
        assert (await client.get(f"{ALERTS}/{alert['id']}")).status_code == 404


@in_test_all
async def test_what_comes_true_again_is_told_again(scene: Scene) -> None:
    tool = await MADE_TRUE["deliveries_failed"](scene)
    await a_round(scene)
    await tool.undo()
    await a_round(scene)
    await scene.rows("update plumbing.webhook_delivery set state = 'failed' returning id")
    for _ in range(2):
        await a_round(scene)
    states = [alert["state"] for alert in await alerts_of(tool.reader, "deliveries_failed")]
    assert sorted(states) == ["ended", "raised"]
    assert len(await told(scene, tool.reader)) == 3


@in_test_all
async def test_who_has_put_it_aside_is_told_neither_of_it_nor_of_its_end(scene: Scene) -> None:
    condition, owner, _ = await a_major(scene)
    second = await scene.api.client("Nora", Role.agent, teams=("net",))
    third = await scene.api.client("Nick", Role.agent, teams=("net",))
    (item,) = [each for each in (await read_attention(owner))["items"] if each["code"] == "major_incident"]
    aside = f"/v1/attention/asides/{item['key']}"
    later = {"until_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    assert (await owner.put(aside, json=later)).status_code == 200
    await a_round(scene)
    assert (await second.put(aside, json=later)).status_code == 200
    await condition.undo()
    await a_round(scene)
    assert [len(await told(scene, client)) for client in (owner, second, third)] == [0, 1, 2]


async def test_who_has_it_but_may_not_read_it_is_not_told_and_who_answers_for_it_is(scene: Scene) -> None:
    """A team that has missed a target whose figures its members may not see."""
    api = scene.api
    member = await api.client("Nils", Role.agent, teams=("net",))
    manager = await api.client("Mia", Role.incident_manager)
    scoped = await api.client("Pam", Role.problem_manager)
    team = await scene.ledger.db.value("select id from fold.team where key = 'net'")
    await scene.judged(RESOLUTION, running=False, met=False)
    await scene.rows("update plumbing.judged_period set team_id = %s, cases = 20 returning kpi", (team,))
    await a_round(scene)
    assert [len(await told(scene, client)) for client in (member, manager, scoped)] == [0, 1, 0]


async def test_who_is_told_of_it_already_is_not_told_twice(scene: Scene) -> None:
    signal = await MADE_TRUE["kpi_worse"](scene)
    owner = await scene.api.client("Mia", Role.incident_manager)
    await a_round(scene)
    assert await told(scene, signal.reader) == []
    assert len(await told(scene, owner)) == 1


@in_test_all
async def test_what_turns_into_worse_is_told_as_that_and_not_as_over(scene: Scene) -> None:
    budget = await MADE_TRUE["service_budget"](scene)
    await a_round(scene, budget.now)
    await scene.rows("update plumbing.judged_period set value = 0.95 returning kpi")
    await a_round(scene, budget.now)
    auditor = await scene.api.client("Otto", Role.auditor)
    (burnt,), (spent,) = [
        await alerts_of(auditor, code) for code in ("service_budget", "service_budget_spent")
    ]
    assert (burnt["state"], spent["state"]) == ("ended", "raised")
    first, second = await told(scene, budget.reader)
    assert "needs your attention" in first
    assert "needs your attention" in second


async def test_what_is_said_of_figures_waits_on_a_new_day_until_they_are_judged(scene: Scene) -> None:
    missed = await MADE_TRUE["target_missed"](scene)
    await scene.rows(
        "insert into plumbing.longest_usual (kind, seconds, cases, judged_at, position) "
        "values ('incident', null, 1, now() - interval '25 hours', 1) returning kind"
    )
    await a_round(scene)
    auditor = await scene.api.client("Otto", Role.auditor)
    assert await alerts_of(auditor, "target_missed") == []
    await scene.rows("update plumbing.longest_usual set judged_at = now() returning kind")
    await a_round(scene)
    await scene.rows(
        "update plumbing.longest_usual set judged_at = now() - interval '25 hours' returning kind"
    )
    await missed.undo()
    await a_round(scene)
    assert [alert["state"] for alert in await alerts_of(auditor, "target_missed")] == ["raised"]


async def test_two_workers_at_once_tell_once(scene: Scene) -> None:
    condition, owner, _ = await a_major(scene)
    second = await connect(scene.ledger.db.url, FOLLOW_LIMITS)
    now = datetime.now(UTC)
    try:
        for step in (None, condition.undo):
            if step is not None:
                await step()
            workers = (scene.follower, second)
            await asyncio.gather(*(raise_alerts(each, scene.ledger, now) for each in workers))
            # As if the lock were lost: the log takes each step once.
            await asyncio.gather(*(compare(each, scene.ledger, now) for each in workers))
    finally:
        await second.close()
    assert [alert["state"] for alert in await alerts_of(owner, "major_incident")] == ["ended"]
    assert len(await told(scene, owner)) == 2


async def test_administrators_are_told_when_the_last_holder_of_any_role_with_steps_of_its_own_leaves(
    scene: Scene,
) -> None:
    admin = await scene.api.client("Ada", Role.admin)
    roles = sorted(states_by_role(scene.ledger.lifecycles.values()))
    holders = {role: await scene.api.client(f"Holder {n}", role) for n, role in enumerate(roles)}
    await a_round(scene)
    assert await told(scene, admin) == []
    for holder in holders.values():
        await admin.post_ok(f"/v1/persons/{holder.id}/deactivate")
    await a_round(scene)
    lines = await told(scene, admin)
    for role in roles:
        assert any(f"Nobody holds the role {role.label('en')} any more" in line for line in lines), role
