"""Decisions and votes: rows beside the record that is decided about, on its stream."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.personal import Personal
from app.common.records import FOLD, ChildRecord, CodeEnum, ForeignRef
from app.foundation.people.records import RepresentedSide


class DecisionRule(CodeEnum):
    """How votes come to an outcome."""

    chair = "chair", "The chair decides", "主席决定"
    majority = "majority", "By majority", "多数通过"
    unanimous = "unanimous", "Unanimously", "一致通过"


class VoteVerdict(CodeEnum):
    """What somebody says to a question."""

    approve = "approve", "Approve", "同意"
    reject = "reject", "Reject", "反对"
    defer = "defer", "Defer", "暂缓"
    abstain = "abstain", "Abstain", "弃权"


class DecisionOutcome(CodeEnum):
    """What a decision comes to. It lapses where too few have voted in time, or the chair has not decided."""

    approved = "approved", "Approved", "通过"
    rejected = "rejected", "Rejected", "否决"
    deferred = "deferred", "Deferred", "暂缓"
    lapsed = "lapsed", "Lapsed", "失效"


class DecisionState(CodeEnum):
    """Whether it can still be voted on."""

    open = "open", "Open", "表决中"
    taken = "taken", "Taken", "已决定"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class Decision(ChildRecord):
    """A question about a record, put to an electorate: those who held a role or belonged to a group when it
    was asked, or persons by name.

    `quorum` is how many must have voted, abstentions among them; `voters` how many of those asked could vote
    in the end, and the numbers after it what they said, all set when it is taken. `reminded_at` is when those
    who had yet to vote were told that it is soon too late, `closed_at` when it was taken or withdrawn.
    """

    KIND: ClassVar[str] = "decision"

    state: DecisionState | None = Field(default=None, sa_type=Text)
    question: str | None = None
    role: Role | None = Field(default=None, sa_type=Text)
    group_id: Annotated[UUID | None, ForeignRef("group")] = None
    chair_id: Annotated[UUID | None, ForeignRef("person")] = None
    rule: DecisionRule | None = Field(default=None, sa_type=Text)
    quorum: int | None = None
    asked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    asked_at: datetime | None = None
    due_at: datetime | None = None
    reminded_at: datetime | None = None
    outcome: DecisionOutcome | None = Field(default=None, sa_type=Text)
    voters: int | None = None
    approvals: int | None = None
    rejections: int | None = None
    deferrals: int | None = None
    abstentions: int | None = None
    closed_at: datetime | None = None


class Vote(ChildRecord):
    """Whom a question was put to, and what they have said. Whoever is asked sees the record. `side` is the
    one that they stand for, if they were asked as members of a group.

    `closed_at`: the decision was taken or withdrawn before they voted.
    """

    KIND: ClassVar[str] = "vote"
    AUDIENCE_KIND: ClassVar[str] = "voter"

    decision_id: UUID | None = None
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_vote)] = None
    side: RepresentedSide | None = Field(default=None, sa_type=Text)
    asked_at: datetime | None = None
    due_at: datetime | None = None
    verdict: VoteVerdict | None = Field(default=None, sa_type=Text)
    comment: Annotated[str | None, Personal()] = None
    voted_at: datetime | None = None
    closed_at: datetime | None = None


class DecisionTable(Decision, table=True):
    """Where decisions stand."""

    __tablename__ = "decision"
    __table_args__: ClassVar = FOLD


class VoteTable(Vote, table=True):
    """Where votes stand, and who has yet to vote."""

    __tablename__ = "vote"
    __table_args__: ClassVar = FOLD
