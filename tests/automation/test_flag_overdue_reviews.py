"""Reviews of articles and of major incidents that are not held in time are flagged, and somebody is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from app.log.canonical import instant
from tests.automation.worker import Worker, by_rules
from tests.client import Api, Client
from tests.extent import in_test_all
from tests.processes.articles.test_articles import ARTICLES, published
from tests.processes.incidents.test_reviews import SAID as REVIEW
from tests.processes.incidents.test_reviews import a_resolved_major

LATER = timedelta(days=30)


async def pass_time(api: Api, **parts: float) -> None:
    """So much time passes from now on, and the worker does what follows, and tells of it a little later."""
    worker = Worker(api.ledger)
    for seconds in (0, 61):
        await worker.work(datetime.now(UTC) + timedelta(**parts) + timedelta(seconds=seconds))
    assert worker.failures == []


async def told(client: Client, api: Api) -> list[str]:
    """What the person was told so far."""
    query = "select unnest(steps) as step from fold.notice where person_id = %s order by id"
    return [row["step"] for row in await api.ledger.db.rows(query, (client.id,))]


async def test_an_article_that_nobody_confirms_in_time_is_flagged_once_as_of_that_instant(api: Api) -> None:
    writer = await api.client("Writer", Role.agent)
    editor = await api.client("Editor", Role.knowledge_editor)
    path = await published(writer, editor)
    due_at = instant(datetime.now(UTC) + LATER)
    await editor.post_ok(f"{path}/confirm", {"next_review_at": due_at})
    stream = f"article/{path.removeprefix(f'{ARTICLES}/')}"
    await pass_time(api, days=29)
    assert await by_rules(api.ledger, stream) == []
    for days in (31, 300):
        await pass_time(api, days=days)
    (flagged,) = await by_rules(api.ledger, stream)
    assert (flagged.type, flagged.actor) == ("article.review_overdue", "rule:flag_article_reviews")
    assert (await editor.read(path))["review_overdue_at"] == due_at
    for client in (writer, editor):
        assert (await told(client, api)).count("article_review_overdue") == 1
    # Nobody can confirm before that instant, which lies ahead of the tests' clock.


async def test_a_major_incident_that_nobody_reviews_in_time_is_flagged_once(api: Api) -> None:
    manager, reporter, path = await a_resolved_major(api)
    await pass_time(api, days=30)
    await pass_time(api, days=300)
    stream = f"incident/{path.rpartition('/')[2]}"
    flags = [event for event in await by_rules(api.ledger, stream) if event.type == "incident.review_overdue"]
    assert [event.actor for event in flags] == ["rule:flag_major_reviews"]
    assert (await manager.read(path))["review_overdue_at"] is not None
    assert (await told(manager, api)).count("major_review_overdue") == 1
    assert "major_review_overdue" not in await told(reporter, api)
    assert "review_overdue_at" not in {name for name, value in (await reporter.read(path)).items() if value}


@in_test_all
async def test_one_that_is_reviewed_in_time_is_not_flagged(api: Api) -> None:
    manager, _, path = await a_resolved_major(api)
    await manager.post_ok(f"{path}/review", REVIEW)
    await pass_time(api, days=300)
    stream = f"incident/{path.rpartition('/')[2]}"
    assert "incident.review_overdue" not in {event.type for event in await by_rules(api.ledger, stream)}
