"""Points for changes of processes that are proposed, decided or published late."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.automation.governance.award_audit_points import awards_of_change
from app.foundation.audit_points.records import PointBasis
from app.governance.process_changes.records import ProcessChange
from tests.extent import in_test_all
from tests.governance.audits.conftest import Office

DAY = timedelta(days=1)


@in_test_all
async def test_a_proposal_long_after_its_finding_gives_the_head_of_its_team_points_per_day(
    office: Office,
) -> None:
    finding = await office.self_found()
    await office.move_to(office.now + 9.5 * DAY)
    await office.proposed(origin=f"finding/{finding['id']}")
    await office.follow()
    assert await office.points(office.head) == [(office.head.id, "head", "proposal_late", 3 * 20)]
    assert await office.points(office.agent) == []


async def test_a_late_decision_gives_points_to_whoever_decides_and_nobody_else_sees_them(
    office: Office,
) -> None:
    await office.solve_by_another()
    change = await office.proposed()
    path = f"/v1/process_changes/{change['number']}"
    question = {"question": "Shall we?", "opinion": "It saves a day."}
    await office.quality.post_ok(f"{path}/review", question)
    await office.move_to(office.now + 10 * DAY)
    reviewed = await office.quality.post_ok(f"{path}/review", question)
    vote = {"decision": reviewed["decision_id"], "verdict": "approve"}
    decided = await office.head.post_ok(f"{path}/vote", vote)
    assert decided["decision_late_days"] > 0
    await office.follow()
    points = [(office.head.id, "supervisor", "decision_late", 20 * decided["decision_late_days"])]
    assert await office.points(office.head) == points
    assert await office.points(office.quality) == points
    assert await office.points(office.agent) == []


async def test_whoever_reviews_late_pays_for_it_and_not_the_heads_who_then_decide_at_once(
    office: Office,
) -> None:
    await office.solve_by_another()
    change = await office.proposed()
    path = f"/v1/process_changes/{change['number']}"
    await office.move_to(office.now + 10 * DAY)
    question = {"question": "Shall we?", "opinion": "It saves a day."}
    reviewed = await office.quality.post_ok(f"{path}/review", question)
    late_days = reviewed["review_late_days"]
    assert late_days > 0
    vote = {"decision": reviewed["decision_id"], "verdict": "approve"}
    decided = await office.head.post_ok(f"{path}/vote", vote)
    assert decided["decision_late_days"] == 0
    await office.follow()
    points = [(office.quality.id, "supervisor", "decision_late", 20 * late_days)]
    assert await office.points(office.quality) == points
    assert await office.points(office.head) == []


def test_days_after_a_late_decision_alone_count_for_a_late_publication() -> None:
    heads = [UUID(int=1), UUID(int=2)]
    change = ProcessChange(id=UUID(int=3), head_ids=[str(head) for head in heads], decision_late_days=2)
    awards = list(awards_of_change(change, {"publication_late_days": 5}))
    assert [(award.person_id, award.basis, award.times) for award in awards] == [
        (head, PointBasis.publication_late, 3) for head in heads
    ]
    assert list(awards_of_change(change, {"publication_late_days": 2})) == []
