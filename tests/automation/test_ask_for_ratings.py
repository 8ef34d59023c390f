"""Requesters are asked what they think: a share of them, each at most once a week, by mail and in-app."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.automation.tickets.ask_for_ratings import is_sampled
from app.common.people import Caller, Role
from app.foundation.services.services import EditService, ProposeService
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.incidents.records import Incident
from app.ticketing.satisfaction.ratings import RateTicket
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules
from tests.extent import in_test_all
from tests.people import act, add_caller, add_team


@pytest.fixture
def settings() -> Settings:
    return Settings(_env_file=None, rating_percent=100)  # type: ignore[call-arg]  # Pydantic's own argument


@pytest.fixture
async def zhao(ledger: Ledger) -> Caller:
    """Somebody who is no staff."""
    return await add_caller(ledger, "Zhao Min")


async def closed(desk: Desk, requester: Caller, **changed: Any) -> Incident:
    """An incident of theirs that was closed just now."""
    incident = await desk.resolve(
        await desk.perform("acknowledge", await desk.report(requester=str(requester.person_id), **changed))
    )
    return await desk.perform("close", incident)


async def asked(desk: Desk) -> list[dict[str, Any]]:
    return await desk.ledger.db.rows("select * from fold.rating_request order by asked_at")


async def test_whoever_reported_it_is_asked_when_it_is_closed(desk: Desk, zhao: Caller) -> None:
    incident = await closed(desk, zhao)
    await desk.pass_time(minutes=1)
    (event,) = await by_rules(desk.ledger, incident.row_key)
    assert (event.type, event.actor) == ("incident.rating_asked", "rule:ask_for_ratings")
    (row,) = await asked(desk)
    assert (row["record"], row["person_id"]) == (incident.row_key, zhao.person_id)
    assert row["until_at"] - row["asked_at"] == timedelta(days=30)
    await desk.pass_time(minutes=5)
    notices = await desk.ledger.db.rows(
        "select steps from fold.notice where person_id = %s", (zhao.person_id,)
    )
    assert "rating_asked" in [step for notice in notices for step in notice["steps"]]
    assert desk.worker.failures == []


@in_test_all
async def test_a_delivered_request_is_asked_about(desk: Desk, zhao: Caller) -> None:
    request = await _delivered(desk, zhao)
    await desk.pass_time(minutes=1)
    assert [row["record"] for row in await asked(desk)] == [f"request/{request}"]


async def _delivered(desk: Desk, requester: Caller) -> UUID:
    lifecycle = desk.ledger.lifecycles["request"]
    await add_team(desk.ledger, "desk")
    agent = await add_caller(desk.ledger, "Ada", Role.agent, Role.engineer, teams=("desk",))
    now = desk.now
    submit = {"title": "A laptop", "description": "A light one.", "channel": "portal", "urgency": "3"}
    body = lifecycle["submit"].body.model_validate(submit)
    result = await act(desk.ledger, requester, "request", "submit", body=body, now=now)
    request: UUID = result.record.id
    steps: list[tuple[str, dict[str, Any]]] = [
        ("assess", {"category": "hw", "impact": "3", "urgency": "3", "path": "standard", "team": "desk"}),
        ("assign", {"person": "me"}),
        ("start", {}),
        ("fulfil", {"delivered": "A laptop."}),
    ]
    for action, fields in steps:
        body = lifecycle[action].body.model_validate(fields)
        await act(desk.ledger, agent, "request", action, request, body, now=now)
    return request


async def test_nobody_is_asked_twice_a_week_nor_about_the_same_again(desk: Desk, zhao: Caller) -> None:
    other = await add_caller(desk.ledger, "Qian Li")
    first = await closed(desk, zhao)
    await desk.pass_time(days=1)
    await closed(desk, zhao)
    third = await closed(desk, other)
    await desk.pass_time(days=1)
    assert [row["record"] for row in await asked(desk)] == [first.row_key, third.row_key]
    await desk.pass_time(days=6)
    last = await closed(desk, zhao)
    await desk.pass_time(minutes=1)
    assert [row["record"] for row in await asked(desk)] == [first.row_key, third.row_key, last.row_key]
    reopened = await desk.reopen(last)
    await desk.perform("close", await desk.resolve(reopened))
    await desk.pass_time(days=8)
    assert len(await asked(desk)) == 3


async def test_staff_whoever_has_rated_and_whoever_is_gone_are_not_asked(desk: Desk, zhao: Caller) -> None:
    engineer = await add_caller(desk.ledger, "Emil", Role.engineer)
    await closed(desk, engineer)
    incident = await desk.resolve(
        await desk.perform("acknowledge", await desk.report(requester=str(zhao.person_id)))
    )
    await act(desk.ledger, zhao, "incident", "rate", incident.id, RateTicket(score=3), now=desk.now)
    await desk.perform("close", incident)
    caller = await add_caller(desk.ledger, "Gone")
    left = await closed(desk, caller)
    admin = await add_caller(desk.ledger, "Admin", Role.admin)
    await act(desk.ledger, admin, "person", "deactivate", caller.person_id, EmptyPayload())
    await desk.pass_time(minutes=1)
    assert await asked(desk) == []
    assert await by_rules(desk.ledger, left.row_key) == []


@in_test_all
async def test_a_service_says_about_how_many_of_its_cases(desk: Desk, zhao: Caller) -> None:
    manager = await add_caller(desk.ledger, "Manager", Role.service_level_manager)
    fields = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
    body = ProposeService.model_validate(fields | {"rating_percent": 0})
    service = (await act(desk.ledger, manager, "service", "propose", body=body)).record.id
    await act(desk.ledger, manager, "service", "go_live", service)
    await closed(desk, zhao, service="mail")
    await desk.pass_time(minutes=1)
    assert await asked(desk) == []
    await act(
        desk.ledger, manager, "service", "edit", service, EditService.model_validate({"rating_percent": 100})
    )
    await closed(desk, zhao, service="mail")
    await desk.pass_time(minutes=1)
    assert len(await asked(desk)) == 1


def test_the_sample_is_always_the_same_and_as_large_as_is_said() -> None:
    cases = [UUID(int=n * 7919) for n in range(4_000)]
    for percent in (0, 1, 25, 99, 100):
        drawn = [case for case in cases if is_sampled(case, "mail", percent)]
        assert drawn == [case for case in cases if is_sampled(case, "mail", percent)]
        assert abs(len(drawn) - 40 * percent) <= 4 * (40 * percent * (1 - percent / 100)) ** 0.5
    larger = {case for case in cases if is_sampled(case, "mail", 30)}
    assert {case for case in cases if is_sampled(case, "mail", 25)} < larger
    both = Counter((is_sampled(case, "mail", 50), is_sampled(case, "erp", 50)) for case in cases)
    assert min(both.values()) > 800, "two services are sampled independently"
    assert all(is_sampled(case, None, 100) for case in cases)
