"""Messages in the form of Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from app.api.requests.json_output import dump_json
from app.subscriptions.formats.message import DeliveryTarget, EventMessage, MessageFormat, OutgoingRequest
from app.subscriptions.secrets import STANDARD_PREFIX


class StandardFormat(MessageFormat):
    """The format of Standard Webhooks: `type`, `timestamp`, and `data` as the live stream has it."""

    def request(self, target: DeliveryTarget, message: EventMessage, now: datetime) -> OutgoingRequest:
        """Return the request, signed with all secrets that are valid now."""
        body = dump_json({"type": message.type, "timestamp": message.occurred_at, "data": message.content})
        timestamp = str(int(now.timestamp()))
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signatures(target.secrets, message.id, timestamp, body),
        }
        return OutgoingRequest(target.url, body, headers)


def signatures(secrets: Sequence[str], message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signatures with each of these secrets, the newest first, with spaces between."""
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(STANDARD_PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


STANDARD = StandardFormat()
