"""The shapes of `/v1/me/summaries`: their bodies and answers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.foundation.calendars.week import ClockTime, Weekday
from app.foundation.people.fields import Zone
from app.notifications.records import DeliveryFailure
from app.summaries.schedule import Cadence

LAST_DAY = 31


class SaveSummary(BaseModel):
    """A summary that the caller wants mailed: when, and of what."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    cadence: Cadence = Field(description="The frequency: by the day, week or month.")
    weekday: Weekday = Field(
        default=Weekday.mon, description="The day of the week on which a weekly one is sent."
    )
    day_of_month: int = Field(
        default=1,
        ge=1,
        le=LAST_DAY,
        description="The day of the month on which a monthly one is sent; in a shorter month the last day.",
    )
    time_of_day: ClockTime = Field(
        default="07:00",
        description="The time at which it is sent, by the clocks of the zone.",
        examples=["07:00"],
    )
    time_zone: Zone | None = Field(
        default=None,
        description="The time zone by its name (IANA); null: the caller's, or else the organisation's.",
    )
    view: UUID | None = Field(
        default=None,
        description="The id of a view of the kind `dashboard` that it is of: its team, service, priorities, "
        "process and length of period. Null: of everything.",
    )
    only_when_needed: bool = Field(
        default=False, description="True if it is not sent when nothing needs attention."
    )


class SummaryView(OutputModel):
    """The saved selection that a summary is of."""

    id: UUID
    name: str | None = Field(
        description="The name; null: the caller cannot use it any more, and is told so in the next summary, "
        "which is of everything."
    )


class SummaryOut(OutputModel):
    """A summary that is mailed to the caller."""

    id: UUID
    version: int = Field(description="For If-Match.")
    cadence: Cadence
    weekday: Weekday | None = Field(description="The day of the week; null: it is not weekly.")
    day_of_month: int | None = Field(description="The day of the month; null: it is not monthly.")
    time_of_day: str = Field(description="The time, by the clocks of the zone.", examples=["07:00"])
    time_zone: str = Field(description="The time zone by its name (IANA).", examples=["Asia/Shanghai"])
    view: SummaryView | None = Field(description="The saved selection that it is of; null: of everything.")
    only_when_needed: bool
    next_at: datetime | None = Field(
        description="The instant of the next one; null: this service has no mail server."
    )
    last_sent_at: datetime | None = Field(description="Time at which the mail server took the last one.")
    failure: DeliveryFailure | None = Field(
        description="The reason why the last one was not sent; null: it was, or nothing needed attention."
    )
    changed_at: datetime


class SummaryPage(OutputModel):
    """The summaries that are mailed to the caller, all on one page."""

    items: list[SummaryOut]
    next_cursor: None = Field(description="Null: there is no other page.")
