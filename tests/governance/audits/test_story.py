"""A month of audits as people live it: self-checks, the 15th, the 25th, the draw, findings and points."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.automation.governance.award_audit_points import awards_of_finding
from app.common.times.clocks import ClockEventType
from app.foundation.audit_points.lookups import points_of
from app.foundation.audit_points.records import PointPart
from app.foundation.audit_points.tariff import DEFAULTS
from app.foundation.months import month_of
from app.governance.audits.drawing import draw_sample, seed_of
from app.governance.audits.lookups import CaseSelection, selected_cases
from app.governance.findings.records import Finding
from app.log import read
from app.log.canonical import from_instant
from app.log.events import id_of, kind_of
from tests.client import Client, Json
from tests.clocks import append_clock_event
from tests.extent import in_test_all
from tests.governance.audits.conftest import Office

SELF_CHECK: Json = {
    "measures": [{"text": "The checklist is new."}],
    "deviations": [{"text": "One was late.", "about": "INC-2026-000001"}],
}
SUMMARY: Json = {"low_performers": "The night shift.", "measures": "A training in December."}


async def opened(office: Office, cases: int = 3) -> str:
    """The address of the audit of the month in which the team solved so many incidents."""
    month = month_of(office.now, office.zone)
    for _ in range(cases):
        await office.solve()
    await office.move_to(office.day(month, 1))
    await office.open()
    return f"/v1/audits/{(await office.audit())['number']}"


async def test_audits_open_by_themselves_once_and_are_submitted_summarised_and_countersigned(
    office: Office,
) -> None:
    path = await opened(office)
    await office.open()  # nothing is opened twice
    audit = await office.audit()
    for address, body in (
        ("/v1/audits", {"month": audit["month"], "team": "network", "process": "request"}),
        ("/v1/findings", office.finding()),
    ):
        refused = await office.quality.post(address, json={**body, "head": office.agent.id})
        assert [error["code"] for error in refused.json()["errors"]] == ["not_the_head"], address
    month = audit["month"]
    assert (audit["state"], audit["process"], audit["head"]["id"]) == ("open", "incident", office.head.id)
    assert audit["opened_at"] < audit["self_check_due_at"] < audit["summary_due_at"]

    prefill = await office.supervisor.read(f"{path}/self_check")
    assert (prefill["runs"], prefill["irregular_cases"]) == (3, 0)

    await office.move_to(office.day(month, 17))
    late = await office.audit()
    assert late["self_check_overdue_at"] == late["self_check_due_at"]
    submitted = await office.supervisor.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    assert (submitted["state"], submitted["runs"], submitted["log_runs"]) == ("submitted", 3, 3)
    entries = (await office.quality.read(f"{path}/self_check_entries"))["items"]
    assert Counter(entry["item"] for entry in entries) == {"measures": 1, "deviations": 1}

    confirmed = await office.administrator.post_ok(f"{path}/confirm_summary", SUMMARY)
    assert confirmed["state"] == "confirmed"
    refused = await office.quality.post(f"{path}/conclude", json={"summary": "In order."})
    assert (refused.status_code, refused.json()["code"]) == (409, "audit_not_countersigned")

    await office.move_to(office.day(month, 27))  # the 25th is over for a day and a half
    assert (await office.audit())["summary_overdue_at"] is not None
    signed = await office.head.post_ok(f"{path}/countersign")
    assert (signed["state"], signed["late_days"]) == ("countersigned", 2)
    conclusion = {"summary": "In order.", "incomplete_items": ["measures", "runs"]}
    refused = await office.quality.post(f"{path}/conclude", json=conclusion)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_drawn")
    await office.quality.post_ok(f"{path}/draw", {"size": 2})
    # The team itself has found the deviation, as its self-check shows.
    finding = await office.quality.post_ok(
        "/v1/findings", office.finding(self_found=True, audit=audit["number"])
    )
    assert finding["self_found"]
    done = await office.quality.post_ok(f"{path}/conclude", conclusion)
    assert done["state"] == "concluded"

    await office.follow()
    assert await office.points(office.head) == [(office.head.id, "head", "summary_late", 20)]
    assert await office.points(office.supervisor) == [
        (office.supervisor.id, "supervisor", "self_check_incomplete", 20)
    ]


async def test_a_self_check_that_is_never_submitted_costs_as_much_as_one_that_lacks_everything(
    office: Office,
) -> None:
    path = await opened(office, cases=1)
    audit = await office.audit()
    assert audit["supervisor"]["id"] == office.supervisor.id
    await office.move_to(office.day(audit["month"], 27))
    await office.quality.post_ok(f"{path}/draw", {"size": 1})
    done = await office.quality.post_ok(f"{path}/conclude", {"summary": "Nobody has answered."})
    assert len(done["incomplete_items"]) == 4
    await office.follow()
    assert await office.points(office.supervisor) == [
        (office.supervisor.id, "supervisor", "self_check_incomplete", 4 * 10)
    ]


async def test_a_draw_is_drawn_again_from_its_event_alone_whatever_happens_afterwards(office: Office) -> None:
    path = await opened(office, cases=6)
    answer = await office.quality.post(f"{path}/draw", json={"seed": 20261127, "size": 3})
    assert answer.status_code == 422, "nobody chooses the seed"
    record = await office.quality.post_ok(f"{path}/draw", {"size": 3})
    (sample,) = (await office.quality.read(f"{path}/draws"))["items"]
    assert (sample["population"], len(sample["drawn"]), sample["irregular"]) == (6, 3, 0)
    assert sample["incomplete_items"] == ["runs", "measures", "deviations", "design_faults"]

    first = sample["drawn"][0].partition("/")[2]
    await office.agent.post_ok(f"/v1/incidents/{first}/comment", {"text": "It is back."})
    await office.solve()
    events = await read.stream_events(office.api.ledger.db, f"audit/{record['id']}")
    (event,) = [event for event in events if event.type == "audit.sample_drawn"]
    assert await drawn_again(office, event.rows_set("audit_draw")) == sample["drawn"]
    # Anybody can compute the seed from what the draw names; nobody knows it beforehand.
    assert seed_of(UUID(sample["head_event_id"]), UUID(sample["id"])) == sample["seed"]
    newest = (await read.events_after(office.api.ledger.db, sample["position"] - 1, 1))[0]
    assert str(newest.id) == sample["head_event_id"]
    await office.quality.post_ok(f"{path}/draw", {"size": 3})
    later = (await office.quality.read(f"{path}/draws"))["items"][-1]
    assert later["seed"] != sample["seed"]


async def drawn_again(office: Office, rows: dict[str, dict[str, Any]]) -> list[str]:
    """What is drawn with what the event says, from the log."""
    (fields,) = rows.values()
    selection = CaseSelection(
        fields["process"],
        UUID(fields["team_id"]),
        from_instant(fields["begins_at"]),
        from_instant(fields["ends_at"]),
        fields["position"],
    )
    ledger = office.api.ledger
    cases = await selected_cases(ledger.db.rows, ledger.lifecycles, selection)
    return draw_sample(cases, fields["seed"], fields["size"])


def test_a_draw_takes_all_in_the_order_of_the_seed_and_a_larger_one_takes_the_same_first() -> None:
    cases = [f"incident/{n}" for n in range(50)]
    small, large = draw_sample(cases, 7, 5), draw_sample(list(reversed(cases)), 7, 20)
    assert large[:5] == small
    assert draw_sample(cases, 8, 5) != small
    assert sorted(draw_sample(cases, 7, 100)) == sorted(cases)


async def test_a_finding_is_objected_to_decided_by_another_corrected_and_verified(office: Office) -> None:
    finding = await office.raised()
    path = f"/v1/findings/{finding['number']}"
    assert (finding["head"]["id"], finding["repeats_id"]) == (office.head.id, None)
    objected = await office.agent.post_ok(f"{path}/object", {"objection": "It was another case."})
    assert objected["state"] == "objected"
    verdict = {"verdict": "upheld", "verdict_reason": "It is this one."}
    refused = await office.quality.post(f"{path}/decide_objection", json=verdict)
    assert (refused.status_code, refused.json()["code"]) == (403, "separation_of_duties")
    upheld = await office.second_quality.post_ok(f"{path}/decide_objection", verdict)
    assert (upheld["state"], upheld["verdict"]) == ("raised", "upheld")
    refused = await office.agent.post(f"{path}/object", json={"objection": "Once more."})
    assert (refused.status_code, refused.json()["code"]) == (409, "objection_decided")
    for other in (office.supervisor, office.head):
        again = await other.post_ok(f"{path}/object", {"objection": "I was on leave."})
        assert (again["state"], again["verdict"]) == ("objected", None), "each of them can object once"
        await office.second_quality.post_ok(f"{path}/decide_objection", verdict)
    refused = await office.supervisor.post(f"{path}/object", json={"objection": "Once more."})
    assert (refused.status_code, refused.json()["code"]) == (409, "objection_decided")
    corrected = await office.head.post_ok(f"{path}/correct", {"correction": "It is written down."})
    assert corrected["state"] == "corrected"
    verified = await office.quality.post_ok(f"{path}/verify", {"verification": "Seen."})
    assert verified["state"] == "verified"


async def test_points_double_for_the_same_again_end_with_the_finding_and_spare_what_the_team_found(
    office: Office,
) -> None:
    first = await office.raised()
    await office.follow()
    assert await office.points(office.agent) == [(office.agent.id, "person", "violation", 20)]
    second = await office.raised()
    assert second["repeats_id"] == first["id"]
    refused = await office.quality.post("/v1/findings", json=office.finding(self_found=True))
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        ("/self_found", "not_in_self_check")
    ]
    await office.self_found()
    await office.follow()
    assert [points for *_, points in await office.points(office.agent)] == [40, 20]
    assert sum(points for *_, points in await office.points(office.head)) == 5 + 20

    await office.agent.post_ok(f"/v1/findings/{second['number']}/object", {"objection": "It is not."})
    verdict = {"verdict": "withdrawn", "verdict_reason": "It is not."}
    await office.second_quality.post_ok(f"/v1/findings/{second['number']}/decide_objection", verdict)
    await office.follow()
    assert [points for *_, points in await office.points(office.agent)] == [20]


async def test_the_same_case_repeats_nothing_and_is_evidence_only_against_a_team_that_had_it(
    office: Office,
) -> None:
    number = await office.solve()
    first = await office.raised(evidence=[number])
    # On one day one fault of somebody in one case counts once, however often it is raised.
    again = office.finding(evidence=["The log", number])
    refused = (await office.quality.post("/v1/findings", json=again)).json()["errors"]
    assert [(error["pointer"], error["code"]) for error in refused] == [("/evidence/1", "found_already")]
    assert first["number"] in refused[0]["message"]
    await office.raised(evidence=[number], kind="record_missing")
    office.now += timedelta(days=1)
    assert (await office.raised(evidence=[number, "The log"]))["repeats_id"] is None
    await office.api.team("storage")
    refused = await office.quality.post(
        "/v1/findings", json=office.finding(team="storage", evidence=[number])
    )
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        ("/evidence/0", "case_of_another_team")
    ]


async def test_an_audit_that_is_opened_late_leaves_time_for_the_self_check(office: Office) -> None:
    month = month_of(office.now, office.zone)
    await office.solve()
    await office.move_to(office.day(month, 28))
    await office.open()
    audit = await office.audit()
    assert from_instant(audit["self_check_due_at"]) == office.now + timedelta(days=7)
    assert audit["self_check_overdue_at"] is None


async def test_nobody_repeats_what_another_one_did_nor_what_was_withdrawn(office: Office) -> None:
    await office.raised(person=office.supervisor.id)
    second = await office.raised()
    await office.follow()
    assert [points for *_, points in await office.points(office.agent)] == [20], "another one did it before"
    assert sorted(points for *_, points in await office.points(office.head)) == [5, 20], "the team did"
    third = await office.raised()
    assert third["repeats_id"] == second["id"]
    await office.follow()
    assert sorted(points for *_, points in await office.points(office.agent)) == [20, 40]

    path = f"/v1/findings/{second['number']}"
    await office.agent.post_ok(f"{path}/object", {"objection": "It is not."})
    verdict = {"verdict": "withdrawn", "verdict_reason": "It is not."}
    await office.second_quality.post_ok(f"{path}/decide_objection", verdict)
    await office.follow()
    assert [points for *_, points in await office.points(office.agent)] == [20]
    assert sorted(points for *_, points in await office.points(office.head)) == [5, 20]


async def test_points_and_findings_are_seen_by_those_concerned_and_the_quality_managers_alone(
    office: Office,
) -> None:
    finding = await office.raised()
    await office.follow()
    assert len(await office.points(office.quality)) == 3
    for reader in (office.agent, office.supervisor, office.head):
        assert {person for person, *_ in await office.points(reader)} == {reader.id}
    readers = [
        await office.api.client(f"Other {role}", role)
        for role in ("admin", "auditor", "management", "department_head", "engineer", "requester")
    ]
    (points,) = (await office.quality.read("/v1/audit_points", person=office.agent.id))["items"]
    for reader in (*readers, office.administrator, office.head):
        if reader is not office.head:
            assert await office.points(reader) == []
        for path in (f"/v1/audit_points/{points['id']}", f"/v1/audit_points/{points['id']}/events"):
            assert (await reader.get(path)).status_code == 404
        assert points["id"] not in str(await feed(reader))
    statuses = [(await reader.get(f"/v1/findings/{finding['number']}")).status_code for reader in readers]
    assert statuses == [404, 200, 200, 404, 404, 404]
    assert "violation" not in str(await feed(readers[4]))


async def feed(reader: Client) -> list[Json]:
    """What the feed of events tells somebody of points and findings."""
    events: list[Json] = (await reader.read("/v1/events", limit=200))["items"]
    return [event for event in events if kind_of(event["stream"]) in ("audit_point", "finding")]


@in_test_all
async def test_points_counted_again_from_the_events_are_those_that_were_given(office: Office) -> None:
    await office.raised()
    set_rule = {"basis": "violation", "person_points": 30, "supervisor_points": 0, "head_points": 1}
    await office.quality.post_ok("/v1/point_rules", {**set_rule, "reason": "The new regulation."})
    await office.raised(kind="design_fault")
    await office.raised(title="Once more")
    await office.raised(kind="violation", team="network", process="request")
    await office.follow()

    rules = {basis: tuple(tariff) for basis, tariff in DEFAULTS.items()}
    counted: Counter[str] = Counter()
    findings: dict[str, Finding] = {}
    for event in await read.events_after(office.api.ledger.db, 0, 10_000):
        if event.type == "point_rule.set":
            fields = event.set_fields
            rules[fields["basis"]] = tuple(fields[f"{part}_points"] for part in PointPart)
        elif event.type == "finding.raised":
            findings[str(id_of(event.stream))] = Finding(
                id=id_of(event.stream), person_id=UUID(event.set_fields["person_id"])
            )
            earlier = findings.get(str(event.set_fields.get("repeats_id")))
            for award in awards_of_finding(event.set_fields, earlier):
                points = rules[award.basis][list(PointPart).index(award.part)]
                counted[str(award.person_id)] += points * award.times
    begin, end = office.now - timedelta(days=1), office.now + timedelta(days=1)
    for person in (office.agent, office.supervisor, office.head):
        entries = await points_of(office.api.ledger.db.rows, UUID(person.id), begin, end)
        assert sum(entry.points or 0 for entry in entries) == counted[person.id]
    assert counted[office.agent.id] == 20 + 20 + 40 + 30


@in_test_all
async def test_a_draw_lists_what_the_log_shows_to_be_irregular_with_the_rule_that_found_it(
    office: Office,
) -> None:
    month = month_of(office.now, office.zone)
    late, edited, _ = [await office.solve() for _ in range(3)]
    incident = await office.agent.read(f"/v1/incidents/{late}")
    await append_clock_event(
        office.api.ledger, f"incident/{incident['id']}", ClockEventType.breached, occurred_at=office.now
    )
    path = f"/v1/incidents/{edited}"
    headers = {"If-Match": "*"}
    answer = await office.agent.patch(path, json={"title": "It was another one"}, headers=headers)
    assert answer.status_code == 200, answer.text
    await office.move_to(office.day(month, 1))
    await office.open()
    audit = f"/v1/audits/{(await office.audit())['number']}"
    prefill = await office.supervisor.read(f"{audit}/self_check")
    assert (prefill["irregular_cases"], prefill["by_rule"]) == (2, {"late_step": 1, "wrong_form": 1})
    await office.supervisor.post_ok(
        f"{audit}/submit_self_check", {"measures": [{"text": "None."}], "runs": 2}
    )
    await office.quality.post_ok(f"{audit}/draw", {"size": 1})
    rows = (await office.quality.read(f"{audit}/irregularities"))["items"]
    assert {(row["about"], row["rule"]) for row in rows} == {
        (f"incident/{incident['id']}", "late_step"),
        (f"incident/{(await office.agent.read(path))['id']}", "wrong_form"),
    }
    (sample,) = (await office.quality.read(f"{audit}/draws"))["items"]
    assert sample["incomplete_items"] == ["runs", "deviations"]
