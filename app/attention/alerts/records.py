"""The record of an alert."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

from sqlmodel import Field

from app.attention.conditions import Severity
from app.common.records import CodeEnum, ForeignRef, Record, optional, required
from app.common.state_fields import EnteredAt


class AlertState(CodeEnum):
    """The state of an alert: its sentence stands, or not any more."""

    raised = "raised", "Raised", "已发出"
    ended = "ended", "Ended", "已结束"


class AttentionAlert(Record):
    """An alert: a sentence on what needs attention, from when it was first found true until it was not.

    `key` is the name of the sentence while it stands, and at most one alert of a key is raised. `title_en`
    and `title_zh` are the sentence as it was when the alert was raised.
    """

    KIND: ClassVar[str] = "attention_alert"

    number: str = Field(default="", description="The number that people use; accepted wherever the id is.")
    state: AlertState | None = required()
    key: str | None = required(
        "The key of the sentence, as in `GET /v1/attention`.",
        examples=["major_incident:incident:INC-2026-000123"],
    )
    code: str | None = required("The stable code of its kind.", examples=["major_incident"])
    severity: Severity | None = required("Its severity.")
    process: str | None = optional("The kind of its cases, as `incident`; null: of none.")
    subject: str | None = optional(
        "The subject that tells it apart from others of its code and process; null: there are no others.",
        examples=["INC-2026-000123"],
    )
    title_en: str | None = required(
        "The sentence in English, as it was when the alert was raised.",
        examples=["INC-2026-000123 is a major incident since 12 min; Network has it"],
    )
    title_zh: str | None = required("The sentence in Chinese, as it was then.")
    person_ids: Annotated[list[str] | None, ForeignRef("person")] = optional(
        "The persons who were told of it: those who have it, and read the same sentence; null: nobody."
    )
    raised_at: Annotated[datetime | None, EnteredAt(AlertState.raised)] = required()
    ended_at: Annotated[datetime | None, EnteredAt(AlertState.ended)] = None

    @property
    def title(self) -> str:
        """Return the alert in a line of keys, which is the same in every language."""
        return ", ".join(part for part in (self.code, self.subject or self.process) if part)
