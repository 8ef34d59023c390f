"""A report's story over HTTP: breach, cause, report, late event, correction, consequence."""

from __future__ import annotations

from datetime import datetime

from app.common.people import Role
from tests.client import Json
from tests.extent import in_test_all
from tests.service_reports.desk import PERIOD, SHANGHAI, ReportDesk, at


def only_target(report: Json) -> Json:
    """The one target of the report."""
    (target,) = report["report"]["targets"]
    found_target: Json = target
    return found_target


async def test_a_breach_is_reported_with_its_cause_and_a_late_event_makes_a_correction(
    desk: ReportDesk,
) -> None:
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    late = await desk.incident(at(2, 10), at(2, 16))
    await desk.parties.manager.post_ok(f"{late}/state_breach_cause", {"cause": "vendor"})
    issued = await desk.issued(path, remarks="One call waited for the carrier. 有一单等待运营商。")
    target, report = only_target(issued), issued["report"]
    assert (target["result"], target["verdict"]) == ("0.5", "missed")
    assert (target["cases"], target["met"], target["missed"]) == (2, 1, 1)
    (breach,) = target["breaches"]
    number = (await desk.tool.read(late))["number"]
    assert (breach["number"], breach["elapsed_seconds"]) == (number, 6 * 3600)
    assert breach["breached_at"].startswith(at(2, 14).isoformat()[:19])
    assert issued["staff"]["causes"][0]["cause"] == "vendor"
    assert issued["staff"]["cause_counts"] == [{"target": "t1", "cause": "vendor", "cases": 1}]
    assert (report["period"], report["improvement_needed"]) == (PERIOD, ["t1"])
    assert report["workload"] == [{"process": "incident", "expected": "2", "cases": 2, "above": False}]
    assert issued["number"].startswith("SR")

    # Half a year of silence does not change it; a call that is told of later does not either.
    await desk.incident(at(3, 10), at(3, 17), title="Told of later")
    await desk.follow()
    manager, place = desk.parties.manager, f"{path}/reports/{issued['number']}"
    assert await manager.read(place) == issued
    recomputed = (await manager.read(place, recompute="true"))["recomputed"]
    assert not recomputed["same"]
    changed = {change["path"]: (change["before"], change["after"]) for change in recomputed["changes"]}
    assert changed["targets/t1/missed"] == ("1", "2")
    assert changed["targets/t1/result"] == ("0.5", "0.333333")
    assert changed["workload/incident/above"] == ("false", "true")

    await manager.post_ok(
        f"{path}/correct_report", {"number": issued["number"], "remarks": "A call was told of later."}
    )
    corrected = await manager.read(place, recompute="true")
    assert (corrected["edition"], only_target(corrected)["missed"]) == (2, 2)
    assert corrected["recomputed"]["same"]
    first, second = corrected["editions"]
    assert (first["changes"], second["remarks"]) == (None, "A call was told of later.")
    assert "targets/t1/missed" in {change["path"] for change in second["changes"]}
    before = await manager.read(place, edition="1")
    assert before["report"] == issued["report"]
    refused = await manager.post(
        f"{path}/correct_report", json={"number": issued["number"], "remarks": "Once more."}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "report_agrees")
    event_types = [event["type"] for event in (await manager.read(f"{path}/events"))["items"]]
    assert event_types[-2:] == ["sla.report_issued", "sla.report_corrected"]


async def test_a_consequence_is_proposed_by_the_result_and_released_by_somebody_else(
    desk: ReportDesk,
) -> None:
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    await desk.incident(at(2, 10), at(2, 16))
    issued = await desk.issued(path)
    (line,) = issued["staff"]["consequences"]
    # 12,000 a year are 1,000 a month; one of two in time is below 0.9, and not below 0.4.
    assert (line["due"], line["below"], line["percent"]) == (True, "0.9", "5")
    assert (line["cost"], line["amount"], line["currency"]) == ("1000.00", "50.00", "CNY")
    body = {"number": issued["number"], "target": "t1"}
    refused = await desk.parties.manager.post(f"{path}/release_consequence", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "released_by_another")
    await desk.second_manager.post_ok(f"{path}/release_consequence", body)
    again = await desk.second_manager.post(f"{path}/release_consequence", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "released_before")
    for because, wrong in (
        ("no_such_report", {**body, "number": "SR1999001"}),
        ("no_consequence", {**body, "target": "t9"}),
    ):
        answer = await desk.second_manager.post(f"{path}/release_consequence", json=wrong)
        assert [error["code"] for error in answer.json()["errors"]] == [because]
    lead = desk.parties.leads["finance"]
    report_seen = await lead.read(f"{path}/reports/{issued['number']}")
    (released,) = report_seen["released"]
    assert (released["amount"], released["currency"], released["target"]) == ("50.00", "CNY", "t1")
    assert released["released_by"]["name"] == "Second manager"


async def test_the_customer_sees_the_report_and_nothing_that_is_for_staff(desk: ReportDesk) -> None:
    path = await desk.agreement()
    late = await desk.incident(at(2, 10), at(2, 16))
    await desk.tool.post_ok(
        f"{late}/book_cost", {"amount": "77.70", "currency": "CNY", "purpose": "A courier."}
    )
    issued = await desk.issued(path)
    lead, place = desk.parties.leads["finance"], f"{path}/reports/{issued['number']}"
    report_seen = await lead.read(place, recompute="true")
    assert report_seen["staff"] is None
    assert report_seen["recomputed"]["staff_changes"] is None
    assert report_seen["report"] == issued["report"]
    assert issued["staff"]["causes"][0]["cause"] is None
    event = (await lead.read(f"{path}/events"))["items"][-1]
    assert event["type"] == "sla.report_issued"
    (row,) = [fields for key, fields in event["set"].items() if key.startswith("sla_report/")]
    assert row["content"]["improvement_needed"] == ["t1"]
    assert "staff_content" not in row
    page = await lead.get(place, headers={"Accept": "text/html"})
    assert "For staff only" not in page.text
    stranger = await desk.api.client("Somebody else")
    for address in (place, f"{path}/reports", f"{path}/report_preview?period={PERIOD}"):
        assert (await stranger.get(address)).status_code == 404


async def test_a_report_is_of_a_period_that_is_over_and_issued_once(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.issued(path)
    manager, running = desk.parties.manager, f"{datetime.now(SHANGHAI):%Y-%m}"
    for because, period in (
        ("period_not_over", running),
        ("no_report_period", PERIOD[:4]),
        ("not_in_force_then", "2019-05"),
        ("period_not_over", f"{int(PERIOD[:4]) + 2}-01"),
    ):
        answer = await manager.post(f"{path}/issue_report", json={"period": period})
        assert [error["code"] for error in answer.json()["errors"]] == [because], period
    again = await manager.post(f"{path}/issue_report", json={"period": PERIOD})
    assert (again.status_code, again.json()["code"]) == (409, "report_issued")
    agent = await desk.api.client("An agent", Role.agent)
    refused = await agent.post(f"{path}/issue_report", json={"period": PERIOD})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    preview = await manager.read(f"{path}/report_preview", period=running)
    assert (preview["number"], preview["report"]["over"]) == (None, False)
    ahead = await manager.get(f"{path}/report_preview", params={"period": f"{int(PERIOD[:4]) + 2}-01"})
    assert [error["code"] for error in ahead.json()["errors"]] == ["period_not_begun"]


@in_test_all
async def test_who_left_what_out_of_account_stands_in_the_report(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    wrong = await desk.incident(at(2, 10), None)
    await desk.tool.post_ok(
        f"{wrong}/cancel", {"reason": "Another number.", "occurred_at": at(2, 11).isoformat()}
    )
    issued = await desk.issued(path)
    (left_out,) = issued["report"]["exclusions"]
    number = (await desk.tool.read(wrong))["number"]
    assert (left_out["what"], left_out["number"], left_out["reason"]) == ("case", number, "cancelled")
    assert left_out["by"].endswith(desk.tool.id)
    assert issued["names"] == {desk.tool.id: "Telephone"}
    target = only_target(issued)
    assert (target["excluded"], target["cases"], target["verdict"]) == (1, 1, "met")
    assert issued["staff"]["consequences"][0]["due"] is False
