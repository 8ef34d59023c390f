"""What the SDK of CloudEvents sends is verified and mapped: structured, binary and in a batch."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from app.common.people import Role
from tests.client import Api
from tests.extent import in_test_all
from tests.webhooks.tools import a_source


def an_event(n: int) -> CloudEvent:
    """A ticket that a tool opened."""
    attributes = {
        "id": f"e-{n}",
        "type": "org.example.ticket.opened",
        "source": "https://tool.example/tickets",
        "time": datetime(2026, 3, 2, 8, n, tzinfo=UTC),
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, {"id": f"T-{n}", "title": f"Türöffner {n}", "status": "open"})


def a_batch() -> HTTPMessage:
    """Two events at once; the SDK writes each of them."""
    bodies = [to_structured(an_event(n), JSONFormat()).body for n in (1, 2)]
    headers = {"content-type": "application/cloudevents-batch+json"}
    return HTTPMessage(headers, b"[" + b",".join(bodies) + b"]")


@pytest.mark.parametrize(
    ("message", "titles"),
    [
        pytest.param(to_structured(an_event(1), JSONFormat()), ["Türöffner 1"], marks=in_test_all),
        (to_binary(an_event(1), JSONFormat()), ["Türöffner 1"]),
        (a_batch(), ["Türöffner 1", "Türöffner 2"]),
    ],
    ids=["structured", "binary", "batch"],
)
async def test_tickets_come_of_each_form(api: Api, message: HTTPMessage, titles: list[str]) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    tool = await a_source(api, admin, "cloudevents", user_name="tool")
    done = await tool.deliver(message.body, **message.headers)
    assert done["state"] == "processed", done
    assert [ticket["title"] for ticket in await tool.tickets()] == titles
