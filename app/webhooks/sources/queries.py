"""Answers about sources and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.people.queries import PERSONS, TEAMS
from app.webhooks.intake.deliveries import DeliveryState
from app.webhooks.sources.lifecycle import LIFECYCLE
from app.webhooks.sources.records import WebhookSource


class WebhookSourceOut(RecordOut, of=WebhookSource, after={"rotated_at": "previous_ends_at"}):
    """A tool whose webhooks or mails are taken, without its secret."""


class CreatedWebhookSourceOut(WebhookSourceOut):
    """A source with its secret, which is shown once."""

    secret: str | None = Field(description="Shown now and never again; null when the tool has made it.")


class DeliveryEffectOut(OutputModel):
    """The effect of a part of a delivery."""

    outcome: str = Field(
        description="`opened`, `updated`, `commented`, `known_already`, `ignored`, or the outcome of an alert."
    )
    record: str | None = Field(description="The ticket: `<kind>/<id>`.")
    number: str | None
    altered: dict[str, list[str]] = Field(
        default={},
        description="The fields that were altered or left out on the way in, each with its codes, as in "
        "`altered` of an incident.",
    )


class WebhookDeliveryOut(OutputModel):
    """A delivery, and what became of it."""

    id: UUID
    delivery_key: str = Field(
        description="Key by which a repetition is known, beside the content: the tool's id, or a hash."
    )
    received_at: datetime
    heard: int = Field(
        description="Number of times that it came. A repetition counts here, and is no further delivery."
    )
    last_heard_at: datetime | None = Field(description="Time at which it came last, if more than once.")
    size: int = Field(description="Of the body, in bytes.")
    content_hash: str = Field(description="SHA-256 of the body, in hex.")
    has_content: bool = Field(description="True if headers and body are still stored.")
    state: DeliveryState
    attempts: int
    processed_at: datetime | None
    code: str | None = Field(description="The reason why it failed or was ignored.")
    mapping_key: str | None = Field(description="Place in the mapping at which it failed.")
    reason: str | None = Field(description="The same in a sentence.")
    effects: list[DeliveryEffectOut]


class DeliveryContentOut(WebhookDeliveryOut):
    """A delivery with its content."""

    headers: dict[str, str] | None = Field(description="With lower-case names; null once removed.")
    body: str | None = Field(description="As text; what is not UTF-8 is replaced. Null once removed.")


class PreviewOut(OutputModel):
    """The news that a delivery would tell, by the source's mapping. Nothing is written."""

    ignored: str | None = Field(description="The reason why it tells nothing.")
    failure: str | None = Field(description="The reason why the mapping does not fit it.")
    mapping_key: str | None = Field(description="Place in the mapping.")
    news: list[dict[str, Any]] = Field(
        description="Each with its `kind` (`ticket`, `comment`, `alert` or `mail`) and what it sets; an "
        "alert that fires with the rules that take it: `routed_by`, `grouped_by`, `quiet_because`, "
        "`quiet_until_at`."
    )


class ReplayOut(OutputModel):
    """The number of deliveries that are processed again."""

    replayed: int


class WebhookStatusOut(OutputModel):
    """The amount of deliveries that come from a source."""

    waiting: int
    failed: int
    last_day: int = Field(description="Received within 24 hours.")
    altered: int = Field(
        description="Number of stored deliveries of which something was altered or left out on the way in."
    )
    refused: int = Field(description="That could not be verified, since the source was added.")
    last_received_at: datetime | None
    oldest_waiting_at: datetime | None = Field(description="Receipt of the oldest one that waits.")
    usual_gap_seconds: float | None = Field(description="Between two deliveries; null: too few yet.")


class AcceptedOut(OutputModel):
    """A delivery that is stored, and will be processed."""

    delivery_id: UUID


class AdapterOut(OutputModel):
    """An adapter: a tool that needs no mapping of one's own."""

    key: str
    title: str
    mapping: str | None = Field(description="As TOML; null for mail.")


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
