"""Whoever asked for a ticket rates it, and complains; a complaint is answered by somebody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.common.people import Caller, Role
from app.kernel.actions.refusals import ActionUnavailable
from app.ticketing.satisfaction.complaints import ComplainTicket
from app.ticketing.satisfaction.ratings import RateTicket
from tests.cases import each_case
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.foundation.services.test_catalogue import a_service
from tests.people import act

SLOW: Json = {"subject": "speed", "about": "Nobody called back for three days."}
ANSWER: Json = {"findings": "The phone was down.", "remedy": "It is repaired."}


async def scene(api: Api) -> tuple[Client, Client, str]:
    """A requester, whoever has resolved their incident, and where it is."""
    zhao = await api.client("Zhao Min")
    lin = await api.client("Lin", Role.agent, Role.service_level_manager)
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    refused = await zhao.post(f"{path}/rate", json={"score": 5})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")
    await lin.post_ok(f"{path}/assign", {"person": "me"})
    await lin.post_ok(f"{path}/acknowledge")
    await lin.post_ok(f"{path}/resolve", RESOLVED)
    return zhao, lin, path


async def test_a_ticket_has_one_rating_which_may_change(api: Api) -> None:
    zhao, lin, path = await scene(api)
    await zhao.post_ok(f"{path}/rate", {"score": 2, "comment": "It took long."})
    (first,) = (await lin.read(f"{path}/ratings"))["items"]
    assert (first["score"], first["comment"]) == (2, "It took long.")
    await zhao.post_ok(f"{path}/rate", {"score": 4})
    (second,) = (await zhao.read(f"{path}/ratings"))["items"]
    assert (second["score"], second["comment"], second["rated_at"]) == (4, None, first["rated_at"])
    rated = [e for e in (await zhao.read(f"{path}/events"))["items"] if e["type"] == "incident.rated"]
    assert [event["given"]["score"] for event in rated] == [2, 4]
    assert (await lin.post(f"{path}/rate", json={"score": 5})).status_code == 403


async def test_a_rating_stands_after_30_days(api: Api) -> None:
    zhao, _, path = await scene(api)
    incident, caller = path.rpartition("/")[2], Caller(f"person:{zhao.id}", UUID(zhao.id))
    await zhao.post_ok(f"{path}/rate", {"score": 2})
    now = datetime.now(UTC)
    ledger, body = api.ledger, RateTicket(score=5)
    await act(ledger, caller, "incident", "rate", incident, body, now=now + timedelta(days=29))
    with pytest.raises(ActionUnavailable) as refused:
        await act(ledger, caller, "incident", "rate", incident, body, now=now + timedelta(days=31))
    assert refused.value.code == "rated_long_ago"


@each_case("score", [0, 6, "5", 2.5, True, None])
async def test_a_score_is_of_five(api: Api, score: object) -> None:
    zhao, _, path = await scene(api)
    refused = await zhao.post(f"{path}/rate", json={"score": score})
    assert refused.json()["errors"][0]["pointer"] == "/score"


async def test_a_complaint_is_answered_once(api: Api) -> None:
    zhao, _, path = await scene(api)
    manager = await api.client("Wu Jing", Role.service_level_manager)
    await zhao.post_ok(f"{path}/complain", SLOW)
    (complaint,) = (await manager.read(f"{path}/complaints"))["items"]
    answer = {"complaint": complaint["id"], **ANSWER}
    assert (await zhao.post(f"{path}/answer_complaint", json=answer)).status_code == 403
    await manager.post_ok(f"{path}/answer_complaint", answer)
    (answered,) = (await zhao.read(f"{path}/complaints"))["items"]
    assert (answered["findings"], answered["remedy"]) == (ANSWER["findings"], ANSWER["remedy"])
    assert answered["answered_by"]["name"] == "Wu Jing"
    refused = await manager.post(f"{path}/answer_complaint", json=answer)
    assert refused.json()["errors"][0]["code"] == "answered_already"


async def due(api: Api, requester: Client, path: str, now: datetime) -> datetime:
    """When a complaint of that time must be answered."""
    incident, caller = path.rpartition("/")[2], Caller(f"person:{requester.id}", UUID(requester.id))
    body = ComplainTicket.model_validate(SLOW)
    done = await act(api.ledger, caller, "incident", "complain", incident, body, now=now)
    (complaint,) = [row for name, row in done.event.data["set"].items() if name.startswith("complaint/")]
    return datetime.fromisoformat(complaint["due_at"])


async def test_a_complaint_is_answered_within_five_working_days_of_the_service(api: Api) -> None:
    zhao, _, path = await scene(api)
    tuesday = datetime(2198, 10, 2, 7, 30, tzinfo=UTC)
    assert tuesday.weekday() == 1
    assert await due(api, zhao, path, tuesday) == tuesday + timedelta(days=7), "Monday to Friday"
    assert await due(api, zhao, path, tuesday + timedelta(days=4)) == tuesday + timedelta(days=10), (
        "a Saturday"
    )
    admin = await api.client("Admin", Role.admin, Role.service_level_manager)
    week = {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}
    holidays = [{"date": f"2198-10-{day:02}"} for day in (3, 4, 5, 8)]
    calendar: Json = {"key": "shanghai", "name": "上海", "time_zone": "Asia/Shanghai", "weekly": [week]}
    await admin.post_ok("/v1/calendars", calendar | {"holidays": holidays})
    await a_service(admin, "mail", calendar="shanghai")
    edited = await admin.patch(path, json={"service": "mail"}, headers={"If-Match": "*"})
    assert edited.status_code == 200, edited.text
    assert await due(api, zhao, path, tuesday) == tuesday + timedelta(days=13), "and four holidays"


async def test_nobody_answers_a_complaint_about_themselves(api: Api) -> None:
    zhao, lin, path = await scene(api)
    wu = await api.client("Wu Jing", Role.service_level_manager)
    await zhao.post_ok(f"{path}/complain", SLOW)
    await zhao.post_ok(f"{path}/complain", {**SLOW, "about_assignee": True})
    about_nobody, about_lin = (await wu.read(f"{path}/complaints"))["items"]
    assert (about_nobody["person"], about_lin["person"]["name"]) == (None, "Lin")
    # Giving the ticket to somebody else changes nothing of that.
    await lin.post_ok(f"{path}/reopen", {"reason": "It is back."})
    await lin.post_ok(f"{path}/assign", {"person": wu.id})
    refused = await lin.post(f"{path}/answer_complaint", json={"complaint": about_lin["id"], **ANSWER})
    assert refused.json()["errors"][0]["code"] == "is_about_oneself"
    await wu.post_ok(f"{path}/answer_complaint", {"complaint": about_lin["id"], **ANSWER})
    await wu.post_ok(f"{path}/answer_complaint", {"complaint": about_nobody["id"], **ANSWER})


async def test_a_complaint_about_whoever_has_it_needs_somebody(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    tool = await api.client("Tool", Role.integration, Role.agent)
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    await tool.post_ok(f"{path}/acknowledge")
    await tool.post_ok(f"{path}/resolve", RESOLVED)
    refused = await zhao.post(f"{path}/complain", json={**SLOW, "about_assignee": True})
    (fault,) = refused.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/about_assignee", "about_nobody")


async def test_a_complaint_is_answered_although_the_ticket_was_reopened(api: Api) -> None:
    zhao, _, path = await scene(api)
    wu = await api.client("Wu Jing", Role.service_level_manager)
    await zhao.post_ok(f"{path}/complain", SLOW)
    await zhao.post_ok(f"{path}/reopen", {"reason": "It is back."})
    (complaint,) = (await wu.read(f"{path}/complaints"))["items"]
    await wu.post_ok(f"{path}/answer_complaint", {"complaint": complaint["id"], **ANSWER})
