"""An assessment of a process over HTTP: opened, measured as of a position of the log, concluded."""

from __future__ import annotations

from tests.every_action.improvements import with_facts
from tests.governance.process_definitions.conftest import Registry

PATH = "/v1/process_assessments"
MEASURE = {
    "name": "restored",
    "kpi": "incidents_closed",
    "before": {"from": "2020-01-01", "to": "2020-04-01"},
}


async def test_an_assessment_is_opened_measured_concluded_and_the_annual_plan_rests_on_it(
    registry: Registry,
) -> None:
    body = {"title": "Incidents in 2027", "process": "incidents", "means": ["interview", "log"]}
    assessment = await registry.owner.post_ok(PATH, body)
    path = f"{PATH}/{assessment['number']}"
    assert (assessment["process"], assessment["state"]) == ("incident", "open")
    await with_facts(registry.owner, path)
    measured = await registry.quality.post_ok(f"{path}/measure", {"measures": [MEASURE]})
    [figure] = (await registry.quality.read(f"{path}/baselines"))["items"]
    assert (figure["value"], figure["position"]) == ("0", measured["position"])
    again = await registry.quality.post_ok(f"{path}/measure", {"measures": [{**MEASURE, "name": "closed"}]})
    [figure] = (await registry.quality.read(f"{path}/baselines"))["items"]
    assert (figure["name"], again["position"] >= measured["position"]) == ("closed", True)

    levels = {"process": 3, "tool": 2, "skills": 4}
    words = {"pains": "Nobody hands over.", "needs": "Faster branches."}
    partial = await registry.owner.post(f"{path}/conclude", json={"maturity": levels, **words})
    assert partial.json()["errors"][0]["code"] == "each_aspect"
    levels["organisation"] = 0
    concluded = await registry.owner.post_ok(f"{path}/conclude", {"maturity": levels, **words})
    assert (concluded["state"], concluded["maturity"]) == ("concluded", levels)
    plan = await registry.quality.post_ok(
        "/v1/improvement_plans",
        {"title": "2027", "year": 2027, "present_assessments": [assessment["number"]]},
    )
    assert plan["present_assessment_ids"] == [assessment["id"]]
