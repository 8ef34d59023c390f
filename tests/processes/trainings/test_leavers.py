"""Somebody who has left attends nothing, gets no marks and no licence, unless it was before they left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from tests.processes.trainings.conftest import HELD, School, marked
from tests.processes.trainings.test_story import errors, rows


async def test_nobody_attends_is_marked_or_licensed_after_they_have_left(school: School) -> None:
    admin = await school.api.client("Ada", Role.admin)
    begun = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    late, sat, passed = [f"/v1/trainings/{(await school.plan(planned_at=begun))['id']}" for _ in range(3)]
    both = [school.first, school.second]
    for path in (sat, passed):
        await school.quality.post_ok(f"{path}/hold", {"attended": [each.id for each in both], **HELD})
    await school.quality.post_ok(f"{passed}/examine", {"results": [marked(each, 90) for each in both]})
    before = datetime.now(UTC).isoformat()
    await admin.post_ok(f"/v1/persons/{school.first.id}/deactivate")

    attendance = {"attended": [each.id for each in both], **HELD}
    refused = await school.quality.post(f"{late}/hold", json=attendance)
    assert errors(refused) == [("/attended/0", "had_left")]
    results = {"results": [marked(each, 90) for each in both]}
    refused = await school.quality.post(f"{sat}/examine", json=results)
    assert errors(refused) == [("/results/0/person", "had_left")]
    refused = await school.quality.post(f"{passed}/license", json={"persons": [school.first.id]})
    assert errors(refused) == [("/persons/0", "had_left")]
    await school.quality.post_ok(f"{passed}/license")
    licences = await rows(school.quality, passed, "licences")
    assert [licence["person"]["id"] for licence in licences] == [school.second.id]

    await school.quality.post_ok(f"{late}/hold", {**attendance, "occurred_at": before})
    await school.quality.post_ok(f"{sat}/examine", {**results, "occurred_at": before})
