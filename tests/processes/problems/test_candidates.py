"""Incidents that recur are offered once and decided on; then again only when as many new ones have come."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.people import Role
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.foundation.custom.test_custom_fields import declare
from tests.processes.problems.samples import incidents, links

ACCEPTED: Json = {
    "title": "Mail is lost again and again",
    "description": "Every few days some of it is gone.",
    "affected_services": ["mail"],
    "affected_customers": [],
    "affected_users": 120,
    "tried": "Each time it was restarted.",
}


@dataclass
class Watch:
    """A desk, its problem manager, and a worker that looks for what recurs."""

    agent: Client
    manager: Client
    worker: Worker

    async def reports(self, number: int, **fields: Any) -> list[Json]:
        """So many incidents; then the worker looks."""
        reported = await incidents(self.agent, number, **fields)
        await self.looks()
        return reported

    async def looks(self) -> None:
        """The worker does what follows."""
        await self.worker.work(datetime.now(UTC))
        assert self.worker.failures == []

    async def offered(self, **query: str) -> list[Json]:
        """The candidates that wait for a decision."""
        answer = await self.manager.read("/v1/problem_candidates", state="offered", **query)
        items: list[Json] = answer["items"]
        return items

    async def one(self) -> Json:
        """The only one of them."""
        (candidate,) = await self.offered()
        return candidate


@pytest.fixture
async def watch(api: Api) -> Watch:
    return Watch(
        await api.client("Lin", Role.agent),
        await api.client("Olga", Role.problem_manager),
        Worker(api.ledger),
    )


def at(candidate: Json) -> str:
    return f"/v1/problem_candidates/{candidate['id']}"


async def test_the_third_incident_of_a_service_in_thirty_days_makes_a_candidate_with_its_cases(
    watch: Watch,
) -> None:
    first = await watch.reports(2, service="mail")
    assert await watch.offered() == []
    reported = [*first, *await watch.reports(1, service="mail")]
    candidate = await watch.one()
    assert (candidate["dimension"], candidate["value"]) == ("service", "mail")
    recurrence = candidate["recurrence"]
    assert recurrence == {
        "cases": 3,
        "first_at": reported[0]["opened_at"],
        "last_at": reported[-1]["opened_at"],
    }
    await watch.reports(1, service="mail")
    assert (await watch.one())["recurrence"]["cases"] == 4, "it is counted as it stands"
    pages = await watch.manager.pages(f"{at(candidate)}/cases", limit=3)
    assert [len(page) for page in pages] == [3, 1]
    assert [case["number"] for case in pages[0] + pages[1]][1:] == [
        incident["number"] for incident in reversed(reported)
    ]


async def test_each_of_service_ci_and_category_is_looked_at_by_itself(watch: Watch) -> None:
    await watch.reports(2, service="mail", ci="mx-1", category="e-mail")
    await watch.reports(1, service="calendar", ci="mx-1", category="e-mail")
    recurrences = {(candidate["dimension"], candidate["value"]) for candidate in await watch.offered()}
    assert recurrences == {("ci", "mx-1"), ("category", "e-mail")}


async def test_what_is_no_incident_of_its_own_does_not_count(watch: Watch) -> None:
    first, _ = await watch.reports(2, service="mail")
    third, fourth = await incidents(watch.agent, 2, service="mail")
    await watch.agent.post_ok(f"/v1/incidents/{third['id']}/cancel", {"reason": "A slip."})
    await watch.agent.post_ok(f"/v1/incidents/{fourth['id']}/mark_duplicate", {"original": first["id"]})
    await watch.looks()
    assert await watch.offered() == []


async def test_accepting_raises_one_problem_with_all_of_them_linked(api: Api, watch: Watch) -> None:
    reported = await watch.reports(3, service="mail", ci="mx-1")
    assert len(await watch.offered()) == 2
    (candidate,) = await watch.offered(dimension="service")
    head = await api.head()
    accepted = await watch.manager.post_ok(f"{at(candidate)}/accept", ACCEPTED)
    assert await api.head() == head + 2 + len(reported), "one command, an event on each"
    problem = await watch.manager.read(f"/v1/problems/{accepted['problem_id']}")
    assert (problem["state"], problem["origin"], problem["service"]) == ("logged", "trend", "mail")
    assert sorted(await links(watch.manager, "problems", problem)) == sorted(
        ("causes", incident["number"]) for incident in reported
    )
    await watch.looks()
    assert await watch.offered() == [], "of the CI the same ones are behind a problem now"
    await watch.reports(2, service="mail")
    assert await watch.offered() == []
    await watch.reports(1, service="mail")
    assert (await watch.one())["recurrence"]["cases"] == 3, "new ones are looked at anew"


@in_test_all
async def test_accepting_needs_no_custom_field_that_its_body_cannot_say(api: Api, watch: Watch) -> None:
    await declare(api.ledger, "region", process="problem", required=True)
    await watch.reports(3, service="mail")
    accepted = await watch.manager.post_ok(f"{at(await watch.one())}/accept", ACCEPTED)
    assert (await watch.manager.read(f"/v1/problems/{accepted['problem_id']}"))["custom"] is None


@in_test_all
async def test_of_two_who_accept_at_once_one_raises_the_problem(watch: Watch) -> None:
    await watch.reports(3, service="mail")
    candidate = await watch.one()
    answers = await asyncio.gather(
        *(watch.manager.post(f"{at(candidate)}/accept", json=ACCEPTED) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len((await watch.manager.read("/v1/problems"))["items"]) == 1


async def test_what_was_declined_comes_again_only_with_as_many_new_ones(watch: Watch) -> None:
    await watch.reports(4, service="mail")
    candidate = await watch.one()
    declined = await watch.manager.post_ok(f"{at(candidate)}/decline", {"reason": "It is the new client."})
    assert (declined["state"], declined["reason"]) == ("declined", "It is the new client.")
    await watch.reports(2, service="mail")
    assert await watch.offered() == []
    await watch.reports(1, service="mail")
    again = await watch.one()
    assert (again["id"], again["recurrence"]["cases"], again["reason"]) == (candidate["id"], 3, None)
    types = [event["type"] for page in await watch.manager.pages(f"{at(again)}/events") for event in page]
    assert types == [
        "problem_candidate.detected",
        "problem_candidate.declined",
        "problem_candidate.detected_again",
    ]


@in_test_all
async def test_an_offer_is_taken_back_when_too_few_are_left(watch: Watch) -> None:
    *_, last = await watch.reports(3, service="mail")
    candidate = await watch.one()
    await watch.agent.patch(f"/v1/incidents/{last['id']}", json={"service": "vpn"}, headers={"If-Match": "*"})
    await watch.looks()
    assert await watch.offered() == []
    assert (await watch.manager.read(at(candidate)))["state"] == "withdrawn"
    await watch.reports(1, service="mail")
    assert (await watch.one())["recurrence"]["cases"] == 3


@in_test_all
async def test_a_category_is_accepted_with_the_service_that_it_does_not_say(watch: Watch) -> None:
    await watch.reports(3, category="e-mail")
    candidate = await watch.one()
    refused = await watch.manager.post(f"{at(candidate)}/accept", json=ACCEPTED)
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/service", "service_or_ci")]
    accepted = await watch.manager.post_ok(f"{at(candidate)}/accept", {**ACCEPTED, "service": "mail"})
    problem = await watch.manager.read(f"/v1/problems/{accepted['problem_id']}")
    assert (problem["service"], problem["category"]) == ("mail", "e-mail")


async def test_candidates_are_called_after_what_recurs_and_how_often(watch: Watch) -> None:
    await watch.reports(3, service="mail")
    candidate = await watch.one()
    for address in ("", f"/{candidate['id']}"):
        html = (await watch.manager.get(f"/desk/problem_candidate{address}")).text
        assert ": 3 incidents</" in html, re.findall(r"<h1.*|<td class=.wide.*|<title.*", html)
    home = (await watch.manager.get("/desk?home=problem_manager")).text
    assert ">Problem candidate<" not in home


async def test_candidates_are_for_those_who_see_every_incident(api: Api, watch: Watch) -> None:
    await watch.reports(3, service="mail")
    candidate = await watch.one()
    incident_manager = await api.client("Otto", Role.incident_manager)
    assert (await incident_manager.read(f"{at(candidate)}/cases"))["items"]
    for stranger in (watch.agent, await api.client("Zhao")):
        assert (await stranger.read("/v1/problem_candidates"))["items"] == []
        for path in ("", "/cases", "/events"):
            assert (await stranger.get(f"{at(candidate)}{path}")).status_code == 404
    refused = await incident_manager.post(f"{at(candidate)}/decline", json={"reason": "Not now."})
    assert refused.status_code == 403
