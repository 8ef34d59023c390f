"""Deployments as pipelines report them, once for each run, and the incidents that they have caused."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json, an_incident
from tests.extent import in_test_all
from tests.people import ago
from tests.processes.changes.samples import a_board
from tests.processes.releases.samples import errors

PATH = "/v1/deployments"


def a_run(**changes: Any) -> Json:
    """What a pipeline says of a run that has begun."""
    return {
        "service": "mail",
        "environment": "production",
        "pipeline": "mail-relay",
        "run": "4711",
        **changes,
    }


def after(time: str, **parts: float) -> str:
    """So long after a time of an answer."""
    return (datetime.fromisoformat(time) + timedelta(**parts)).isoformat()


@pytest.fixture
async def pipeline(api: Api) -> Client:
    return await api.client("Pipeline", Role.integration)


@pytest.fixture
async def engineer(api: Api) -> Client:
    return await api.client("Tomasz", Role.engineer)


async def test_a_run_that_is_reported_again_is_the_same_deployment_and_adds_nothing(
    api: Api, pipeline: Client
) -> None:
    first = await pipeline.post(PATH, json=a_run())
    assert (first.status_code, first.json()["state"]) == (201, "running")
    head = await api.head()
    again = await pipeline.post(PATH, json=a_run())
    assert (again.status_code, again.json()) == (200, first.json())
    assert await api.head() == head
    revisions = [{"revision": "4f2a91c", "committed_at": "2026-01-01T08:00:00Z"}]
    ended = await pipeline.post(PATH, json=a_run(outcome="succeeded", revisions=revisions))
    assert (ended.status_code, ended.json()["state"]) == (200, "succeeded")
    assert ended.json()["revisions"][0]["revision"] == "4f2a91c"
    assert await api.head() == head + 1
    for late in (a_run(), a_run(outcome="succeeded")):
        answer = await pipeline.post(PATH, json=late)
        assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert await api.head() == head + 1
    back = await pipeline.post(PATH, json=a_run(outcome="rolled_back"))
    assert (back.status_code, back.json()["state"]) == (200, "rolled_back")
    assert back.json()["ended_at"] == ended.json()["ended_at"], "it had ended before"
    events = (await pipeline.read(f"{PATH}/{first.json()['id']}/events"))["items"]
    assert [event["type"] for event in events] == [
        "deployment.started",
        "deployment.succeeded",
        "deployment.rolled_back",
    ]


async def test_a_run_is_reported_by_many_requests_at_once_and_is_one_deployment(
    api: Api, pipeline: Client
) -> None:
    answers = await asyncio.gather(*(pipeline.post(PATH, json=a_run(outcome="failed")) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await api.ledger.db.value("select count(*) from fold.deployment") == 1


async def test_a_request_that_is_sent_again_with_its_key_is_answered_again(pipeline: Client) -> None:
    key = {"Idempotency-Key": "one"}
    first = await pipeline.post(PATH, json=a_run(outcome="succeeded"), headers=key)
    again = await pipeline.post(PATH, json=a_run(outcome="succeeded"), headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()


async def test_an_outcome_that_contradicts_the_first_one_is_refused(api: Api, pipeline: Client) -> None:
    other_pipeline = await api.client("Other", Role.integration)
    await pipeline.post_ok(PATH, a_run(outcome="failed"))
    head = await api.head()
    refused = await pipeline.post(PATH, json=a_run(outcome="succeeded"))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")
    other = await pipeline.post(PATH, json=a_run(environment="test"))
    assert errors(other.json()) == [("/run", "run_of_another")]
    stranger = await other_pipeline.post(PATH, json=a_run())
    assert errors(stranger.json()) == [("/run", "run_is_reported")]
    assert await api.head() == head


async def test_what_is_reported_must_be_complete_and_in_time(pipeline: Client) -> None:
    for wrong, pointer, code in (
        ({"service": None}, "", "service_or_release"),
        ({"run": None}, "/run", "run_of_pipeline"),
        ({"ended_at": "2026-01-01T00:00:00Z"}, "/outcome", "ended_without_outcome"),
        ({"started_at": "2199-01-01T00:00:00Z"}, "/started_at", "in_the_future"),
        (
            {
                "started_at": "2026-01-02T00:00:00Z",
                "ended_at": "2026-01-01T00:00:00Z",
                "outcome": "failed",
            },
            "/ended_at",
            "before_it_began",
        ),
    ):
        body = {name: value for name, value in a_run(**wrong).items() if value is not None}
        refused = await pipeline.post(PATH, json=body)
        assert errors(refused.json()) == [(pointer, code)], refused.text
    requester = await pipeline.post(PATH, json=a_run(revisions=[revision(n) for n in range(501)]))
    assert requester.status_code == 422


async def test_people_name_the_run_and_a_commit_of_the_last_year(engineer: Client, pipeline: Client) -> None:
    old = {"revision": "4f2a91c", "committed_at": ago(days=400).isoformat()}
    for wrong, fault in (
        ({"run": "-"}, ("/run", "only_punctuation")),
        ({"revisions": [{**old, "revision": "-"}]}, ("/revisions/0/revision", "only_punctuation")),
        ({"revisions": [old]}, ("/revisions/0/committed_at", "committed_too_long_ago")),
        ({"environment": "p"}, ("/environment", "no_environment")),
    ):
        refused = await engineer.post(PATH, json=a_run(**wrong))
        assert errors(refused.json()) == [fault], refused.text
    recent = {**old, "committed_at": ago(days=300).isoformat()}
    await engineer.post_ok(PATH, a_run(run="7", revisions=[recent]))
    await pipeline.post_ok(PATH, a_run(run="8", revisions=[old]))  # a tool reports what it has


async def test_a_remark_on_production_is_warned_of(engineer: Client) -> None:
    for environment, is_warned in (("生产（已测试）", True), ("prod after test", True), ("preprod", False)):
        answer = await engineer.post_ok(PATH, {"service": "mail", "environment": environment})
        assert [warning["code"] for warning in answer.get("warnings", ())] == (
            ["unknown_environment"] if is_warned else []
        )


def revision(number: int) -> Json:
    return {"revision": str(number), "committed_at": "2026-01-01T00:00:00Z"}


async def test_only_pipelines_engineers_and_change_managers_report(api: Api) -> None:
    for role, status in ((Role.agent, 403), (Role.requester, 403), (Role.change_manager, 201)):
        client = await api.client(f"With {role}", role)
        assert (await client.post(PATH, json=a_run())).status_code == status


async def test_an_incident_is_tied_to_one_deployment_by_confirmation_and_can_be_untied(
    pipeline: Client, engineer: Client
) -> None:
    times = {"started_at": ago(hours=2).isoformat(), "ended_at": ago(hours=1).isoformat()}
    first = await pipeline.post_ok(PATH, a_run(outcome="succeeded", **times))
    second = await pipeline.post_ok(PATH, a_run(outcome="succeeded", run="4712", **times))
    incident = await engineer.post_ok("/v1/incidents", an_incident(service="mail"))
    body = {"incident": incident["number"]}
    await engineer.post_ok(f"{PATH}/{first['id']}/confirm_cause", body)
    (cause,) = (await engineer.read(f"{PATH}/{first['id']}/causes"))["items"]
    assert (cause["incident_id"], cause["confirmed_by"]["name"]) == (incident["id"], "Tomasz")
    answer = await engineer.post(f"{PATH}/{second['id']}/confirm_cause", json=body)
    assert errors(answer.json()) == [("/incident", "caused_by_other_deployment")]
    assert first["id"] in answer.text, "the other one is named"
    missing = {**body, "reason": "It was the disk."}
    refused = await engineer.post(f"{PATH}/{second['id']}/withdraw_cause", json=missing)
    assert errors(refused.json()) == [("/incident", "not_confirmed_as_caused")]
    await engineer.post_ok(f"{PATH}/{first['id']}/withdraw_cause", missing)
    await engineer.post_ok(f"{PATH}/{second['id']}/confirm_cause", body)
    assert (await engineer.read(f"{PATH}/{first['id']}/causes"))["items"] == []


@in_test_all
async def test_of_two_who_tie_an_incident_at_once_one_is_told_of_the_other(
    pipeline: Client, engineer: Client
) -> None:
    times = {"started_at": ago(hours=2).isoformat(), "ended_at": ago(hours=1).isoformat()}
    deployments = [
        await pipeline.post_ok(PATH, a_run(outcome="failed", run=str(n), **times)) for n in range(6)
    ]
    incident = await engineer.post_ok("/v1/incidents", an_incident())
    answers = await asyncio.gather(
        *(
            engineer.post(f"{PATH}/{deployment['id']}/confirm_cause", json={"incident": incident["id"]})
            for deployment in deployments
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[422] * 5]


async def test_what_was_there_before_the_deployment_it_has_not_caused(
    pipeline: Client, engineer: Client
) -> None:
    incident = await engineer.post_ok("/v1/incidents", an_incident())
    record = await pipeline.post_ok(
        PATH, a_run(outcome="succeeded", started_at=after(incident["opened_at"], seconds=1))
    )
    refused = await engineer.post(f"{PATH}/{record['id']}/confirm_cause", json={"incident": incident["id"]})
    assert errors(refused.json()) == [("/incident", "opened_before_deployment")]


async def test_deployments_are_listed_by_service_environment_and_time(
    pipeline: Client, engineer: Client
) -> None:
    await pipeline.post_ok(PATH, a_run(environment="test"))
    record = await pipeline.post_ok(PATH, a_run(run="4712", outcome="succeeded"))
    answer = await engineer.read(PATH, service="mail", environment="PROD", state="succeeded")
    assert [item["id"] for item in answer["items"]] == [record["id"]]
    assert len((await pipeline.read(PATH))["items"]) == 2, "a pipeline sees what it has reported"


async def test_a_pipeline_names_the_changes_that_it_deploys_without_seeing_them(
    api: Api, pipeline: Client
) -> None:
    change = await (await a_board(api)).drafted()
    run = await pipeline.post_ok(PATH, a_run(changes=[change["number"]]))
    assert run["change_ids"] == [change["id"]]
    assert (await pipeline.get(f"/v1/changes/{change['id']}")).status_code == 404
    unknown = await pipeline.post(PATH, json=a_run(run="9", changes=["CHG-2026-999999"]))
    assert [error["code"] for error in unknown.json()["errors"]] == ["unknown_reference"]


async def test_the_answer_warns_of_an_environment_on_no_list(api: Api) -> None:
    tool = await api.client("Pipeline", "integration")
    run = {"service": "mail", "pipeline": "mail-relay", "started_at": "2026-03-02T09:00:00Z"}

    unknown = await tool.post_ok("/v1/deployments", {**run, "run": "1", "environment": "green-2"})
    listed = await tool.post_ok("/v1/deployments", {**run, "run": "2", "environment": "uat"})
    again = await tool.post_ok("/v1/deployments", {**run, "run": "1", "environment": "green-2"})

    for answer in (unknown, again):
        [warning] = answer["warnings"]
        assert (warning["code"], warning["pointer"]) == ("unknown_environment", "/environment")
        assert "green-2" in warning["detail"]
    assert "warnings" not in listed
