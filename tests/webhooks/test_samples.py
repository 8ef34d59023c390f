"""Each tool's sample deliveries are verified, processed, and give what their titles say."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.common.people import Role
from app.webhooks.adapters import adapter_keys
from app.webhooks.sources.samples import samples_of
from tests.cases import each_case
from tests.client import Api
from tests.extent import first_of
from tests.webhooks.tools import Tool, a_source, process_all

#: Of each sample delivery: the outcomes of its effects, and the state of the first ticket afterwards.
EXPECTED: dict[str, list[tuple[str, str]]] = tomllib.loads(
    Path(__file__).with_name("sample_outcomes.toml").read_text(encoding="utf-8")
)
#: How a title ends, after its colon, that says a state.
WORDS = {
    "new": "new incident",
    "acknowledged": "is acknowledged",
    "in_progress": "is in progress",
    "on_hold": "is on hold",
    "resolved": "is resolved",
    "closed": "is closed",
}


async def a_tool(api: Api, adapter: str) -> Tool:
    admin = await api.client("Ada", Role.admin, Role.agent)
    return await a_source(api, admin, adapter, zone="UTC", user_name="tool")


@each_case("adapter", sorted(adapter_keys()))
async def test_samples_give_what_their_titles_say(api: Api, adapter: str) -> None:
    tool = await a_tool(api, adapter)
    samples = samples_of(adapter, datetime.now(UTC))
    first: str | None = None
    for sample, (outcomes, state) in zip(samples, EXPECTED[adapter], strict=True):
        done = await tool.deliver(sample.raw.body, **sample.raw.headers)
        # Tickets of one delivery are worked on beside each other, and finish in any order.
        led_to = sorted(e["outcome"] for e in done["effects"])
        assert (done["state"], led_to) == ("processed", sorted(outcomes.split())), done
        first = first or done["effects"][0]["number"]
        ticket = await tool.admin.read(f"/v1/incidents/{first}")
        assert ticket["state"] == state, sample.title
        _, _, promise = sample.title.partition(": ")
        is_comment = not {"commented", "noted"}.isdisjoint(outcomes.split())
        assert WORDS[state] in promise or is_comment or "joined" in outcomes, sample.title
        assert ("comment" in promise) is is_comment, sample.title


@pytest.mark.parametrize("adapter", first_of(sorted(adapter_keys()), 2))
async def test_a_source_sends_itself_a_sample_and_a_ticket_comes_of_it(api: Api, adapter: str) -> None:
    tool = await a_tool(api, adapter)
    answer = await tool.admin.post(f"/v1/webhook_sources/{tool.source['id']}/send_sample")
    assert answer.status_code == 202, answer.text
    await process_all(api.ledger)
    (ticket,) = await tool.tickets()
    assert ticket["state"] == "new"


@pytest.mark.parametrize("adapter", first_of(sorted(adapter_keys()), 2))
async def test_a_test_of_a_source_reads_the_sample_and_leaves_nothing(api: Api, adapter: str) -> None:
    tool = await a_tool(api, adapter)
    path, head = f"/v1/webhook_sources/{tool.source['id']}", await api.head()
    for _ in range(2):  # a second test repeats no first one
        sent = await tool.admin.post(f"{path}/send_sample", params={"is_test": "true"})
        assert sent.status_code == 202, sent.text
    await process_all(api.ledger)
    done = (await tool.admin.read(f"{path}/deliveries"))["items"]
    assert [(each["state"], [e["outcome"] for e in each["effects"]]) for each in done] == [
        ("processed", ["tested"]),
        ("processed", ["tested"]),
    ]
    assert await api.head() == head
    status = await tool.admin.read(f"{path}/status")
    assert (status["last_day"], status["failed"], status["last_received_at"]) == (0, 0, None)


async def test_a_test_that_cannot_be_read_gives_the_reason_and_is_no_failed_delivery(api: Api) -> None:
    tool = await a_tool(api, "github")
    path = f"/v1/webhook_sources/{tool.source['id']}"
    mapping = "[[news]]\nkind = \"ticket\"\ncase = 'body.missing'\n[news.fields]\ntitle = '\"x\"'\n"
    etag = (await tool.admin.get(path)).headers["etag"]
    stored = await tool.admin.patch(path, json={"mapping": mapping}, headers={"If-Match": etag})
    assert stored.status_code == 200, stored.text
    await tool.admin.post(f"{path}/send_sample", params={"is_test": "true"})
    await process_all(api.ledger)
    (done,) = (await tool.admin.read(f"{path}/deliveries"))["items"]
    assert (done["state"], done["effects"][0]["outcome"]) == ("processed", "test_failed")
    assert done["reason"]
    assert (await tool.admin.read(f"{path}/status"))["failed"] == 0
