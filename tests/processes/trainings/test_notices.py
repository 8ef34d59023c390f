"""Who is told of a training: that they are invited, have passed or not, are licensed, are so no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import notices
from app.platform.db import connect
from tests.client import Api, Client
from tests.extent import in_test_all
from tests.processes.trainings.conftest import School, marked


def _fails(name: str, error: Exception) -> None:
    raise error


async def told(api: Api, client: Client) -> list[str]:
    """What the person has been told so far, each once."""
    ledger, now = api.ledger, datetime.now(UTC)
    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, notices.consumer(ledger, lambda: now))
        while await notices.send_due(connection, ledger, now + timedelta(minutes=2), failed=_fails):
            pass
    finally:
        await connection.close()
    query = "select unnest(steps) as step from fold.notice where person_id = %s order by id"
    return [row["step"] for row in await ledger.db.rows(query, (client.id,))]


async def test_participants_are_told_of_each_step_that_concerns_them(school: School) -> None:
    path = await school.held(school.first, school.second, trainer=school.project.id)
    sat = [marked(school.first, 90), marked(school.second, 20)]
    await school.quality.post_ok(f"{path}/examine", {"results": sat})
    await school.quality.post_ok(f"{path}/license")
    [licence] = (await school.quality.read(f"{path}/licences"))["items"]
    await school.quality.post_ok(
        f"{path}/revoke_licence", {"licence": licence["id"], "reason": "It is late."}
    )
    assert await told(school.api, school.first) == [
        "training_invited",
        "statement_about_you",
        "examination_passed",
        "licensed",
        "licence_revoked",
    ]
    assert await told(school.api, school.second) == [
        "training_invited",
        "statement_about_you",
        "examination_not_passed",
    ]
    assert await told(school.api, school.guest) == ["training_invited"]
    assert await told(school.api, school.project) == ["in_charge"]


@in_test_all
async def test_all_participants_are_told_that_it_is_cancelled(school: School) -> None:
    path = f"/v1/trainings/{(await school.plan())['id']}"
    await school.quality.post_ok(f"{path}/cancel", {"reason": "The room is taken."})
    assert await told(school.api, school.guest) == ["training_invited", "training_cancelled"]
    assert await told(school.api, school.project) == ["in_charge", "training_cancelled"], "the trainer"
