"""A quarter as a process and quality group lives it: a month is audited, a finding objected to, and a
scorecard rated, published, objected to and talked over.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.common.records import from_row
from app.foundation.audit_points.records import AuditPoint
from app.foundation.months import month_of
from app.governance.scorecards.counting import publication_of, question_of
from app.governance.scorecards.editions import weights_of
from app.governance.scorecards.lifecycle import mark_of_figure
from app.governance.scorecards.marks import score_of
from app.governance.scorecards.payloads import CountedFigure
from app.governance.scorecards.records import Scorecard, ScorecardEdition
from app.kpis.answers.answer import answer
from app.log import read
from tests.client import Client, Json
from tests.extent import first_of, in_test_all
from tests.governance.scorecards.conftest import DAY, ScoredOffice, weighted

SELF_CHECK: Json = {"measures": [{"text": "The checklist is new."}]}
SUMMARY: Json = {"low_performers": "The night shift.", "measures": "A training in spring."}
LATER = timedelta(minutes=10)


async def audited_month(scored: ScoredOffice) -> Json:
    """A month of the quarter from its self-check to a finding that is upheld. Gives the finding."""
    office = scored.office
    month = month_of(office.now, office.zone)
    await scored.move_to(office.day(month, 1))
    await office.open()
    path = f"/v1/audits/{(await office.audit())['number']}"
    await scored.move_to(office.day(month, 10))
    await office.supervisor.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    await office.administrator.post_ok(f"{path}/confirm_summary", SUMMARY)
    await scored.move_to(office.day(month, 24))
    await office.head.post_ok(f"{path}/countersign")
    await office.quality.post_ok(f"{path}/draw", {"size": 2})
    await office.quality.post_ok(f"{path}/conclude", {"summary": "Much is well."})
    finding = await office.raised(audit=(await office.audit())["number"])
    await office.follow()
    await office.agent.post_ok(f"/v1/findings/{finding['number']}/object", {"objection": "It is not."})
    verdict = {"verdict": "upheld", "verdict_reason": "The case shows it."}
    await office.second_quality.post_ok(f"/v1/findings/{finding['number']}/decide_objection", verdict)
    await office.follow()
    return finding


async def rated_quarter(scored: ScoredOffice, *scores: int) -> None:
    """The quarter's cases, its end, and scores of the agent, the head and two peers for the agent."""
    office = scored.office
    await scored.edition()
    await scored.move_to(scored.begin)
    for _ in range(3):
        await office.solve()
    await audited_month(scored)
    await scored.move_to(scored.end)
    await scored.open()
    for rater, score in zip((office.agent, office.head, *scored.peers), scores, strict=True):
        await scored.rate(rater, office.agent, score)
    await scored.publish()


async def told(reader: Client) -> list[str]:
    """The steps that somebody was told of with the scorecards."""
    notices = (await reader.read("/v1/notices", limit=200))["items"]
    return [step for notice in notices for step in notice["steps"] if step.startswith("scorecard_")]


@in_test_all
async def test_a_quarter_is_audited_scored_objected_to_talked_over_and_settled(
    scored: ScoredOffice,
) -> None:
    office = scored.office
    await rated_quarter(scored, 4, 1, 2, 2)
    await scored.move_to(office.now + LATER)
    assert "scorecard_to_rate" in await told(office.head)
    card = await scored.card(office.agent, person=office.agent.id)
    # 20 points of the finding take two marks away; the log knows of reopened cases alone.
    mean = Decimal("0.2") * 75 + Decimal("0.3") * 25
    expected = weighted(service_quality=100, efficiency=mean, cooperation=mean, satisfaction=mean) - 2
    assert (card["state"], card["points"], Decimal(card["score"])) == ("talk", 20, expected)
    assert [card[name] for name in ("service_quality", "cooperation")] == ["100.00", "22.50"]
    assert "scorecard_published" in await told(office.agent)

    path = f"/v1/scorecards/{card['number']}"
    figures = (await office.agent.read(f"{path}/figures"))["items"]
    assert {(figure["dimension"], figure["kpi"]) for figure in figures if figure["kpi"]} == {
        ("service_quality", "reopen_rate")
    }
    assert [figure["counts"] for figure in figures if figure["dimension"] == "service_quality"].count(
        True
    ) == 1
    assert not any(str(peer.id) in json.dumps(figures) for peer in scored.peers)

    objected = await office.agent.post_ok(f"{path}/object", {"objection": "The head was away."})
    assert objected["state"] == "objected"
    verdict = {"verdict": "upheld", "verdict_reason": "He was there."}
    upheld = await office.quality.post_ok(f"{path}/decide_objection", verdict)
    assert (upheld["state"], upheld["final_score"]) == ("talk", card["score"])
    again = await office.agent.post(f"{path}/object", json={"objection": "Once more."})
    assert (again.status_code, again.json()["code"]) == (409, "objection_answered")

    work = (await office.head.read("/v1/me/work"))["asked"]
    waiting = {(entry["number"], entry["action"]) for entry in work}
    assert {entry for entry in waiting if entry[1] != "correct"} == {(card["number"], "settle")}
    outcome = {"outcome": "plan", "agreed": "A case a week together."}
    undated = await office.head.post(f"{path}/settle", json=outcome)
    assert undated.json()["errors"][0]["pointer"] == "/plan_due_at"
    dated = outcome | {"plan_due_at": (office.now + 60 * DAY).isoformat()}
    settled = await office.head.post_ok(f"{path}/settle", dated)
    assert (settled["state"], settled["outcome"]) == ("settled", "plan")
    for _ in range(2):  # notices of a minute are told together
        await scored.move_to(office.now + LATER)
    assert {"scorecard_objection_decided", "scorecard_settled"} <= set(await told(office.agent))
    work = (await office.head.read("/v1/me/work"))["asked"]
    assert {entry["action"] for entry in work} <= {"correct"}


async def is_counted_again_from_the_events_alone(scored: ScoredOffice) -> None:
    """The agent's card, which is published."""
    office = scored.office
    ledger = office.api.ledger
    row = await ledger.db.row("select * from fold.scorecard where person_id = %s", (UUID(office.agent.id),))
    assert row is not None
    card = from_row(Scorecard, row)
    stream = f"scorecard/{card.id}"
    events = await read.events_after(ledger.db, 0, 100_000)
    payload = next(
        event.data["given"]
        for event in events
        if event.type == "scorecard.published" and event.stream == stream
    )
    editions = [event for event in events if event.type == "scorecard_edition.proposed"]
    edition = ScorecardEdition(id=UUID(int=1), **editions[-1].set_fields)
    marked = [mark_of_figure(CountedFigure.model_validate(figure), edition) for figure in payload["figures"]]
    points = points_of_events(events, office.agent.id, payload["position"])
    scored_again = score_of(marked, points, weights_of(edition))
    assert (card.points, card.score) == (points, str(scored_again.score))
    assert (card.points, payload["position"]) == (20, card.position)

    # The KPI is the same by the raw events, as of the position; what is withdrawn later changes nothing.
    question = question_of(ledger, card, "reopen_rate", office.now)
    assert question is not None
    (point,) = (await answer(ledger.db, question, office.now, position=card.position)).points
    (figure,) = (figure for figure in payload["figures"] if figure.get("kpi"))
    assert (str(point.value), point.denominator) == (figure["reading"] + ".0", figure["cases"])
    counted = await publication_of(ledger, card, office.now)
    assert (counted.points, len(counted.figures)) == (20, len(payload["figures"]))


def points_of_events(events: list[Any], person: str, position: int) -> int:
    """The points that the events up to the position give a person and do not take back."""
    standing: dict[str, AuditPoint] = {}
    for event in events:
        if event.position > position:
            continue
        if event.type == "audit_point.given" and event.set_fields["person_id"] == person:
            standing[event.stream] = event.set_fields["points"]
        elif event.type == "audit_point.withdrawn":
            standing.pop(event.stream, None)
    return sum(int(str(points)) for points in standing.values())


async def _award_of_result(scored: ScoredOffice, card: Json) -> None:
    """Management sees who did well; a bonus follows a result, and colleagues only praise."""
    office = scored.office
    management = await office.api.client("Management", "management")
    assert (await management.read(f"/v1/scorecards/{card['number']}"))["final_score"] == card["final_score"]
    body = {"kind": "quality", "reason": "A good quarter.", "person": office.agent.id, "form": "bonus"}
    refused = await management.post("/v1/recognitions", json=body)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/scorecard"]
    award = await management.post_ok("/v1/recognitions", body | {"scorecard": card["number"]})
    assert (award["form"], award["scorecard_id"]) == ("bonus", card["id"])
    other = body | {"scorecard": card["number"], "person": scored.peers[0].id}
    refused = await management.post("/v1/recognitions", json=other)
    assert [error["code"] for error in refused.json()["errors"]] == ["scorecard_of_another"]


async def test_a_card_is_what_the_events_say_and_nobody_else_reads_it_its_ratings_or_its_points(
    scored: ScoredOffice,
) -> None:
    office = scored.office
    await rated_quarter(scored, 5, 5, 5, 4)
    await is_counted_again_from_the_events_alone(scored)
    card = await scored.card(office.agent, person=office.agent.id)
    assert (card["state"], card["talker"]) == ("published", None)
    await office.agent.post_ok(
        f"/v1/scorecards/{card['number']}/object", {"objection": "Quokka: it was more."}
    )
    strangers = [
        await office.api.client(f"Other {role}", role)
        for role in first_of(("admin", "auditor", "department_head", "engineer", "requester"), 3)
    ]
    assert (await office.head.read(f"/v1/scorecards/{card['id']}"))["score"] == card["score"], "they sign it"
    readers = (*strangers, office.administrator, office.supervisor, *scored.peers)
    for reader in readers:
        for path in (f"/v1/scorecards/{card['id']}", f"/v1/scorecards/{card['number']}"):
            for part in ("", "/events", "/figures", "/year", "/page"):
                assert (await reader.get(f"{path}{part}")).status_code == 404, part
        listed = json.dumps(await reader.read("/v1/scorecards", limit=200))
        feed = json.dumps(await reader.read("/v1/events", limit=200))
        notices = json.dumps(await reader.read("/v1/notices", limit=200))
        export = (await reader.get("/v1/scorecards", headers={"Accept": "text/csv"})).text
        for text in (listed, feed, notices, export):
            assert card["number"] not in text
            assert "Quokka" not in text
        ratings = (await reader.read("/v1/scorecard_ratings", limit=200))["items"]
        assert {rating["rater"]["id"] for rating in ratings} <= {reader.id}
        points = (await reader.read("/v1/audit_points", person=office.agent.id))["items"]
        assert points == []
    await _award_of_result(scored, card)
    # Of the ratings nobody sees another's, the quality managers and whose card it is not either.
    for reader in (office.quality, office.agent):
        ratings = (await reader.read("/v1/scorecard_ratings", limit=200))["items"]
        assert {rating["rater"]["id"] for rating in ratings} <= {reader.id}
    assert (await scored.card(office.quality, person=office.agent.id))["number"] == card["number"]
    assert datetime.fromisoformat(card["published_at"]) < office.now
