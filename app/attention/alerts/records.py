"""The record of an alert."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from sqlmodel import Field

from app.attention.conditions import Severity
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class AlertState(CodeEnum):
    """The state of an alert: its condition is true, or is no longer true."""

    raised = "raised", "Raised", "已发出"
    ended = "ended", "Ended", "已结束"


class AttentionAlert(Record):
    """An alert about a condition that needs attention, from the time at which it became true until it is
    no longer true.

    `key` is the name of the sentence while it stands, and at most one alert of a key is raised. `title_en`
    and `title_zh` are the sentence as it was when the alert was raised.
    """

    KIND: ClassVar[str] = "attention_alert"

    number: str = Field(
        default="", description="Number by which people know the alert; accepted wherever the id is."
    )
    state: AlertState | None = required()
    key: str | None = required(
        "Key of the condition, as in `GET /v1/attention`.",
        examples=["major_incident:incident:INC-2026-000123"],
    )
    code: str | None = required("Stable code of the kind of condition.", examples=["major_incident"])
    severity: Severity | None = required("Severity of the condition.")
    process: str | None = optional(
        "Kind of the cases, such as `incident`; null if the condition has no cases."
    )
    subject: str | None = optional(
        "Subject that distinguishes the condition from others of its code and process; null if there "
        "is only one.",
        examples=["INC-2026-000123"],
    )
    title_en: str | None = required(
        "Sentence in English, as it was when the alert was raised.",
        examples=["INC-2026-000123 is a major incident since 12 min; Network has it"],
    )
    title_zh: str | None = required("Sentence in Chinese, as it was when the alert was raised.")
    person_ids: Annotated[list[str] | None, ForeignRef("person")] = optional(
        "Persons who were notified: those whose condition it is and who read this sentence; null if no "
        "person was notified."
    )
    raised_at: Annotated[datetime | None, EnteredAt(AlertState.raised)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AlertState.ended)] = None

    @property
    def title(self) -> str:
        """Return the alert in a line of keys, which is the same in every language."""
        return ", ".join(part for part in (self.code, self.subject or self.process) if part)
