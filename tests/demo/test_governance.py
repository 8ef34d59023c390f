"""The demo's year of governance: what a newcomer looks for in its registers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from app.demo.script import IMPORTED_SOURCE
from app.governance.process_definitions.lifecycle import LIFECYCLE as DEFINITIONS
from app.kernel.ledger import Ledger
from tests.automation.worker import Worker
from tests.extent import in_test_all

IMPORTED_EVENTS = """
select type, source from log.told
where stream = %s and type = 'finding.withdrawn' or type = 'audit.summary_fell_overdue'"""

FLAGGED = """
select count(*) from log.event where actor = any(%s) and position > %s"""
ON_AGENDA = """
select i.topic, c.number from fold.agenda_item i join fold.change c on i.about = 'change/' || c.id"""
#: The rules that flag what the demo has flagged already.
FLAGGERS = [
    f"rule:{name}"
    for name in (
        *("flag_corrective_actions", "flag_risk_actions", "remind_of_reassessments"),
        *("flag_overdue_reassessments", "lapse_risk_acceptances"),
        *("flag_document_reviews", "open_maintenance_rounds", "flag_maintenance_rounds"),
        *("publish_scorecards", "conclude_scorecards", "lapse_scorecard_ratings"),
        *("flag_overdue_self_checks", "flag_overdue_summaries", "flag_overdue_findings"),
    )
]


async def test_its_processes_are_defined_at_each_level_and_a_manual_is_in_review(
    demo_to_read: Ledger,
) -> None:
    rows = await demo_to_read.db.rows(f"select * from {DEFINITIONS.source} r", ())
    assert {row["process"]: (row["state"], row["level"], row["parent"]) for row in rows} == {
        "it-services": ("published", 1, None),
        "incident": ("published", 2, "it-services"),
        "request": ("published", 2, "it-services"),
        "change": ("published", 2, "it-services"),
        "shift-hand-over": ("in_review", 3, "incident"),
        "problem": ("draft", 2, "it-services"),
    }
    published = [row for row in rows if row["state"] == "published"]
    assert all(row["document_number"] and row["owner_id"] != row["executor_id"] for row in published)
    (incident,) = (row for row in rows if row["process"] == "incident")
    assert [activity.get("time_limit_seconds") for activity in incident["activities"]] == [
        1800,
        3600,
        28_800,
        432_000,
    ]
    assert incident["control_points"]
    assert not incident["expected_path"], "the shipped one is expected"


async def test_its_risks_are_of_every_level_and_one_is_accepted_and_one_has_occurred(
    demo_to_read: Ledger,
) -> None:
    risks = await demo_to_read.db.rows("select * from fold.risk", ())
    assert Counter(risk["state"] for risk in risks) == {"treated": 6, "assessed": 2, "closed": 1}
    assert {risk["risk_level"] for risk in risks} == {"low", "medium", "high"}
    assert {risk["move"] for risk in risks} == {"up", "down", "same", None}
    accepted = [risk for risk in risks if risk["response"] == "accept"]
    assert [(risk["risk_level"], risk["accepted_by_management"]) for risk in accepted] in (
        [("low", False), ("high", True)],
        [("high", True), ("low", False)],
    )
    assert sum(risk["overdue_at"] is not None for risk in risks) == 1, "one is to be assessed anew, and late"
    occurrences = await demo_to_read.db.rows("select loss, currency from fold.risk_occurrence", ())
    assert [(row["loss"], row["currency"]) for row in occurrences] == [("12400.00", "EUR")]
    indicators = await demo_to_read.db.rows("select kpi, reached_at from fold.risk_indicator", ())
    assert [(row["kpi"], row["reached_at"]) for row in indicators] == [("backlog", None)]
    late = "select title from fold.risk_action where overdue_at is not null"
    assert await demo_to_read.db.value(late, ()) == "接入第二条专线"


async def test_its_corrective_actions_are_done_but_for_one_that_is_overdue(demo_to_read: Ledger) -> None:
    rows = await demo_to_read.db.rows("select * from fold.corrective_action", ())
    verified = [row for row in rows if row["state"] == "verified"]
    assert len(verified) == 3
    (late,) = (row for row in verified if row["verified_at"] > row["first_due_at"])
    assert (late["moves"], late["verified_at"] < late["due_at"]) == (1, True), "its due date was moved"
    planned = [row for row in rows if row["state"] == "planned"]
    assert sorted(row["overdue_at"] is not None for row in planned) == [False] * 4 + [True]
    assert Counter(row["occasion"] for row in rows) == {"review": 7, "finding": 1}


async def test_three_teams_are_audited_each_month_and_who_was_late_is_known(demo_to_read: Ledger) -> None:
    audits = await demo_to_read.db.rows("select * from fold.audit order by month", ())
    waiting = [audit for audit in audits if audit["process"] == "request"]
    assert [audit["state"] for audit in waiting] == ["submitted"], "the process administrator sums it up"
    audits = [audit for audit in audits if audit not in waiting]
    assert len(audits) == 9
    assert [(len({audit[name] for audit in audits})) for name in ("month", "team_id")] == [3, 3]
    past = [audit for audit in audits if audit["month"] != audits[-1]["month"]]
    assert {audit["state"] for audit in past} == {"concluded"}
    assert all(audit["runs"] == audit["log_runs"] for audit in past), "the log filled it in"
    assert sum(audit["self_check_overdue_at"] is not None for audit in past) == 1
    assert [audit["late_days"] for audit in past if audit["late_days"]] == [2]
    drawn = await demo_to_read.db.rows("select * from fold.audit_draw", ())
    assert any(draw["population"] and draw["drawn"] for draw in drawn)
    for draw in drawn:
        assert len(draw["drawn"]) == min(draw["size"], draw["population"])


async def test_one_finding_is_repeated_one_withdrawn_one_was_found_by_the_team_itself(
    demo_to_read: Ledger,
) -> None:
    findings = await demo_to_read.db.rows("select * from fold.finding", ())
    assert Counter(finding["state"] for finding in findings) == {
        "verified": 2,
        "corrected": 1,
        "withdrawn": 1,
        "raised": 1,
    }
    (repeated,) = (finding for finding in findings if finding["repeats_id"] is not None)
    (self_found,) = (finding for finding in findings if finding["self_found"])
    (withdrawn,) = (finding for finding in findings if finding["state"] == "withdrawn")
    points = await demo_to_read.db.rows("select about, state, basis from fold.audit_point", ())
    bases = Counter((point["about"].partition("/")[2], point["state"], point["basis"]) for point in points)
    assert bases[str(repeated["id"]), "valid", "repeated"] == 3, "the person, the supervisor and the head"
    # What the demo does in its last days is no import: the rule of the worker awards it.
    sources = await demo_to_read.db.rows(IMPORTED_EVENTS, (f"finding/{withdrawn['id']}",))
    imported = Counter(row["type"] for row in sources if row["source"] == IMPORTED_SOURCE)
    state = "withdrawn" if imported["finding.withdrawn"] else "valid"
    assert bases[str(withdrawn["id"]), state, "violation"] == 3
    assert not any(about == str(self_found["id"]) for about, *_ in bases)
    late = sum(1 for _, state, basis in bases if (state, basis) == ("valid", "summary_late"))
    assert late == imported["audit.summary_fell_overdue"]


async def test_requesters_are_asked_each_year_and_nobody_can_tell_who_has_answered(
    demo_to_read: Ledger,
) -> None:
    surveys = await demo_to_read.db.rows("select * from fold.survey order by opens_at", ())
    assert [(survey["state"], survey["anonymous"]) for survey in surveys] == [("published", True)] * 2
    last, this = surveys
    assert this["compare_with_id"] == last["id"]
    query = "select * from fold.survey_figure where record = %s"
    figures = await demo_to_read.db.rows(query, (f"survey/{this['id']}",))
    by_question = {figure["question"]: figure for figure in figures}
    assert all(figure["team_id"] is None for figure in figures), "no team has five who have answered"
    assert float(by_question["speed"]["mean"]) > float(by_question["speed"]["mean_before"])
    assert await demo_to_read.db.value("select count(*) from fold.survey_response", ()) == 0


async def test_one_document_is_restricted_one_past_its_review_and_one_to_be_acknowledged(
    demo_to_read: Ledger,
) -> None:
    documents = await demo_to_read.db.rows("select * from fold.document order by drafted_at", ())
    assert Counter(document["state"] for document in documents) == {"published": 4, "in_review": 3}
    (restricted,) = (row for row in documents if row["confidentiality"] == "restricted")
    assert len(restricted["reader_ids"]) == 2
    seen_by = "select audience from log.stream_head where stream = %s"
    audience = await demo_to_read.db.value(seen_by, (f"document/{restricted['id']}",))
    persons = {token for token in audience if not token.startswith("voter:")}
    readers = {*restricted["reader_ids"], str(restricted["author_id"])}
    assert persons == {f"person:{reader}" for reader in readers}, "neither requesters nor staff see it"
    (overdue,) = (row for row in documents if row["review_overdue_at"] is not None)
    assert overdue["review_due_at"] < datetime.now(UTC)
    acknowledgements = await demo_to_read.db.rows(
        "select acknowledged_at from fold.document_acknowledgement", ()
    )
    assert sorted(row["acknowledged_at"] is not None for row in acknowledgements) == [False, True, True]


async def test_maintenance_is_done_each_month_and_a_full_store_has_opened_an_incident(
    demo_to_read: Ledger,
) -> None:
    rounds = await demo_to_read.db.rows("select * from fold.maintenance order by planned_at", ())
    assert len(rounds) == 12
    assert sum(row["overdue_at"] is not None for row in rounds) == 1
    (faulty_round,) = (row for row in rounds if row["findings"])
    assert faulty_round["out_of_limits"] == 1
    stream = await demo_to_read.db.value("select about from fold.maintenance_finding", ())
    incident = "select title from fold.incident where 'incident/' || id = %s"
    title = await demo_to_read.db.value(incident, (stream,))
    assert title in {"备份存储即将写满", "The backup store is nearly full"}
    plans = await demo_to_read.db.rows("select next_round_at from fold.maintenance_plan", ())
    assert all(row["next_round_at"] > datetime.now(UTC) for row in plans), "no round of the past falls due"


async def test_its_quality_target_is_broken_down_to_people_one_of_whom_sent_it_back(
    demo_to_read: Ledger,
) -> None:
    targets = await demo_to_read.db.rows("select level, state from fold.quality_target", ())
    assert Counter((row["level"], row["state"]) for row in targets) == {
        ("organisation", "accepted"): 1,
        ("team", "accepted"): 1,
        ("person", "accepted"): 1,
        ("person", "returned"): 1,
    }
    awards = await demo_to_read.db.rows("select kind, public from fold.recognition", ())
    assert {(row["kind"], row["public"]) for row in awards} == {("idea", True), ("teamwork", False)}


@in_test_all
async def test_a_quarter_is_scored_of_two_people_and_their_team_and_one_has_objected(
    demo_to_read: Ledger,
) -> None:
    cards = await demo_to_read.db.rows("select * from fold.scorecard order by number", ())
    assert len(cards) == 3
    assert {card["state"] for card in cards} == {"settled"}
    assert len({card["quarter"] for card in cards}) == 1
    assert all(card["score"] is not None and card["position"] for card in cards)
    (objected,) = (card for card in cards if card["objected_at"] is not None)
    assert (objected["verdict"], objected["final_score"]) == ("upheld", objected["score"])
    (team,) = (card for card in cards if card["team_id"] is not None)
    assert team["points"] is None
    figures = await demo_to_read.db.rows("select kpi, part, counts from fold.scorecard_figure", ())
    assert any(figure["kpi"] and figure["counts"] for figure in figures), "the log knows something"
    assert {figure["part"] for figure in figures} == {None, "oneself", "superior", "peer"}
    states = await demo_to_read.db.rows("select state from fold.scorecard_rating", ())
    assert {row["state"] for row in states} == {"rated"}


async def test_what_is_late_in_it_is_flagged_once_and_the_next_meeting_takes_up_the_change_that_waits(
    demo_ledger: Ledger,
) -> None:
    head = await demo_ledger.db.value("select max(position) from log.event", ())
    await Worker(demo_ledger).work(datetime.now(UTC))
    assert await demo_ledger.db.value(FLAGGED, (FLAGGERS, head)) == 0
    rows = await demo_ledger.db.rows(ON_AGENDA, ())
    assert {row["number"] for row in rows} == {row["topic"] for row in rows}
    assert len(rows) == 1
