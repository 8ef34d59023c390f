"""Messages are CloudEvents, hold what the log has, and nothing that is hidden."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from app.log.events import Recorded
from app.log.ids import uuid7
from app.registry import LIFECYCLES_BY_KIND
from app.relay.messages import ForeignMessage, MessageWriter, Published, read_published

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
WRITER = MessageWriter("https://desk.example.org", LIFECYCLES_BY_KIND)
LARGEST = 100_000


def an_event(kind: str, happened: str, payload: dict[str, Any], **more: Any) -> Recorded:
    stream = f"{kind}/{uuid7()}"
    event = Recorded(
        position=4711,
        recorded_at=NOW,
        id=uuid7(),
        stream=stream,
        version=1,
        type=f"{kind}.{happened}",
        occurred_at=NOW,
        actor="rule:tests",
        credential="key:1",
        correlation_id="a-test",
        source="api",
        data={"given": payload, "set": {stream: payload}},
    )
    return replace(event, **more)


def written(event: Recorded) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(WRITER.message(event, LARGEST).text)
    return message


def test_the_library_of_cloudevents_reads_a_message() -> None:
    event = an_event("incident", "reported", {"title": "Printer on fire", "description": "enc1:k:x"})
    read = JSONFormat().read(CloudEvent, WRITER.message(event, LARGEST).text)
    assert read.get_id() == "4711"
    assert read.get_source() == "https://desk.example.org/v1/events"
    assert read.get_type() == "incident.reported"
    assert read.get_subject() == event.stream
    assert read.get_time() == NOW
    assert read.get_extension("eventid") == str(event.id)
    content = read.get_data()
    assert isinstance(content, dict)
    assert content["given"] == {"title": "Printer on fire", "description": "enc1:k:x"}


def test_a_message_has_what_the_log_has_but_for_the_credential() -> None:
    event = an_event("incident", "reported", {"title": "Printer"}, staff_only=True, causation_id=uuid7())
    content = written(event)["data"]
    assert content["position"] == 4711
    assert content["staff_only"] is True
    assert content["causation_id"] == str(event.causation_id)
    assert content["set"] == event.data["set"]
    assert "credential" not in content


def test_what_is_hidden_from_every_client_is_not_published() -> None:
    content = written(an_event("key", "made", {"name": "enc1:k:x", "secret_hash": "ab" * 32}))["data"]
    assert content["given"] == {"name": "enc1:k:x"}
    assert list(content["set"].values()) == [{"name": "enc1:k:x"}]


def test_a_removed_row_stays_removed() -> None:
    event = an_event("key", "made", {})
    content = written(replace(event, data={"given": {}, "set": {"key/1": None}}))["data"]
    assert content["set"] == {"key/1": None}


def test_a_message_says_which_event_it_tells() -> None:
    event = an_event("incident", "reported", {"title": "x" * LARGEST})
    text = WRITER.message(event, LARGEST).text
    assert len(text) < 1_000
    assert orjson.loads(text)["dataref"] == "https://desk.example.org/v1/events?after=4710&before=4712"
    assert read_published(text) == Published(4711, str(event.id))


@pytest.mark.parametrize("text", [b"", b"hello", b"[]", b"3", b'{"id":"x","eventid":"1"}', b'{"id":"1"}'])
def test_what_no_relay_has_written_is_known(text: bytes) -> None:
    with pytest.raises(ForeignMessage):
        read_published(text)
