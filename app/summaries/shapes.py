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
    """A summary to mail to the caller: its schedule and its selection."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    cadence: Cadence = Field(description="Frequency of the summary: daily, weekly or monthly.")
    weekday: Weekday = Field(default=Weekday.mon, description="Day of the week for a weekly summary.")
    day_of_month: int = Field(
        default=1,
        ge=1,
        le=LAST_DAY,
        description="Day of the month for a monthly summary; in a shorter month, the last day.",
    )
    time_of_day: ClockTime = Field(
        default="07:00",
        description="Time of day at which the summary is sent, in the time zone.",
        examples=["07:00"],
    )
    time_zone: Zone | None = Field(
        default=None,
        description="Name of the time zone (IANA); null for the caller's time zone, or the "
        "organisation's if the caller has none.",
    )
    view: UUID | None = Field(
        default=None,
        description="Identifier of a saved view of the kind `dashboard` that selects the content: its "
        "team, service, priorities, process and length of period. Null for everything.",
    )
    only_when_needed: bool = Field(
        default=False, description="True if the summary is not sent when nothing needs attention."
    )


class SummaryView(OutputModel):
    """The saved view that selects the content of a summary."""

    id: UUID
    name: str | None = Field(
        description="Name of the view; null if the caller can no longer use it; the next summary then "
        "has everything, and explains why."
    )


class SummaryOut(OutputModel):
    """A summary that is mailed to the caller."""

    id: UUID
    version: int = Field(description="Version of the summary for If-Match.")
    cadence: Cadence
    weekday: Weekday | None = Field(description="Day of the week; null if the summary is not weekly.")
    day_of_month: int | None = Field(description="Day of the month; null if the summary is not monthly.")
    time_of_day: str = Field(description="Time of day in the time zone.", examples=["07:00"])
    time_zone: str = Field(description="Name of the time zone (IANA).", examples=["Asia/Shanghai"])
    view: SummaryView | None = Field(description="Saved view that selects the content; null for everything.")
    only_when_needed: bool = Field(
        description="True if the summary is not sent when nothing needs attention."
    )
    next_at: datetime | None = Field(
        description="Time of the next summary; null if this service has no mail server."
    )
    last_sent_at: datetime | None = Field(
        description="Time at which the mail server accepted the last summary; null before the first summary."
    )
    failure: DeliveryFailure | None = Field(
        description="Reason why the last summary was not sent; null if it was, or if nothing needed "
        "attention."
    )
    changed_at: datetime = Field(description="Time of the last change.")


class SummaryPage(OutputModel):
    """The summaries that are mailed to the caller, on one page."""

    items: list[SummaryOut]
    next_cursor: None = Field(description="Always null: there is only one page.")
