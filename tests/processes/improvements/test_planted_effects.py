"""An effect that is planted in made-up cases is found where it is, and nowhere else."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from app.common.people import Role
from app.platform.db import Connection
from tests.client import Api, Json
from tests.extent import in_test_all
from tests.processes.improvements.pilots import refusal
from tests.processes.improvements.planted import (
    BASELINE,
    CHANGED,
    MEDIAN_HOURS,
    TEAMS,
    Planted,
    days_ago,
    planted_of,
)

BEFORE, AFTER = BASELINE, (CHANGED, 0.0)
SAME = dict.fromkeys(TEAMS, 1.0)
HALF, SEED = 0.5, 24


@pytest.fixture
async def planted(api: Api, follower: Connection) -> Planted:
    return await planted_of(api, follower, SEED)


@in_test_all
async def test_an_effect_in_the_pilot_alone_is_found_with_its_size_and_none_outside(planted: Planted) -> None:
    path = await planted.piloted({"team": ["network"]})
    await planted.cases(BEFORE, SAME)
    await planted.cases(AFTER, SAME | {"network": HALF})
    measured, effect = await planted.measured(path)
    assert (measured["occasion"], measured["pilot_round"], measured["verdict"]) == ("pilot", 1, "improved")
    estimate, true_effect = effect["result"], -(1 - HALF) * MEDIAN_HOURS * 3600
    assert estimate["method"] == "mean_by_day_did"
    assert estimate["low"] < true_effect < estimate["high"] < 0
    assert effect["scope"] == {"team": ["network"]}
    assert len(effect["control"]["team"]) == 2, "the teams outside the pilot"
    assert measured["promise"] in ("shown", "reached")
    warned = {warning["code"]: warning for warning in estimate["warnings"]}
    # It is dated back, and was written down today; and the pilot goes on.
    assert warned["recorded_late"]["at"] > effect["after_begins_at"]
    assert warned["before_agreed_end"]["at"] > effect["measured_at"]
    assert not warned.keys() & {"no_control", "measured_before", "no_cases", "few_days"}
    outside = {
        "before": {"from": days_ago(BEFORE[0]), "to": days_ago(BEFORE[1])},
        "after": {"from": days_ago(AFTER[0]), "to": days_ago(AFTER[1])},
        "scope": {"team": ["storage"]},
        "control": {"team": ["desk"]},
    }
    none = await planted.project.quality.post_ok("/v1/kpis/incident_resolution_seconds/effect", outside)
    assert none["verdict"] == "no_evidence"
    # A year of later events, late ones among them, moves no stored effect.
    await planted.cases(AFTER, dict.fromkeys(TEAMS, 4.0), each=12)
    await planted.follow()
    again = await planted.effect(measured)
    assert again["recomputed"] == {"same": True, "differences": [], "reason": None}
    assert (again["result"], again["position"]) == (effect["result"], measured["position"])


@in_test_all
async def test_a_pilot_of_all_teams_says_that_it_is_compared_with_nobody(planted: Planted) -> None:
    path = await planted.piloted({"team": list(TEAMS)})
    for window in (BEFORE, AFTER):
        await planted.cases(window, {**SAME, "": 1.0}, each=4)
    _, effect = await planted.measured(path)
    assert effect["control"] is None, "cases of no team are nobody's"
    assert "no_control" in {warning["code"] for warning in effect["result"]["warnings"]}


@in_test_all
async def test_an_effect_on_everybody_is_not_credited_to_the_pilot(planted: Planted) -> None:
    path = await planted.piloted({"team": ["network"]})
    await planted.cases(BEFORE, SAME)
    await planted.cases(AFTER, dict.fromkeys(TEAMS, HALF))
    measured, effect = await planted.measured(path)
    assert measured["verdict"] == "no_evidence"
    sides = effect["result"]
    assert sides["after"]["compared"] < 0.7 * sides["before"]["compared"], "the pilot did become faster"
    await planted.reported(path)
    passing = planted.project.judgement(measured["position"])
    refused = await refusal(planted.project.quality, f"{path}/ask_judgement", passing)
    assert refused == (422, [("reason", "passed_against_evidence")])
    body = {**passing, "reason": "The desks want it all the same."}
    await planted.project.quality.post_ok(f"{path}/ask_judgement", body)
    passed = await planted.project.decide(path)
    assert (passed["state"], passed["against_evidence"]) == ("rolling_out", True)
    assert passed["against_evidence_reason"] == "The desks want it all the same."


@in_test_all
async def test_a_project_without_an_effect_is_reverted_on_the_evidence(planted: Planted) -> None:
    path = await planted.implemented()
    await planted.cases(BEFORE, SAME)
    await planted.cases(AFTER, SAME)
    measured, _ = await planted.measured(path)
    assert (measured["occasion"], measured["verdict"]) == ("evaluation", "no_evidence")
    quality = planted.project.quality
    parts = ("goal_reached", "scope_reached", "benefit_reached", "reached")
    judgement: Json = dict.fromkeys(parts, False)
    owner = await planted.api.client("Second owner", Role.process_owner)  # the first one promised the effect
    judgement |= {"position": measured["position"], "agreed_by": owner.id}
    judged = await quality.post_ok(f"{path}/evaluate", judgement)
    await owner.post_ok(f"{path}/agree_to_evaluation")
    assert (judged["reached"], judged["against_evidence"]) == (False, False)
    reversal = {
        "reason": "No faster.",
        "old_process_stands": True,
        "told": "All desks, by mail.",
        "teams": ["desk"],
    }
    assert (await quality.post_ok(f"{path}/revert", reversal))["state"] == "reverted"


@in_test_all
async def test_fewer_than_ten_cases_never_claim_an_effect(planted: Planted) -> None:
    path = await planted.implemented()
    await planted.cases(BEFORE, {"network": 1.0}, each=9)
    await planted.cases(AFTER, {"network": 0.01}, each=9)
    measured, effect = await planted.measured(path)
    assert (measured["verdict"], effect["verdict"]) == ("too_few_cases", "too_few_cases")


@in_test_all
async def test_what_is_measured_twice_of_the_same_cases_is_the_same_but_for_its_position(
    planted: Planted,
) -> None:
    path = await planted.implemented()
    await planted.cases(BEFORE, {"network": 1.0}, each=12)
    await planted.cases(AFTER, {"network": HALF}, each=12)
    await planted.follow()
    for _ in range(2):
        await planted.project.quality.post_ok(f"{path}/measure_effects")
        await planted.follow()
    measurements = (await planted.project.quality.read(f"{path}/measurements"))["items"]
    effects = [await planted.effect(measurement) for measurement in measurements]
    for first, second in pairwise(effects):
        assert first["position"] < second["position"]
        assert (first["result"]["effect"], first["verdict"]) == (
            second["result"]["effect"],
            second["verdict"],
        )


@in_test_all
async def test_measuring_goes_on_where_others_change_the_improvement_meanwhile(planted: Planted) -> None:
    path = await planted.implemented()
    await planted.follow()
    quality = planted.project.quality
    etag = (await quality.get(path)).headers["etag"]
    measuring = asyncio.create_task(quality.post(f"{path}/measure_effects"))
    for tag in ("forms", "sites"):
        await asyncio.sleep(0)  # it goes as far as it comes before the next change
        await quality.post_ok(f"{path}/tag", {"tag": tag})
    answer = await measuring
    assert answer.status_code == 200, answer.text
    (measurement,) = (await quality.read(f"{path}/measurements"))["items"]
    assert measurement["times"] == 1
    # Whoever names a version is told that it is another one by now.
    bound = await quality.post(f"{path}/measure_effects", headers={"If-Match": etag})
    assert (bound.status_code, bound.json()["code"]) == (412, "changed_since")
