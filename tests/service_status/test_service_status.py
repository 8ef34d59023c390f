"""How services fare, as customers read it: nothing internal, and no incident that is somebody else's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.common.people import Role, rule_caller
from app.processes.changes.calendar.sentences import StatusSentences
from app.service_status.queries import service_status
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.processes.changes.samples import NIGHT, Board, a_board, span, window

PATH = "/v1/services/status"
SECRET = "The relay of the head office"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def board(api: Api) -> Board:
    keeper = await api.client("Ada", Role.service_level_manager)
    for key, live in (("mail", True), ("erp", True), ("telex", False)):
        names = {"key": key, "name_en": key.capitalize(), "name_zh": "服务"}
        await keeper.post_ok("/v1/services", {**names, "criticality": "high", "owner": "me"})
        if live:
            await keeper.post_ok(f"/v1/services/{key}/go_live")
    return await a_board(api)


async def statuses(client: Client, language: str = "en") -> dict[str, Json]:
    """How the services fare, by their keys."""
    answer = await client.get(PATH, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-language"] == language
    return {status["key"]: status for status in answer.json()["items"]}


async def reported(client: Client, effect: str, hours: float = 1, **more: Any) -> Json:
    """An incident that began so long ago."""
    fields = {
        "title": SECRET,
        "description": SECRET,
        "channel": "portal",
        "service": "mail",
        "effect": effect,
    }
    began_at = (NOW - timedelta(hours=hours)).isoformat()
    levels = {"impact": "1", "urgency": "2"}
    return await client.post_ok("/v1/incidents", {**fields, **levels, "began_at": began_at, **more})


async def test_services_that_are_live_work_as_usual_if_nothing_else_is_known(board: Board) -> None:
    requester = await board.api.client("Zhao")
    by_service = await statuses(requester)
    assert list(by_service) == ["erp", "mail"]
    mail = by_service["mail"]
    assert (mail["condition"], mail["condition_since"], mail["incident"], mail["planned"]) == (
        "operational",
        None,
        None,
        None,
    )
    assert (mail["label"], mail["message"]) == ("Operational", "The service works normally.")
    assert (await statuses(requester, "zh"))["mail"]["message"] == "运行正常。"


async def test_the_worst_effect_of_open_incidents_counts_since_it_began(board: Board) -> None:
    requester = await board.api.client("Zhao")
    await reported(board.agent, "none", 9)
    await reported(board.agent, "degraded", 8)
    assert (await statuses(requester))["mail"]["condition"] == "degraded"
    down = await reported(board.agent, "down", 2)
    await reported(board.agent, "down", 1)
    mail = (await statuses(requester))["mail"]
    assert (mail["condition"], mail["condition_since"]) == ("down", down["began_at"])
    assert mail["message"].startswith("The service has been down since ")
    assert (await statuses(requester))["erp"]["condition"] == "operational"
    assert "中断" in (await statuses(requester, "zh"))["mail"]["message"]


async def test_what_is_resolved_is_over(board: Board) -> None:
    path = f"/v1/incidents/{(await reported(board.agent, 'down'))['id']}"
    await board.agent.post_ok(f"{path}/assign", {"person": "me"})
    await board.agent.post_ok(f"{path}/acknowledge")
    await board.agent.post_ok(f"{path}/resolve", {"resolution_code": "fixed", "done": "Mended."})
    assert (await statuses(board.agent))["mail"]["condition"] == "operational"


async def test_where_service_was_restored_for_now_it_is_there_though_the_incident_is_open(
    board: Board,
) -> None:
    path = f"/v1/incidents/{(await reported(board.agent, 'degraded'))['id']}"
    await board.agent.post_ok(f"{path}/assign", {"team": "network"})
    await board.engineer.post_ok(f"{path}/acknowledge")
    await board.engineer.post_ok(f"{path}/assign", {"person": "me"})
    await board.engineer.post_ok(f"{path}/start")
    assert (await statuses(board.agent))["mail"]["condition"] == "degraded"
    contained = {"measure": "The other line.", "service_restored_at": NOW.isoformat()}
    await board.engineer.post_ok(f"{path}/contain", contained)
    assert (await statuses(board.agent))["mail"]["condition"] == "operational"


async def test_an_incident_is_named_to_those_who_may_see_it_and_nothing_of_it_to_others(board: Board) -> None:
    mine, other = await board.api.client("Zhao"), await board.api.client("Wang")
    incident = await reported(mine, "down")
    assert incident["effect_reported_at"] is not None
    assert (await statuses(mine))["mail"]["incident"] == incident["number"]
    assert (await statuses(board.agent))["mail"]["incident"] == incident["number"]
    answer = await other.get(PATH)
    assert answer.json()["items"][1]["condition"] == "reported"
    assert incident["number"] not in answer.text
    assert SECRET not in answer.text


async def test_the_next_maintenance_is_named_by_its_window_alone(board: Board) -> None:
    requester = await board.api.client("Zhao")
    await board.ci("srv-1")
    later = await board.scheduled(24, 26, cis=["srv-1"], title=SECRET)
    await board.scheduled(2, 4, cis=["srv-1"], title=SECRET, services=["erp", "mail"])
    answer = await requester.get(PATH)
    for status in answer.json()["items"]:
        planned = status["planned"]
        between = [datetime.fromisoformat(planned[name]) for name in ("from_at", "until_at")]
        assert between == [datetime.fromisoformat(instant) for instant in span(2, 4).values()]
        assert planned["message"].startswith(f"Maintenance is planned from {NIGHT.date()} ")
        assert status["condition"] == "operational"
    number = (await board.manager.read(later))["number"]
    assert SECRET not in answer.text
    assert number not in answer.text


async def test_a_service_is_under_maintenance_while_a_change_of_it_is_made(board: Board) -> None:
    requester = await board.api.client("Zhao")
    await board.ci("srv-1")
    path = await board.scheduled(0, 2, cis=["srv-1"])
    started = await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "The site is closed."})
    mail = (await statuses(requester))["mail"]
    assert (mail["condition"], mail["condition_since"]) == ("maintenance", started["started_at"])
    await reported(board.agent, "down")
    assert (await statuses(requester))["mail"]["condition"] == "down", "customers feel that more"
    await board.engineer.post_ok(f"{path}/complete", {"work_done": "All.", "tests_run": "A mail each way."})


async def test_maintenance_that_runs_is_not_called_planned_and_says_until_when(board: Board) -> None:
    path = await board.scheduled(2, 4, services=["mail"])
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "The site is closed."})
    words, caller = StatusSentences("en", ZoneInfo("UTC")), rule_caller("status")
    messages = {}
    for hours in (1, 3):
        services = await service_status(board.api.ledger, caller, words, NIGHT + timedelta(hours=hours))
        mail = next(service for service in services if service["key"] == "mail")
        messages[hours] = mail["planned"]["message"]
    assert messages[1].startswith("Maintenance is planned from ")
    assert messages[3].startswith("The service has been under maintenance since ")
    (change,) = (await board.engineer.read("/v1/changes/schedule", tz="UTC"))["items"]
    assert (messages[3], "The planned end is" in messages[3]) == (change["message"], True)


async def _down_now(board: Board) -> tuple[str, int]:
    """What the portal says of the service, and how many services need attention because they are down."""
    needed = (await board.agent.read("/v1/attention"))["items"]
    down = [condition for condition in needed if condition["code"] == "service_down"]
    return (await statuses(board.agent))["mail"]["condition"], len(down)


async def test_one_users_report_is_no_outage_until_staff_confirm_it(board: Board) -> None:
    zhao = await board.api.client("Zhao")
    path = f"/v1/incidents/{(await reported(zhao, 'down'))['number']}"
    assert await _down_now(board) == ("reported", 0)
    message = (await statuses(zhao))["mail"]["message"]
    assert message.startswith("An outage has been reported since ")
    await board.agent.post_ok(f"{path}/acknowledge")
    assert await _down_now(board) == ("reported", 0), "to have seen a report is not to confirm it"
    assert (await zhao.post(f"{path}/confirm_effect")).status_code == 403
    await board.agent.post_ok(f"{path}/confirm_effect")
    assert await _down_now(board) == ("down", 1)
    again = await board.agent.post(f"{path}/confirm_effect")
    assert (again.status_code, again.json()["code"]) == (409, "effect_is_known")


@pytest.mark.parametrize("effect", ["down", "degraded"])
async def test_what_staff_write_down_for_a_caller_is_a_report_as_the_callers_own(
    board: Board, effect: str
) -> None:
    zhao = await board.api.client("Zhao")
    incident = await reported(board.agent, effect, requester=zhao.id)
    assert (await statuses(zhao))["mail"]["condition"] == "reported"
    await board.agent.post_ok(f"/v1/incidents/{incident['id']}/confirm_effect")
    assert (await statuses(zhao))["mail"]["condition"] == effect
    await reported(board.agent, effect, service="erp")
    assert (await statuses(zhao))["erp"]["condition"] == effect, "what staff report themselves is known"


async def test_enough_different_users_confirm_an_outage(board: Board) -> None:
    worker = Worker(board.api.ledger)
    zhao, wang, li = [await board.api.client(name) for name in ("Zhao", "Wang", "Li")]
    incidents = [await reported(client, "down") for client in (zhao, zhao, wang)]
    duplicate = f"/v1/incidents/{incidents[2]['id']}/mark_duplicate"
    await board.agent.post_ok(duplicate, {"original": incidents[0]["id"]})
    await worker.work(datetime.now(UTC))
    assert await _down_now(board) == ("reported", 0), "two users, of whom one reported twice"
    await reported(li, "degraded")
    await worker.work(datetime.now(UTC))
    assert await _down_now(board) == ("reported", 0), "another effect"
    await reported(li, "down")
    await worker.work(datetime.now(UTC))
    assert await _down_now(board) == ("down", 1)


async def test_whoever_has_no_key_is_told_nothing(board: Board) -> None:
    assert (await board.api.with_token(None).get(PATH)).status_code == 401


async def test_sentences_have_the_times_of_the_zone_that_is_asked_for_or_the_readers(board: Board) -> None:
    path = await board.approved(services=["mail"])
    await board.manager.post_ok(f"{path}/schedule", window(1, 3))
    reader = await board.api.client("Zhao")
    messages = [
        (await reader.read(PATH, **parameters))["items"][-1]["planned"]["message"]
        for parameters in ({}, {"tz": "Asia/Shanghai"})
    ]
    assert [("Asia/Shanghai" in message, "09:00" in message) for message in messages] == [
        (False, False),
        (True, True),
    ]
    announced = (await reader.read("/v1/changes/schedule", tz="Asia/Shanghai"))["items"][0]["message"]
    assert "09:00" in announced
    refused = await reader.get(PATH, params={"tz": "Mars/Olympus"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_zone")
