"""A source that falls silent is told to its owner, once, and so is its return."""

from __future__ import annotations

from datetime import timedelta

from app.common.people import Role
from app.webhooks.sources import silence
from tests.client import Api
from tests.webhooks.test_alerts_heard import a_group, an_alert
from tests.webhooks.test_receiving import an_issue
from tests.webhooks.tools import Tool, a_source, clock

#: Its deliveries began so long ago, and were heard last now.
BEGAN = """
update plumbing.webhook_delivery set received_at = last_heard_at - %s::interval returning id"""
BACKDATE = """
update plumbing.webhook_delivery d set received_at = now() - (r.n * interval '60 seconds') - %s::interval
from (select id, row_number() over (order by id desc) as n from plumbing.webhook_delivery) r
where r.id = d.id returning d.id"""


async def a_talkative_tool(api: Api) -> Tool:
    """A tool that has posted every minute."""
    tool = await a_source(api, await api.client("Ada", Role.admin, Role.agent))
    for n in range(8):
        await tool.post(an_issue(), x_github_event="issues", x_github_delivery=f"d-{n}")
    return tool


async def test_five_times_the_usual_gap_is_silence(api: Api) -> None:
    tool = await a_talkative_tool(api)
    path = f"/v1/webhook_sources/{tool.source['id']}"
    await api.ledger.db.rows(BACKDATE, ("2 minutes",))
    assert await silence.note_silences(api.ledger, clock()) == 0
    later = clock() + timedelta(minutes=10)
    assert await silence.note_silences(api.ledger, later) == 1
    assert await silence.note_silences(api.ledger, later) == 0
    assert (await tool.admin.read(path))["silent_since_at"] is not None
    status = await tool.admin.read(f"{path}/status")
    assert round(status["usual_gap_seconds"]) == 60
    await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-again")
    assert await silence.note_silences(api.ledger, clock()) == 1
    assert (await tool.admin.read(path))["silent_since_at"] is None
    events = (await tool.admin.read(f"{path}/events"))["items"]
    assert [e["type"] for e in events][-2:] == ["webhook_source.fell_silent", "webhook_source.heard_again"]


async def test_a_source_with_few_deliveries_is_never_called_silent(api: Api) -> None:
    tool = await a_source(api, await api.client("Ada", Role.admin, Role.agent))
    await tool.post(an_issue(), x_github_event="issues", x_github_delivery="d-1")
    assert await silence.note_silences(api.ledger, clock() + timedelta(days=30)) == 0


async def test_what_is_told_in_equal_words_again_and_again_is_heard(api: Api) -> None:
    tool = await a_source(api, await api.client("Ada", Role.admin, Role.agent), "alertmanager")
    watchdog = a_group(an_alert("watchdog"))
    for _ in range(70):
        await tool.post(watchdog)
    await api.ledger.db.rows(BEGAN, ("345 seconds",))
    status = await tool.admin.read(f"/v1/webhook_sources/{tool.source['id']}/status")
    assert round(status["usual_gap_seconds"]) == 5
    assert await silence.note_silences(api.ledger, clock() + timedelta(minutes=4)) == 0
    assert await silence.note_silences(api.ledger, clock() + timedelta(minutes=6)) == 1
    await tool.post(watchdog)
    assert await silence.note_silences(api.ledger, clock()) == 1, "it is heard again"
