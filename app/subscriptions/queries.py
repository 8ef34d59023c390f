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
    """A subscription to events, without its secret; of its address, only the origin is shown."""


class CreatedSubscriptionOut(SubscriptionOut):
    """A subscription with its secret, which is shown only once."""

    secret: str | None = Field(
        description="Secret of the subscription, shown now and never again; null if the caller sent it."
    )


class AttemptOut(OutputModel):
    """An attempt to deliver an event: its time, duration and outcome, without the content."""

    id: UUID
    message_id: str = Field(
        description="`webhook-id` of the message, the same for each attempt to deliver an event."
    )
    position: int | None = Field(description="Position of the event in the log; null for a test.")
    stream: str | None = Field(description="Record of the event: `<kind>/<id>`; null for a test.")
    event_type: str = Field(description="Type of the event, in the form `<kind>.<past tense>`.")
    attempted_at: datetime = Field(description="Time at which the request was sent.")
    outcome: AttemptOutcome
    code: str | None = Field(
        description="Code of the failure: `status`, `redirect`, `vendor_code`, `timeout`, `closed`, "
        "`no_connection`, `tls`, `unknown_host`, `address_refused`, `template_failed`, "
        "`template_limit`, or a code of the tool; null for a success."
    )
    detail: str | None = Field(
        description="Number of the vendor, for `vendor_code`, or key of the template that failed; null "
        "for other attempts."
    )
    status: int | None = Field(description="HTTP status of the answer; null if there was no answer.")
    duration_ms: int = Field(description="Duration of the attempt in milliseconds.")
    size: int = Field(description="Size of the request body in bytes.")
    headers: dict[str, str] = Field(
        description="Headers of the answer, without those that could repeat sent content."
    )


class ResentOut(OutputModel):
    """The number of events that are sent again."""

    resent: int = Field(description="Number of events that are sent again, counted up to 10,000.")


class SubscriptionTemplateOut(OutputModel):
    """The template of a subscription."""

    template: str | None = Field(description="Template as TOML or JSON; null if not needed.")


class PreviewedRequest(OutputModel):
    """A request that is not sent; the secret and values made with it are shown as `********`."""

    method: str = Field(description="HTTP method of the request.")
    origin: str = Field(description="Origin of the address, which may contain a secret.")
    query_string: str | None = Field(
        description="Query string that is added to the address; null if not needed."
    )
    headers: dict[str, str] = Field(description="Headers of the request.")
    body: str | None = Field(description="Body of the request; null if it has no body.")


class SubscriptionPreviewOut(OutputModel):
    """The request that would deliver an event, or the reason why the template failed."""

    event_type: str = Field(description="Type of the event, in the form `<kind>.<past tense>`.")
    position: int | None = Field(description="Position of the event in the log; null for a test.")
    stream: str = Field(description="Record of the event: `<kind>/<id>`.")
    outgoing_request: PreviewedRequest | None = Field(
        description="Request that would be sent; null if the template failed."
    )
    failure: str | None = Field(description="Code of the failure; null if the template succeeded.")
    failed_key: str | None = Field(
        description="Key of the template that failed; null if the template succeeded."
    )


class SubscriptionStatusOut(OutputModel):
    """The status of a subscription's deliveries."""

    position: int | None = Field(
        description="Position of the log up to which events are delivered, except in waiting streams; "
        "null if deliveries have not begun."
    )
    waiting_streams: int = Field(
        description="Number of streams with an event that waits for its next attempt."
    )
    oldest_waiting_since: datetime | None = Field(
        description="Time of the first failure in the stream that waits longest; null if nothing waits."
    )
    failing_since: datetime | None = Field(
        description="Time of the first failure since the last success; null if deliveries succeed."
    )
    next_attempt_at: datetime | None = Field(
        description="Time of the next attempt at what failed; null if nothing waits for one."
    )
    delivered_last_day: int = Field(description="Number of events delivered within 24 hours.")
    failed_last_day: int = Field(description="Number of attempts that failed within 24 hours.")
    to_resend: int = Field(description="Number of requests to send events again that are not done yet.")


SUBSCRIPTIONS = Listing(
    lifecycle=LIFECYCLE,
    shape=SubscriptionOut,
    filters=("state", "person", "format", "added_at", "changed_at"),
    sorts=("added_at", "title", "changed_at"),
    expands=(PERSONS,),
)

ADAPTER = "select adapter from fold.webhook_source where key = %s"


async def adapter_of_source(db: Database, key: str | None) -> str | None:
    """Return the adapter of the source of webhooks with that key, or None."""
    adapter: str | None = await db.value(ADAPTER, (key,))
    return adapter
