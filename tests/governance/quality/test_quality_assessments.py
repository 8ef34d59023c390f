"""A quality assessment's story: opened, concluded with findings, improved by corrective actions, verified."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.attention.queries import attention
from app.attention.rules.quality import last_half
from app.attention.shapes import AttentionQuery
from app.governance.quality_assessments.payloads import ConcludeQualityAssessment
from app.governance.quality_assessments.records import CONCLUDED_WITHIN
from tests.client import Json
from tests.governance.quality.conftest import House, at, errors, kinds_of
from tests.governance.quality.test_quality_targets import led
from tests.people import act

AT = "/v1/quality_assessments"


def begin_of(house: House, year: int, month: int, day: int) -> str:
    """The first instant of that day by the organisation's clocks."""
    zone = ZoneInfo(house.api.ledger.settings.time_zone)
    return datetime(year, month, day, tzinfo=zone).isoformat()


def opening(house: House, **more: object) -> Json:
    """What is said to open an assessment of a quarter, which the second engineer carries out."""
    return {
        "title": "The third quarter",
        "cycle": "quarterly",
        "begins_at": begin_of(house, 2026, 7, 1),
        "ends_at": begin_of(house, 2026, 10, 1),
        "means": ["kpis", "sampling"],
        "assessor": house.second.id,
        **more,
    }


def measure(house: House, finding: int, **more: object) -> Json:
    """A corrective action of the first engineer against that finding."""
    words = {"title": "Test the restore", "task": "Each quarter.", "owner": house.first.id}
    return {"finding": finding, **words, "due_at": at(days=30), **more}


async def test_a_quarter_is_a_quarter_and_half_a_year_is_a_half(house: House) -> None:
    wrong = {"begins_at": begin_of(house, 2026, 7, 2)}
    year = {"begins_at": begin_of(house, 2026, 1, 1), "ends_at": begin_of(house, 2027, 1, 1)}
    middle = {"begins_at": begin_of(house, 2026, 4, 1)}
    for changed, code in (
        (wrong, "not_a_quarter"),
        (year, "not_a_quarter"),
        (year | {"cycle": "half_yearly"}, "not_half_a_year"),
        (middle | {"cycle": "half_yearly"}, "not_half_a_year"),
        ({"cycle": "half_yearly"}, "not_half_a_year"),
    ):
        refused = await house.quality.post(AT, json=opening(house, **changed))
        assert errors(refused) == [("/ends_at", code)], changed
    half = {"begins_at": begin_of(house, 2026, 1, 1), "ends_at": begin_of(house, 2026, 7, 1)}
    await house.quality.post_ok(AT, opening(house, cycle="half_yearly", **half))


async def test_who_owes_an_assessment_is_told(house: House) -> None:
    """The assessor once it is late, quality managers once a half-year has none."""
    await led(house)
    instant = datetime.now(UTC) + timedelta(days=1000)

    async def unassessed() -> set[str]:
        ledger, reader = house.api.ledger, UUID(house.quality.id)
        callers = await ledger.directory.callers({reader})
        answer = await attention(ledger, callers[reader], AttentionQuery.model_validate({}), instant)
        return {item.code for item in answer.conditions} & {"quality_unassessed"}

    assert await unassessed() == {"quality_unassessed"}
    _, begin, end = last_half(instant - CONCLUDED_WITHIN, ZoneInfo(house.api.ledger.settings.time_zone))
    half = {"cycle": "half_yearly", "begins_at": begin.isoformat(), "ends_at": end.isoformat()}
    path = f"{AT}/{(await house.quality.post_ok(AT, opening(house, **half)))['number']}"
    assert await unassessed() == {"quality_unassessed"}, "it is only open"
    early = await house.second.post(f"{path}/conclude", json={"summary": "Well.", "findings": []})
    assert (early.status_code, early.json()["code"]) == (409, "assessed_period_not_over")
    ledger, assessor = house.api.ledger, UUID(house.second.id)
    caller = (await ledger.directory.callers({assessor}))[assessor]
    body = ConcludeQualityAssessment(summary="Well.", findings=())
    name = path.rpartition("/")[2]
    await act(ledger, caller, "quality_assessment", "conclude", name, body, now=instant)
    assert await unassessed() == set()
    await house.quality.post_ok(AT, opening(house))
    await house.pass_time(days=31)
    for client in (house.second, house.quality):
        assert "quality_assessment_overdue" in await house.told(client)


async def test_it_is_opened_concluded_improved_and_verified_when_all_actions_are(house: House) -> None:
    opened = await house.quality.post_ok(AT, opening(house))
    assert (opened["number"][:4], opened["state"]) == ("QAS-", "open")
    path = f"{AT}/{opened['number']}"
    findings = [
        {"title": "Restores are not tested"},
        {"title": "Two tickets without a cause", "service": "mail"},
    ]
    concluded = await house.second.post_ok(f"{path}/conclude", {"summary": "Well.", "findings": findings})
    assert concluded["state"] == "concluded"
    rows = (await house.quality.read(f"{path}/findings"))["items"]
    assert [(row["place"], row["title"]) for row in rows] == [
        (1, "Restores are not tested"),
        (2, "Two tickets without a cause"),
    ]

    improving = await house.second.post_ok(f"{path}/improve", {"actions": [measure(house, 1)]})
    assert improving["state"] == "improving"
    refused = await house.quality.post(f"{path}/verify", json={"evidence": "All is done."})
    assert (refused.status_code, refused.json()["code"]) == (409, "finding_without_action")
    await house.second.post_ok(f"{path}/improve", {"actions": [measure(house, 2, title="Name the causes")]})
    corrections = (await house.quality.read(f"{path}/corrections"))["items"]
    actions = [f"/v1/corrective_actions/{row['corrective_action_id']}" for row in corrections]
    planned = [await house.first.read(action) for action in actions]
    assert [(row["title"], row["source_number"], row["occasion"]) for row in planned] == [
        ("Test the restore", opened["number"], "assessment"),
        ("Name the causes", opened["number"], "assessment"),
    ]
    await house.first.post_ok(f"{actions[0]}/complete", {"evidence": "It is in place."})
    await house.quality.post_ok(f"{actions[0]}/verify", {"verification": "It works."})
    refused = await house.quality.post(f"{path}/verify", json={"evidence": "All is done."})
    assert refused.json()["code"] == "actions_not_verified"
    assert planned[1]["number"] in refused.json()["detail"]
    await house.quality.post_ok(f"{actions[1]}/drop", {"reason": "They are named."})
    verified = await house.quality.post_ok(f"{path}/verify", {"evidence": "All is done."})
    assert (verified["state"], verified["verified_by"]["id"]) == ("verified", house.quality.id)
    assert await kinds_of(house.quality, path) == [
        f"quality_assessment.{name}" for name in ("opened", "concluded", "improved", "improved", "verified")
    ]
    await house.pass_time(minutes=5)
    assert await house.told(house.second) == ["in_charge", "to_verify"]
    assert (await house.told(house.first))[0] == "in_charge"


async def test_on_demand_it_is_of_one_service_and_otherwise_of_everything(house: House) -> None:
    refused = await house.quality.post(AT, json=opening(house, cycle="on_demand"))
    assert errors(refused) == [("/service", "service_on_demand")]
    refused = await house.quality.post(AT, json=opening(house, ends_at=begin_of(house, 2026, 4, 1)))
    assert errors(refused) == [("/ends_at", "ends_before_begin")]
    opened = await house.quality.post_ok(AT, opening(house, cycle="on_demand", service="mail"))
    assert opened["service"] == "mail"
    assert (await house.agent.post(AT, json=opening(house))).status_code == 403


async def test_what_is_wrong_with_an_action_is_said_where_it_stands_and_none_is_planned(house: House) -> None:
    opened = await house.quality.post_ok(AT, opening(house))
    path = f"{AT}/{opened['number']}"
    findings = [{"title": "Restores are not tested"}]
    await house.second.post_ok(f"{path}/conclude", {"summary": "Well.", "findings": findings})
    actions = [measure(house, 1), measure(house, 1, due_at=at(days=-1))]
    refused = await house.second.post(f"{path}/improve", json={"actions": actions})
    assert errors(refused) == [("/actions/1/due_at", "not_ahead")]
    refused = await house.second.post(f"{path}/improve", json={"actions": [measure(house, 2)]})
    assert errors(refused) == [("/actions/0/finding", "unknown_value")]
    assert (await house.quality.read("/v1/corrective_actions"))["items"] == []
