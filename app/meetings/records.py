"""Meetings, their states and codes, and their child records (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, NamesRecord, optional, required
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
    monthly_assessment = "monthly_assessment", "Monthly assessment", "月度评估会"
    solution_review = "solution_review", "Solution review", "方案评审会"
    progress = "progress", "Progress", "进展会"
    agreement_review = "agreement_review", "Agreement review", "协议复审会"
    quality_analysis = "quality_analysis", "Quality analysis", "质量分析会"
    cab = "cab", "Change advisory board", "变更顾问委员会会议"
    kick_off = "kick_off", "Kick-off", "启动会"
    improvement_talk = "improvement_talk", "Improvement talk", "改进面谈"
    other = "other", "Other", "其他"


#: The states of a meeting that took place.
HELD_STATES = frozenset({MeetingState.held, MeetingState.minuted})
#: The kinds of records, besides tickets, that a meeting discusses.
DISCUSSED_KINDS = frozenset({"improvement_plan", "improvement_suggestion", "improvement_assessment"})


class SeriesInterval(CodeEnum):
    """Interval between the meetings of a series."""

    weekly = "weekly", "Weekly", "每周"
    fortnightly = "fortnightly", "Every two weeks", "每两周"
    monthly = "monthly", "Monthly", "每月"
    quarterly = "quarterly", "Quarterly", "每季度"
    half_yearly = "half_yearly", "Every six months", "每半年"
    yearly = "yearly", "Yearly", "每年"


class SeriesDay(CodeEnum):
    """Day of the month that monthly meetings share: a date, such as the 15th, or a weekday, such as the third
    Tuesday.
    """

    date = "date", "The same day of the month", "每月同一日期"
    weekday = "weekday", "The same weekday of the month", "同一星期几"


class Meeting(Ticket):
    """A meeting of persons at a time, to discuss records and to decide.

    A series is one record for each meeting. `series_id` is the first meeting's id, `series_since_at` its
    planned begin, from which the others fall due by the clock of `time_zone`. `planned_at` is when this one
    fell due, even if it was moved since; `next_id` the meeting that follows, `next_at` when that one fell
    due. `overdue_at` is when it was flagged as not held in time.
    """

    KIND: ClassVar[str] = "meeting"
    VOTES_FROM: ClassVar[tuple[str, str] | None] = ("starts_at", MeetingState.called)

    title: str | None = required(
        "Title of the meeting in one line, without names of persons.", examples=["Change board"]
    )
    state: MeetingState | None = required()
    meeting_kind: MeetingKind | None = required("Purpose of the meeting.", examples=["cab"])
    starts_at: datetime | None = required(
        "Time at which the meeting begins.", examples=["2035-01-31T06:00:00Z"]
    )
    ends_at: datetime | None = required("Time at which the meeting ends.", examples=["2035-01-31T07:00:00Z"])
    time_zone: str | None = required("Time zone in which the meetings of the series keep their time of day.")
    place: str | None = optional("Place of the meeting, without names of persons.", examples=["Room 2.017"])
    chair_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.convening), Responsible(NoticeType.in_charge)
    ] = optional("Person who chairs the meeting; null if the chair of the series is no longer active.")
    organiser_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.convening), Responsible(NoticeType.in_charge)
    ] = optional("Person who organises the meeting.")
    group_id: Annotated[UUID | None, ForeignRef("group", GivenDuty.group_decision)] = optional(
        "Group whose members are invited; null if not set."
    )
    series_interval: SeriesInterval | None = optional(
        "Interval between the meetings of the series; null for a single meeting."
    )
    series_day: SeriesDay | None = optional(
        "Day that the monthly meetings of the series share; null for other intervals."
    )
    series_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "First meeting of the series; null for a single meeting."
    )
    series_since_at: datetime | None = optional(
        "Planned beginning of the first meeting of the series; null for a single meeting."
    )
    series_ended_at: datetime | None = optional(
        "Time since which no further meetings of the series are called; null while the series continues."
    )
    planned_at: datetime | None = required("Time for which the meeting was planned, before it was moved.")
    next_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "Next meeting of the series; null until it is called."
    )
    next_at: datetime | None = optional(
        "Time for which the next meeting was planned, before it was moved; null until it is called."
    )
    overdue_at: datetime | None = optional(
        "Time at which the meeting was flagged as not held in time; null if it was not."
    )
    held_at: Annotated[datetime | None, EnteredAt(MeetingState.held)] = None
    minuted_at: datetime | None = optional(
        "Time at which the minutes were last written; null before the first version."
    )
    signed_at: datetime | None = optional("Time at which the minutes were signed; null if they are not.")
    signed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who signed the minutes; null if they are not signed."
    )
    countersigned_at: datetime | None = optional(
        "Time at which a second person signed the minutes; null if nobody did."
    )
    countersigned_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Second person who signed the minutes; null if nobody did."
    )
    cancelled_at: Annotated[datetime | None, EnteredAt(MeetingState.cancelled)] = None


class Participant(ChildRecord):
    """A person who is invited to a meeting, or attended without an invitation. `side` is the side that they
    represent, if they are invited as members of the group.
    """

    KIND: ClassVar[str] = "participant"
    AUDIENCE_KIND: ClassVar[str] = "invited"

    person_id: Annotated[
        UUID | None,
        ForeignRef("person", GivenDuty.participation),
        Responsible(NoticeType.invited, when="invited"),
    ] = required("Person who is invited or attended.")
    side: RepresentedSide | None = optional(
        "Side that the person represents in the invited group; null if not set."
    )
    from_group: bool | None = required("True if the person is invited as a member of the group.")
    invited: bool | None = required(
        "True if the person was invited; false if they attended without an invitation."
    )
    attended: bool | None = optional("True if the person attended; null until the attendance is recorded.")
    added_at: datetime | None = required("Time at which the person was invited, or recorded as attending.")


class AgendaItem(ChildRecord):
    """An item of a meeting's agenda. `about`: the stream name of the record to discuss; `decision_id`: a
    decision on that record, or on the meeting itself; `conclusion`: the text of the minutes about the item.
    """

    KIND: ClassVar[str] = "agenda_item"

    place: int | None = required("Place of the item in the agenda, from 1.")
    topic: str | None = required(
        "Topic in one line, without names of persons, as all invited persons see it.",
        examples=["The relay that loses mail"],
    )
    about: Annotated[str | None, NamesRecord()] = optional(
        "Record that the item is about, as `<kind>/<id>`; null if there is none."
    )
    decision_id: UUID | None = optional(
        "Decision to be taken about the record, or on the meeting; null if not set."
    )
    conclusion: Annotated[str | None, Personal()] = optional(
        "Conclusion on the item, from the minutes; null until there is one."
    )
    added_at: datetime | None = required("Time at which the item was added to the agenda.")

    @property
    def for_staff(self) -> bool:
        """Only staff see the item in child listings, since it may name a record that not everybody may see;
        `GET …/agenda` shows each caller what they may see.
        """
        return True
