"""Meetings, their states and codes, and their child records (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, optional, required
from app.common.state_fields import EnteredAt
from app.common.tickets import Ticket
from app.foundation.people.records import RepresentedSide


class MeetingState(CodeEnum):
    """State of a meeting."""

    called = "called", "Called", "已召集"
    held = "held", "Held", "已召开"
    minuted = "minuted", "Minuted", "已形成纪要"
    cancelled = "cancelled", "Cancelled", "已取消"


class MeetingKind(CodeEnum):
    """Purpose of a meeting."""

    plan_review = "plan_review", "Plan review", "计划评审会"
    monthly_assessment = "monthly_assessment", "Monthly assessment", "月度考核会"
    solution_review = "solution_review", "Solution review", "方案评审会"
    progress = "progress", "Progress", "进展会"
    agreement_review = "agreement_review", "Agreement review", "协议评审会"
    quality_analysis = "quality_analysis", "Quality analysis", "质量分析会"
    cab = "cab", "Change advisory board", "变更委员会会议"
    kick_off = "kick_off", "Kick-off", "启动会"
    improvement_talk = "improvement_talk", "Improvement talk", "改进面谈"
    other = "other", "Other", "其他"


class SeriesInterval(CodeEnum):
    """Interval between the meetings of a series."""

    weekly = "weekly", "Weekly", "每周"
    fortnightly = "fortnightly", "Every two weeks", "每两周"
    monthly = "monthly", "Monthly", "每月"
    quarterly = "quarterly", "Quarterly", "每季度"
    half_yearly = "half_yearly", "Every six months", "每半年"
    yearly = "yearly", "Yearly", "每年"


class SeriesDay(CodeEnum):
    """Day that monthly meetings share: the same date, as the 15th, or weekday, as the third Tuesday."""

    date = "date", "The same day of the month", "同一日期"
    weekday = "weekday", "The same weekday of the month", "同一星期几"


class Meeting(Ticket):
    """A meeting of persons at a time, to discuss records and to decide.

    A series is one record for each meeting. `series_id` is the first meeting's id, `series_since_at` its
    planned begin, from which the others fall due by the clock of `time_zone`. `planned_at` is when this one
    fell due, even if it was moved since; `next_id` the meeting that follows, `next_at` when that one fell
    due. `overdue_at` is when it was flagged as not held in time.
    """

    KIND: ClassVar[str] = "meeting"

    title: str | None = required(
        "The meeting in a line, without names of persons.", examples=["Change board"]
    )
    state: MeetingState | None = required()
    meeting_kind: MeetingKind | None = required("Its purpose.", examples=["cab"])
    starts_at: datetime | None = required("The time at which it begins.", examples=["2199-01-31T06:00:00Z"])
    ends_at: datetime | None = required("The time at which it ends.", examples=["2199-01-31T07:00:00Z"])
    time_zone: str | None = required("The time zone by whose clocks a series goes on.")
    place: str | None = optional("Its place, without names of persons.", examples=["Room 2.017"])
    chair_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The person who chairs it; null: whoever chaired the series is not there any more."
    )
    organiser_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The person who organises it."
    )
    group_id: Annotated[UUID | None, ForeignRef("group")] = optional("The group whose members are invited.")
    series_interval: SeriesInterval | None = optional(
        "The interval at which it takes place again; null: once."
    )
    series_day: SeriesDay | None = optional("The day that stays the same from month to month.")
    series_id: Annotated[UUID | None, ForeignRef("meeting")] = optional("The first meeting of its series.")
    series_since_at: datetime | None = optional(
        "The time at which the first meeting of its series was to begin."
    )
    series_ended_at: datetime | None = optional("The time since which no next meeting is called.")
    planned_at: datetime | None = required("The time at which it fell due, wherever it was moved since.")
    next_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "The meeting that follows in the series, if it has been called."
    )
    next_at: datetime | None = optional(
        "The time at which the next meeting fell due, wherever it was moved since."
    )
    overdue_at: datetime | None = optional("The time at which it was flagged as not held in time.")
    held_at: Annotated[datetime | None, EnteredAt(MeetingState.held)] = None
    minuted_at: datetime | None = optional("The time at which its minutes were last written.")
    signed_at: datetime | None = optional("The time at which the minutes were signed.")
    signed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(MeetingState.cancelled)] = None


class Participant(ChildRecord):
    """A person who is invited to a meeting, or attended without an invitation. `side` is the side that they
    represent, if they are invited as members of the group.
    """

    KIND: ClassVar[str] = "participant"
    AUDIENCE_KIND: ClassVar[str] = "invited"

    person_id: Annotated[
        UUID | None, ForeignRef("person"), Responsible(NoticeType.invited, when="invited")
    ] = required()
    side: RepresentedSide | None = optional("The side that they represent in the group, if that is invited.")
    from_group: bool | None = required("True if they are invited as a member of the group.")
    invited: bool | None = required()
    attended: bool | None = optional("True if they were there; null: not recorded yet.")
    added_at: datetime | None = required()


class AgendaItem(ChildRecord):
    """An item of a meeting's agenda. `about`: the stream name of the record to discuss; `decision_id`: a
    decision on that record, or on the meeting itself; `conclusion`: what the minutes say about the item.
    """

    KIND: ClassVar[str] = "agenda_item"

    place: int | None = required()
    topic: str | None = required(
        "The topic in a line, without names of persons: all who are invited see it.",
        examples=["The relay that loses mail"],
    )
    about: str | None = None
    decision_id: UUID | None = optional(
        "The decision to take, on the record that it is about, or on the meeting."
    )
    conclusion: Annotated[str | None, Personal()] = optional("The conclusion on it, as the minutes have it.")
    added_at: datetime | None = required()

    @property
    def for_staff(self) -> bool:
        """Only staff see the item in child listings, since it may name a record that not everybody may see;
        `GET …/agenda` shows each caller what they may see.
        """
        return True
