"""Answers about subscriptions and attempts to deliver."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.common.records import CodeEnum
from app.foundation.people.queries import PERSONS
from app.platform.db import Database
from app.subscriptions.lifecycle import LIFECYCLE
from app.subscriptions.records import Subscription


class AttemptOutcome(CodeEnum):
    """The outcome of an attempt."""

    delivered = "delivered", "Delivered", "已送达"
    failed = "failed", "Failed", "失败"
    given_up = "given_up", "Failed for three days, not tried again", "连续失败三天，不再重试"
    template_failed = "template_failed", "The template failed, not tried again", "模板出错，不再重试"
    aborted = "aborted", "Stopped at the receiver's request", "应接收方要求不再重试"


class SubscriptionOut(RecordOut, of=Subscription, after={"rotated_at": "previous_ends_at"}):
    """A subscription to events, without its secret, and of its address the origin only."""


class CreatedSubscriptionOut(SubscriptionOut):
    """A subscription with its secret, which is shown once."""

    secret: str | None = Field(description="Shown now and never again; null when it was sent to us.")


class AttemptOut(OutputModel):
    """An attempt to deliver an event: when, how long, and what came of it; nothing of what was sent."""

    id: UUID
    message_id: str = Field(description="`webhook-id`: the same for each attempt at one event.")
    position: int | None = Field(description="The event's place in the log; null: it was a test.")
    stream: str | None = Field(description="The event's record: `<kind>/<id>`; null: it was a test.")
    event_type: str
    attempted_at: datetime
    outcome: AttemptOutcome
    code: str | None = Field(
        description="The reason of the failure: `status`, `redirect`, `vendor_code`, `timeout`, `closed`, "
        "`no_connection`, `tls`, `unknown_host`, `address_refused`, `template_failed`, `template_limit`, or "
        "one of a tool."
    )
    detail: str | None = Field(
        description="With `vendor_code` the vendor's own number, and of a template the key that failed."
    )
    status: int | None = Field(description="HTTP status of the answer; null: none came.")
    duration_ms: int
    size: int = Field(description="Of the body that was sent, in bytes.")
    headers: dict[str, str] = Field(
        description="Those headers of the answer that can repeat nothing of what was sent."
    )


class ResentOut(OutputModel):
    """The number of events, or of stretches of the log, that are sent once more."""

    resent: int


class SubscriptionTemplateOut(OutputModel):
    """The template of a subscription."""

    template: str | None


class PreviewedRequest(OutputModel):
    """A request that is not sent; the secret, and what is made with it, is `********`."""

    method: str
    origin: str = Field(description="Of the address, which may hold a secret, the origin only.")
    query_string: str | None = Field(description="Added to the address.")
    headers: dict[str, str]
    body: str | None


class SubscriptionPreviewOut(OutputModel):
    """The request that would deliver an event; null where its template failed, and why."""

    event_type: str
    position: int | None = Field(description="The event's place in the log; null: it is a test.")
    stream: str = Field(description="The event's record: `<kind>/<id>`.")
    outgoing_request: PreviewedRequest | None
    failure: str | None
    failed_key: str | None = Field(description="The key of the template that failed.")


class SubscriptionStatusOut(OutputModel):
    """The state of a subscription's deliveries."""

    position: int | None = Field(
        description="Events up to this position are delivered, or their streams wait. Null: not begun yet."
    )
    waiting_streams: int = Field(description="Streams of which an event waits for its next attempt.")
    oldest_waiting_since: datetime | None = Field(
        description="First failure of the stream that waits longest."
    )
    failing_since: datetime | None = Field(description="First failure since the last success.")
    next_attempt_at: datetime | None = Field(description="Nothing is sent before; null: as events come.")
    delivered_last_day: int
    failed_last_day: int
    to_resend: int = Field(description="Requests to send events once more that are not done yet.")


SUBSCRIPTIONS = Listing(
    lifecycle=LIFECYCLE,
    shape=SubscriptionOut,
    filters=("state", "person", "format", "added_at", "changed_at"),
    sorts=("added_at", "title", "changed_at"),
    expands=(PERSONS,),
)

ADAPTER = "select adapter from fold.webhook_source where key = %s"


async def adapter_of_source(db: Database, key: str | None) -> str | None:
    """Return the adapter of the source of webhooks with that key; None if there is none."""
    adapter: str | None = await db.value(ADAPTER, (key,))
    return adapter
