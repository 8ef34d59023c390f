"""What draws list as irregular in the cases of a month: by the log, and by the path that they should take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from app.conformance.facts.consumer import consumer
from app.foundation.months import month_of
from app.governance.audits.lookups import irregularities
from app.governance.audits.preparation import approval_events
from app.governance.audits.records import IrregularityRule
from app.log import read
from app.log.events import Event, stream
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.platform.db import connect
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.client import RESOLVED, Json, an_incident
from tests.exchange.servicenow_files import a_case, a_file, import_file
from tests.extent import in_test_all
from tests.governance.audits.conftest import TEAM, Office
from tests.processes.changes.samples import REVIEWED

MARCH: Json = {"month": "2026-03", "process": "incident"}


async def follow_cases(office: Office) -> None:
    """Conformance has followed the log."""
    connection = await connect(office.api.ledger.db.url, FOLLOW_LIMITS)
    await catch_up(connection, consumer(LIFECYCLES))
    await connection.close()


async def run(office: Office, *steps: tuple[str, Json]) -> str:
    """The id of an incident of the team that took these steps."""
    incident = await office.agent.post_ok("/v1/incidents", an_incident())
    for action, body in steps:
        await office.agent.post_ok(f"/v1/incidents/{incident['number']}/{action}", body)
    return str(incident["id"])


ASSIGN = ("assign", {"team": TEAM, "person": "me"})
RESOLVE = ("resolve", RESOLVED)


async def audited(office: Office, month: str) -> str:
    """The address of the audit of the month, which is over."""
    await office.move_to(office.day(month, 1))
    await office.open()
    return f"/v1/audits/{(await office.audit())['number']}"


async def listed(office: Office, audit: str) -> set[tuple[str, str, str | None]]:
    """What the last draw lists: the case, the rule, and the step that it is about."""
    rows = (await office.quality.read(f"{audit}/irregularities"))["items"]
    return {(row["about"].partition("/")[2], row["rule"], row["step"]) for row in rows}


async def test_a_step_done_twice_and_an_end_without_words_are_listed_and_stand_in_the_event_of_the_draw(
    office: Office,
) -> None:
    month = month_of(office.now, office.zone)
    good = await run(office, ASSIGN, ("acknowledge", {}), RESOLVE, ("close", {}))
    again = await run(
        office,
        *(ASSIGN, ("acknowledge", {}), RESOLVE, ("reopen", {"reason": "It is back."})),
        *(RESOLVE, ("close", {})),
    )
    copy = await run(office, ASSIGN, ("mark_duplicate", {"original": good}))
    await follow_cases(office)
    audit = await audited(office, month)
    prefill = await office.supervisor.read(f"{audit}/self_check")
    assert (prefill["runs"], prefill["path_source"]) == (3, "shipped")
    assert prefill["by_rule"] == {"doubled_step": 1, "missing_evidence": 1}
    record = await office.quality.post_ok(f"{audit}/draw", {"size": 2})
    assert await listed(office, audit) == {
        (again, "doubled_step", "incident.resolved"),
        (copy, "missing_evidence", None),
    }

    # All of it stands in the event of the draw, whatever becomes of the cases and of what conformance knows.
    (sample,) = (await office.quality.read(f"{audit}/draws"))["items"]
    events = await read.stream_events(office.api.ledger.db, f"audit/{record['id']}")
    (event,) = [event for event in events if event.type == "audit.sample_drawn"]
    (fields,) = event.rows_set("audit_draw").values()
    assert (fields["path_source"], fields["irregular"]) == ("shipped", 2)
    assert 0 < fields["facts_position"] == sample["facts_position"] <= sample["position"]
    rows = event.rows_set("audit_irregularity").values()
    assert {row.get("step") for row in rows} == {"incident.resolved", None}
    twice = max(
        event.position
        for event in await read.stream_events(office.api.ledger.db, f"incident/{again}")
        if event.type == "incident.resolved"
    )
    assert twice in {row["position"] for row in rows}


@in_test_all
async def test_what_conformance_has_not_heard_of_yet_is_not_listed_and_the_draw_says_how_far_it_was(
    office: Office,
) -> None:
    month = month_of(office.now, office.zone)
    await run(office, ASSIGN, ("acknowledge", {}), RESOLVE, ("reopen", {"reason": "Once more."}), RESOLVE)
    audit = await audited(office, month)
    await office.quality.post_ok(f"{audit}/draw", {"size": 2})
    (sample,) = (await office.quality.read(f"{audit}/draws"))["items"]
    assert (sample["irregular"], sample["facts_position"]) == (0, None)


@in_test_all
async def test_imported_cases_that_end_without_words_or_take_no_step_of_the_lifecycle_are_listed(
    office: Office, tmp_path: Path
) -> None:
    history = [
        *a_case("INC0001", "New", "Active", "Resolved", assignment_group=TEAM),
        *a_case("INC0002", "New", "Resolved", "Active", "Closed", assignment_group=TEAM, day=3),
    ]
    await import_file(office.api.ledger, a_file(tmp_path, history))
    opened = await office.quality.post_ok("/v1/audits", {**MARCH, "team": TEAM})
    audit = f"/v1/audits/{opened['number']}"
    await office.quality.post_ok(f"{audit}/draw", {"size": 1})
    irregular = await listed(office, audit)
    assert {rule for _, rule, _ in irregular} == {"missing_evidence", "out_of_order"}
    assert len([case for case, rule, _ in irregular if rule == "out_of_order"]) == 1


@in_test_all
async def test_a_judgement_by_whoever_opened_the_case_is_listed(office: Office) -> None:
    me, other, ended_at = uuid4(), uuid4(), datetime(2026, 3, 1, tzinfo=UTC)
    cases = [await judged(office, judge, ended_at, by=me) for judge in (me, other)]
    ledger = office.api.ledger
    irregular = await irregularities(
        ledger.db.rows,
        LIFECYCLES_BY_KIND["change"],
        ["change.reviewed"],
        cases,
        await read.head(ledger.db),
    )
    approved = [each.about for each in irregular if each.rule is IrregularityRule.self_approval]
    assert approved == [cases[0]]


def test_requesters_who_accept_what_they_asked_for_approve_nothing_of_their_own() -> None:
    request, change = LIFECYCLES_BY_KIND["request"], LIFECYCLES_BY_KIND["change"]
    assert "request.accepted" not in approval_events(request)
    assert {"request.voted", "request.chair_decided"} <= set(approval_events(request))
    assert "change.voted" in approval_events(change)


async def judged(office: Office, judge: UUID, ended_at: datetime, *, by: UUID) -> str:
    """The stream of a change that one person drafted and another reviewed."""
    name = stream("change", uuid7())
    steps = (("drafted", {"type": "normal"}, "draft", by), ("reviewed", REVIEWED, "closed", judge))
    events = tuple(
        Event(
            id=uuid7(),
            stream=name,
            version=version,
            type=f"change.{step}",
            occurred_at=ended_at + timedelta(hours=version),
            actor=f"person:{actor}",
            correlation_id="told",
            source="api",
            data={"given": payload, "set": {name: {"state": state}}},
        )
        for version, (step, payload, state, actor) in enumerate(steps, 1)
    )
    await office.api.ledger.writer.write(AppendRequest(reads={name: 0}, events=events))
    return name
