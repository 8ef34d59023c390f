"""Tasks, and promised updates, that are not there in time are flagged once, and somebody is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from app.log.canonical import instant
from tests.automation.test_flag_overdue_reviews import pass_time, told
from tests.automation.worker import by_rules
from tests.client import Api, Json, an_incident
from tests.extent import in_test_all
from tests.people import act, add_caller


def in_days(days: int) -> str:
    """The instant in so many days."""
    return instant(datetime.now(UTC) + timedelta(days=days))


async def test_a_task_is_flagged_once_for_each_time_by_which_it_was_due(api: Api) -> None:
    for team in ("desk", "network"):
        await api.team(team)
    await api.staffed_team("mail")
    lin = await api.client("Lin", Role.agent, teams=("desk",))
    emil = await api.client("Emil", Role.engineer, teams=("network",))
    zhao = await api.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    await lin.post_ok(f"{path}/assign", {"team": "desk", "person": "me"})
    stream = f"incident/{path.rpartition('/')[2]}"
    first, last = in_days(2), in_days(9)
    given: tuple[Json, ...] = (
        {"title": "Order a relay", "assignee": emil.id, "due_at": first},
        {"title": "Measure the line", "due_at": first},
        {"title": "Ask the vendor", "team": "mail", "due_at": last, "visibility": "public"},
        {"title": "Write it down", "assignee": emil.id, "due_at": last},
        {"title": "At some time", "assignee": emil.id},
    )
    for task in given:
        await lin.post_ok(f"{path}/add_task", task)

    async def tasks() -> dict[str, Json]:
        return {task["title"]: task for task in (await lin.read(f"{path}/tasks"))["items"]}

    async def flagged() -> list[tuple[str, str]]:
        titles = {task["id"]: title for title, task in (await tasks()).items()}
        flags = [
            event for event in await by_rules(api.ledger, stream) if event.type == "incident.task_overdue"
        ]
        assert {event.actor for event in flags} <= {"rule:flag_overdue_tasks"}
        return sorted((titles[event.payload["task"]], instant(event.occurred_at)) for event in flags)

    due_first = [("Measure the line", first), ("Order a relay", first)]
    written_down = (await tasks())["Write it down"]["id"]
    await lin.post_ok(f"{path}/complete_task", {"task": written_down, "outcome": "It is in the handbook."})
    for days in (3, 4):
        await pass_time(api, days=days)
        assert await flagged() == due_first
    assert (await tasks())["Order a relay"]["overdue_at"] == first
    assert (await told(emil, api)).count("task_overdue") == 1
    assert (await told(lin, api)).count("task_overdue") == 1, "whoever has the incident, of what is nobody's"
    assert "task_overdue" not in await told(zhao, api)
    refused = await lin.post(f"{path}/flag_task", json={"task": written_down})
    assert refused.status_code == 403


@in_test_all
async def test_a_time_that_is_moved_counts_anew_and_a_flag_of_before_is_gone(api: Api) -> None:
    await api.team("network")
    lin = await api.client("Lin", Role.agent, teams=("network",))
    path = f"/v1/incidents/{(await lin.post_ok('/v1/incidents', an_incident()))['id']}"
    stream = f"incident/{path.rpartition('/')[2]}"
    await lin.post_ok(f"{path}/add_task", {"title": "Order a relay", "assignee": "me", "due_at": in_days(2)})
    (task,) = (await lin.read(f"{path}/tasks"))["items"]
    later = in_days(5)
    await lin.post_ok(f"{path}/edit_task", {"task": task["id"], "due_at": later})
    await pass_time(api, days=3)
    assert await by_rules(api.ledger, stream) == []
    await pass_time(api, days=6)
    (flag,) = await by_rules(api.ledger, stream)
    assert (flag.type, instant(flag.occurred_at)) == ("incident.task_overdue", later)


@in_test_all
async def test_what_was_late_long_before_anybody_looked_is_flagged_and_tells_nobody(api: Api) -> None:
    await api.team("network")
    lin = await add_caller(api.ledger, "Lin", Role.agent, teams=("network",))
    emil = await api.client("Emil", Role.engineer, teams=("network",))
    actions, then = api.ledger.lifecycles["incident"], datetime.now(UTC) - timedelta(days=50)
    body = actions["report"].body.model_validate(an_incident())
    reported = await act(api.ledger, lin, "incident", "report", body=body, now=then)
    for title, days in (("Measure the line", 10), ("Order a relay", 30)):
        task = {"title": title, "assignee": emil.id, "due_at": instant(then + timedelta(days=days))}
        body = actions["add_task"].body.model_validate(task)
        await act(api.ledger, lin, "incident", "add_task", reported.record.id, body, now=then)
    await pass_time(api, days=1)
    tasks = (await emil.read(f"/v1/incidents/{reported.record.id}/tasks"))["items"]
    assert all(task["overdue_at"] for task in tasks)
    assert (await told(emil, api)).count("task_overdue") == 1, "the one of three weeks ago"


async def test_an_update_that_was_promised_is_flagged_once_until_there_is_one(api: Api) -> None:
    await api.team("network")
    manager = await api.client("Manager", Role.incident_manager, Role.agent, teams=("network",))
    commander = await api.client("Commander", Role.engineer, teams=("network",))
    zhao = await api.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    stream = f"incident/{path.rpartition('/')[2]}"
    await manager.post_ok(f"{path}/assign", {"team": "network"})
    await manager.post_ok(f"{path}/declare_major", {"commander": commander.id, "statement": "Mail is down."})
    promised = in_days(1)
    update = {"statement": "We have found the cause.", "next_update_due_at": promised}
    await manager.post_ok(f"{path}/post_update", update)
    await pass_time(api, days=2)
    flags = [event for event in await by_rules(api.ledger, stream) if event.type == "incident.update_overdue"]
    assert [(flag.actor, instant(flag.occurred_at)) for flag in flags] == [
        ("rule:flag_overdue_updates", promised)
    ]
    assert (await manager.read(path))["update_overdue_at"] == promised
    for client in (manager, commander):
        assert (await told(client, api)).count("update_overdue") == 1
    assert "update_overdue" not in await told(zhao, api)
    assert "update_overdue_at" not in {name for name, instant in (await zhao.read(path)).items() if instant}
