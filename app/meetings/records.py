"""Meetings, their states and codes, and their child records (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef
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

    state: MeetingState | None = None
    meeting_kind: MeetingKind | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    time_zone: str | None = None
    place: str | None = None
    chair_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    organiser_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    group_id: Annotated[UUID | None, ForeignRef("group")] = None
    series_interval: SeriesInterval | None = None
    series_day: SeriesDay | None = None
    series_id: Annotated[UUID | None, ForeignRef("meeting")] = None
    series_since_at: datetime | None = None
    series_ended_at: datetime | None = None
    planned_at: datetime | None = None
    next_id: Annotated[UUID | None, ForeignRef("meeting")] = None
    next_at: datetime | None = None
    overdue_at: datetime | None = None
    held_at: Annotated[datetime | None, EnteredAt(MeetingState.held)] = None
    minuted_at: datetime | None = None
    signed_at: datetime | None = None
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
    ] = None
    side: RepresentedSide | None = None
    from_group: bool | None = None
    invited: bool | None = None
    attended: bool | None = None
    added_at: datetime | None = None


class AgendaItem(ChildRecord):
    """An item of a meeting's agenda. `about`: the stream name of the record to discuss; `decision_id`: a
    decision on that record, or on the meeting itself; `conclusion`: what the minutes say about the item.
    """

    KIND: ClassVar[str] = "agenda_item"

    place: int | None = None
    topic: str | None = None
    about: str | None = None
    decision_id: UUID | None = None
    conclusion: Annotated[str | None, Personal()] = None
    added_at: datetime | None = None

    @property
    def for_staff(self) -> bool:
        """Only staff see the item in child listings, since it may name a record that not everybody may see;
        `GET …/agenda` shows each caller what they may see.
        """
        return True
