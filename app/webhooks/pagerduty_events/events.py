"""Events in the form of PagerDuty's Events API v2, of alerts and changes: read, and their routing key taken
out (pure).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn
from uuid import uuid4

LONGEST_DEDUP_KEY = 255
LONGEST_ROUTING_KEY = 400
LONGEST_SUMMARY = 1_024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


class InvalidEvent(Exception):
    """The event cannot be accepted. `errors` are the reasons, in PagerDuty's words."""

    def __init__(self, *errors: str) -> None:
        super().__init__(*errors)
        self.errors = list(errors)


@dataclass(frozen=True, slots=True)
class EnqueuedEvent:
    """An event: the key that identifies its source, the key of its alert, and the rest as JSON."""

    routing_key: str
    dedup_key: str | None
    body: bytes


def read_change(body: bytes) -> EnqueuedEvent:
    """Return a change event, with an id that it has whenever it is sent. Raises InvalidEvent."""
    event, payload = (content := _object(body)), content.get("payload")
    errors = [_text_fault(event, "routing_key", "routing_key", LONGEST_ROUTING_KEY)]
    if isinstance(payload, dict):
        errors.append(_text_fault(payload, "summary", "payload.summary", LONGEST_SUMMARY))
    else:
        errors.append("'payload' is missing or no object")
    if faults := [error for error in errors if error is not None]:
        raise InvalidEvent(*faults)
    routing_key = event.pop("routing_key")
    change_id = sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:32]
    return EnqueuedEvent(routing_key, None, json.dumps(event | {"change_id": change_id}).encode())


def _object(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("The body is not JSON") from error
    if not isinstance(event, dict):
        raise InvalidEvent("The body is not a JSON object")
    return event


def read_event(body: bytes) -> EnqueuedEvent:
    """Return the event; a trigger without the key of its alert gets one. Raises InvalidEvent."""
    event = _object(body)
    if errors := [*_faults(event)]:
        raise InvalidEvent(*errors)
    dedup_key = event.get("dedup_key") or uuid4().hex
    routing_key = event.pop("routing_key")
    return EnqueuedEvent(routing_key, dedup_key, json.dumps(event | {"dedup_key": dedup_key}).encode())


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _faults(event: dict[str, Any]) -> list[str]:
    action = event.get("event_action")
    errors = [_text_fault(event, "routing_key", "routing_key", LONGEST_ROUTING_KEY)]
    if action not in ACTIONS:
        errors.append(f"'event_action' must be one of {', '.join(ACTIONS)}")
    if action != "trigger" or event.get("dedup_key"):
        errors.append(_text_fault(event, "dedup_key", "dedup_key", LONGEST_DEDUP_KEY))
    if action == "trigger":
        errors += _payload_faults(event.get("payload"))
    return [error for error in errors if error is not None]


def _payload_faults(payload: Any) -> list[str | None]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or no object"]
    errors = [
        _text_fault(payload, name, f"payload.{name}", LONGEST_SUMMARY) for name in ("summary", "source")
    ]
    if str(payload.get("severity")).lower() not in SEVERITIES:
        errors.append(f"'payload.severity' must be one of {', '.join(SEVERITIES)}")
    return errors


def _text_fault(fields: dict[str, Any], name: str, path: str, longest: int) -> str | None:
    text = fields.get(name)
    if text is None or (isinstance(text, str) and not text.strip()):
        return f"'{path}' is missing or blank"
    if not isinstance(text, str):
        return f"'{path}' is not a text"
    return f"'{path}' is longer than {longest} characters" if len(text) > longest else None
