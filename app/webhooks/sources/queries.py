"""Answers about sources and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.people.queries import PERSONS, TEAMS
from app.webhooks.intake.deliveries import DeliveryState
from app.webhooks.sources.lifecycle import LIFECYCLE
from app.webhooks.sources.records import ToolLogin, WebhookSource


class WebhookSourceOut(RecordOut, of=WebhookSource, after={"rotated_at": "previous_ends_at"}):
    """A tool whose webhooks or mails are accepted, without its secret."""


class CreatedWebhookSourceOut(WebhookSourceOut):
    """A source with its secret, which is shown only once."""

    secret: str | None = Field(
        description="Secret of the source, shown now and never again; null if the tool made it."
    )


class ToolLoginOut(OutputModel, of=ToolLogin, without="id"):
    """A person's login at the tool of a source."""


LOGINS = ChildListing(
    "logins",
    ToolLogin,
    "set_at",
    ToolLoginOut,
    "the logins of persons at the tool of a source, the first set first",
)


class DeliveryEffectOut(OutputModel):
    """The effect of a part of a delivery."""

    outcome: str = Field(
        description="Outcome: `opened`, `updated`, `commented`, `known_already`, `ignored`, the outcome of "
        "an alert, or, of a test, `tested` or `test_failed`.",
    )
    record: str | None = Field(
        description="Ticket that was affected, in the form `<kind>/<id>`; null if no ticket was affected."
    )
    number: str | None = Field(
        description="Number by which people know the ticket; null if no ticket was affected."
    )
    altered: dict[str, list[str]] = Field(
        default={},
        description="Fields that were changed or left out on arrival, each with its codes, as in "
        "`altered` of an incident. `body` is the whole body: `repaired` or `doubled_key`.",
    )


class WebhookDeliveryOut(OutputModel):
    """A delivery and its outcome."""

    id: UUID
    delivery_key: str = Field(
        description="Key by which a repeated delivery is recognised, in addition to its content: the "
        "tool's id, or a hash."
    )
    received_at: datetime = Field(description="Time at which the delivery arrived.")
    heard: int = Field(
        description="Number of times that the delivery arrived; repetitions are counted here and not listed."
    )
    last_heard_at: datetime | None = Field(
        description="Time at which the delivery last arrived; null if it arrived only once."
    )
    size: int = Field(description="Size of the body in bytes.")
    content_hash: str = Field(description="SHA-256 digest of the body, in hexadecimal digits.")
    has_content: bool = Field(description="True if headers and body are still stored.")
    state: DeliveryState
    attempts: int = Field(description="Number of times that the delivery was processed.")
    processed_at: datetime | None = Field(
        description="Time at which the delivery was last processed; null if it was not."
    )
    code: str | None = Field(
        description="Code of the reason for failing or ignoring the delivery; null if it succeeded."
    )
    mapping_key: str | None = Field(description="Place in the mapping that failed; null if nothing failed.")
    reason: str | None = Field(
        description="Reason for failing or ignoring the delivery, as a sentence; null if it succeeded."
    )
    effects: list[DeliveryEffectOut] = Field(description="Effects of the delivery.")


class DeliveryContentOut(WebhookDeliveryOut):
    """A delivery with its content."""

    headers: dict[str, str] | None = Field(
        description="Headers with lower-case names; null once they are deleted."
    )
    body: str | None = Field(
        description="Body as text, in which invalid UTF-8 is replaced; null once it is deleted."
    )


class PreviewOut(OutputModel):
    """The effects that a delivery would have by the source's mapping."""

    ignored: str | None = Field(
        description="Reason for ignoring the delivery; null if it would have effects."
    )
    failure: str | None = Field(
        description="Reason why the mapping does not fit the delivery; null if it fits."
    )
    mapping_key: str | None = Field(description="Place in the mapping that failed; null if nothing failed.")
    news: list[dict[str, Any]] = Field(
        description="News from the delivery, each with its `kind` (`ticket`, `comment`, `alert` or "
        "`mail`) and its values; a firing alert also has the matching rules: `routed_by`, "
        "`grouped_by`, `quiet_because`, `quiet_until_at`."
    )


class ListedValueOut(OutputModel):
    """A value of a delivery."""

    path: str = Field(description="Path by which expressions of a mapping read the value.")
    value: str = Field(description="The value as text, shortened to 120 characters.")


class MappingTrialOut(PreviewOut):
    """The effects that a delivery would have by the tried mapping, and the values that it contains."""

    values: list[ListedValueOut] = Field(
        description="Values of the delivery, at most 300, for choosing paths; of a list, the list and its "
        "first element. Empty for a delivery that cannot be read."
    )


class ReplayOut(OutputModel):
    """The number of deliveries that are processed again."""

    replayed: int = Field(description="Number of deliveries that are processed again.")


class WebhookStatusOut(OutputModel):
    """The numbers of a source's deliveries."""

    waiting: int = Field(description="Number of deliveries that wait to be processed.")
    failed: int = Field(description="Number of deliveries that failed.")
    last_day: int = Field(description="Number of deliveries received within 24 hours.")
    altered: int = Field(
        description="Number of stored deliveries in which something was changed or left out on arrival."
    )
    refused: int = Field(
        description="Number of deliveries that could not be verified, since the source was added."
    )
    last_received_at: datetime | None = Field(
        description="Time of the last delivery; null before the first delivery."
    )
    oldest_waiting_at: datetime | None = Field(
        description="Time at which the oldest waiting delivery arrived; null if nothing waits."
    )
    clock_ahead_seconds: float | None = Field(
        description="Number of seconds by which the tool's clock is ahead of ours, as measured by our writes "
        "to it; negative if it is behind, null if we do not write to the tool."
    )
    clock_differs: bool = Field(description="True if the tool's times are converted to our clock.")
    usual_gap_seconds: float | None = Field(
        description="Usual number of seconds between two deliveries; null if there were too few."
    )


class AcceptedOut(OutputModel):
    """A delivery that is stored, and will be processed."""

    delivery_id: UUID = Field(description="Identifier by which the delivery can be read later.")


class AdapterOut(OutputModel):
    """An adapter, which is a built-in mapping for a tool."""

    key: str = Field(description="Key of the adapter.")
    title: str = Field(description="Name of the tool.")
    mapping: str | None = Field(description="Mapping as TOML; null for mail.")


class AdaptersOut(OutputModel):
    """All adapters."""

    items: list[AdapterOut]


WEBHOOK_SOURCES = Listing(
    lifecycle=LIFECYCLE,
    shape=WebhookSourceOut,
    filters=("state", "key", "adapter", "owner", "team", "service", "added_at", "changed_at"),
    sorts=("added_at", "key", "changed_at"),
    expands=(PERSONS, TEAMS),
)
