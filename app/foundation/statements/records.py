"""Statements that a record makes about people who did not make them (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, optional, required


class StatedFact(CodeEnum):
    """The fact that is recorded about a person."""

    attended = "attended", "Attended", "已出席"
    consulted = "consulted", "Was consulted", "已被征询意见"
    agreed = "agreed", "Agreed", "已同意"
    gave_feedback = "gave_feedback", "Gave feedback", "已提出反馈"
    asked_for = "asked_for", "Asked for it", "提出了相关需求"


class PersonStatement(ChildRecord):
    """A fact that somebody recorded about another person. It counts unless that person objects in time.

    `about_id` is the child record that states it; None: the record itself does.
    """

    KIND: ClassVar[str] = "person_statement"
    AUDIENCE_KIND: ClassVar[str] = "recorded"

    fact: StatedFact | None = required("Fact that is recorded about the person.")
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.statement_about_you)
    ] = required("Person about whom the fact is recorded.")
    about_id: UUID | None = optional(
        "Identifier of the part of the record that states the fact; null if the record states it."
    )
    stated_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who recorded the fact.")
    stated_at: datetime | None = required("Time at which the fact was recorded.")
    until_at: datetime | None = required(
        "Time until which the person can object.", examples=["2035-01-31T00:00:00Z"]
    )
    objected_at: datetime | None = optional(
        "Time at which the person objected; null if the statement counts."
    )
    objection: Annotated[str | None, Personal()] = optional(
        "Objection in the person's own words; null if there is none.",
        examples=["I was on leave that day. 我当天休假。"],
    )
    informed_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.statement_objected)
    ] = optional("Person who is notified of the objection; null until there is one.")
