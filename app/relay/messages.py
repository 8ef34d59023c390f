"""Messages: events of the log as CloudEvents 1.0, in their JSON format. Pure.

Personal texts stay encrypted as the log has them, and what is hidden from every client is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from app.kernel.access.redaction import Viewer
from app.kernel.actions.describe import hidden_names
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import instant
from app.log.events import Recorded, kind_of

MEDIA_TYPE = "application/cloudevents+json"
#: Where the events of an installation come from, behind its public address.
FEED = "/v1/events"
#: Members of an event's data that hold fields.
FIELDS = ("given", "set", "late")


class ForeignMessage(ValueError):
    """The broker holds something that this relay has not written."""


@dataclass(frozen=True, slots=True)
class Message:
    """An event as it is published. `text`: the CloudEvent as JSON."""

    position: int
    type: str
    stream: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """The newest message that the broker has. `event_id`: of its event, as text; None: only its position is
    known, because the message was removed.
    """

    position: int
    event_id: str | None


class MessageWriter:
    """Writes events as messages. `address`: the installation's public address, or None."""

    def __init__(self, address: str | None, lifecycles: dict[str, Lifecycle[Any]]) -> None:
        self._source = f"{address or ''}{FEED}"
        self._lifecycles = lifecycles

    def message(self, event: Recorded, largest: int) -> Message:
        """Return the event's message. If it has more than `largest` bytes, it goes without its data: the
        `dataref` is the address of those.
        """
        envelope = self._envelope(event)
        text = orjson.dumps(envelope | {"data": self._content(event)})
        if len(text) > largest:
            place = f"{self._source}?after={event.position - 1}&before={event.position + 1}"
            text = orjson.dumps(envelope | {"dataref": place})
        return Message(event.position, event.type, event.stream, text)

    def _envelope(self, event: Recorded) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": str(event.position),
            "source": self._source,
            "type": event.type,
            "subject": event.stream,
            "time": instant(event.occurred_at),
            "datacontenttype": "application/json",
            "eventid": str(event.id),
        }

    def _content(self, event: Recorded) -> dict[str, Any]:
        lifecycle = self._lifecycles.get(kind_of(event.stream))
        hidden = set() if lifecycle is None else hidden_names(lifecycle, Viewer.staff)
        members = {name: _without(hidden, part, name) for name, part in event.data.items()}
        return {
            "position": event.position,
            "id": str(event.id),
            "stream": event.stream,
            "version": event.version,
            "type": event.type,
            "schema_version": event.schema_version,
            "occurred_at": instant(event.occurred_at),
            "recorded_at": instant(event.recorded_at),
            "staff_only": event.staff_only,
            "actor": event.actor,
            "on_behalf_of": event.on_behalf_of,
            "correlation_id": event.correlation_id,
            "causation_id": None if event.causation_id is None else str(event.causation_id),
            "source": event.source,
            "source_ref": event.source_ref,
            **members,
        }


def _without(hidden: set[str], part: Any, name: str) -> Any:
    """Return that member of an event's data without hidden fields."""
    if not hidden or name not in FIELDS:
        return part
    if name == "given":
        return _shown(hidden, part)
    return {key: _shown(hidden, row) for key, row in part.items()}


def _shown(hidden: set[str], fields: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if fields is None else {key: each for key, each in fields.items() if key not in hidden}


def read_published(text: bytes) -> Published:
    """Return the event of a message. Raises ForeignMessage if it is not a relay's."""
    try:
        envelope = orjson.loads(text)
        return Published(int(envelope["id"]), str(envelope["eventid"]))
    except (ValueError, KeyError, TypeError) as error:
        raise ForeignMessage from error
