"""Decisions and votes: child records of the record that is decided about, on its stream (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef
from app.foundation.people.records import RepresentedSide


class DecisionRule(CodeEnum):
    """Rule by which votes lead to an outcome."""

    chair = "chair", "The chair decides", "主席决定"
    majority = "majority", "By majority", "多数通过"
    unanimous = "unanimous", "Unanimously", "一致通过"


class VoteVerdict(CodeEnum):
    """A voter's answer to the question."""

    approve = "approve", "Approve", "同意"
    reject = "reject", "Reject", "反对"
    defer = "defer", "Defer", "暂缓"
    abstain = "abstain", "Abstain", "弃权"


class DecisionOutcome(CodeEnum):
    """Outcome of a decision: it lapses if too few have voted in time, or if the chair has not decided."""

    approved = "approved", "Approved", "通过"
    rejected = "rejected", "Rejected", "否决"
    deferred = "deferred", "Deferred", "暂缓"
    lapsed = "lapsed", "Lapsed", "失效"


class DecisionKind(CodeEnum):
    """Kind of decision, by which approval rules say who votes."""

    change = "change", "Change", "变更"
    emergency_change = "emergency_change", "Emergency change", "紧急变更"
    freeze_exception = "freeze_exception", "Exception from a freeze", "冻结例外"
    release_go = "release_go", "Go of a release", "发布放行"
    release_plan_change = "release_plan_change", "Change of a release's plan", "发布计划变更"
    improvement_plan = "improvement_plan", "Annual plan of improvements", "流程改进年度计划"
    plan_adjustment = "plan_adjustment", "Adjustment of an annual plan", "年度计划调整"
    improvement_proposal = "improvement_proposal", "Proposal of an improvement", "改进提案"
    pilot = "pilot", "Judgement of a pilot", "试运行裁定"
    improvement_revert = "improvement_revert", "Reverting of an improvement", "恢复原状"


class DecisionState(CodeEnum):
    """State of a decision: an open one can be voted on."""

    open = "open", "Open", "表决中"
    taken = "taken", "Taken", "已决定"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class VoterLeftOutReason(CodeEnum):
    """Why somebody was not asked to vote."""

    author = "author", "Has made or changed what is decided about", "编写或修改过待决内容"
    duty = (
        "duty",
        "Has a part in it: asked for it, carries it out or is measured by it",
        "与该事项有关：提出、执行或受其考核",
    )
    asker = "asker", "Asks the question", "提请者本人"
    carries_out = (
        "carries_out",
        "Has a task in it, or belongs to the team that carries it out while nobody is assigned",
        "负责其中任务，或在尚未指派实施人时属于实施团队",
    )


class Decision(ChildRecord):
    """A question about a record, put to an electorate: those whom the approval rules named when it was asked,
    the approvers of a catalogue item, or the participants of a meeting.

    `decision` is its kind, None where no approval rule says who votes; `rules` are the rules by which it was
    asked, each as `{"rule": key, "edition": number}`, and `position` the log position of the newest event
    then. `asked_next_at` is when those were asked who are next if nobody answers. `group_id` is the
    group that votes, if one alone does, `role` the role that a catalogue item names (before there were rules,
    that which the asker chose).

    `quorum` is how many must have voted, abstentions included; `voters` how many of those asked could
    vote in the end, followed by the counts of their votes, all set when the decision is taken.
    `remind_at` is when those who have yet to vote are to be reminded (None: as the timer has it),
    `reminded_at` when they were, `closed_at` when the decision was taken or withdrawn. `left_out` are
    those who would have been asked and are kept apart, each as `{"person": id, "because": reason}`, by
    the codes of `VoterLeftOutReason`.
    """

    KIND: ClassVar[str] = "decision"

    state: DecisionState | None = None
    decision: DecisionKind | None = None
    question: str | None = None
    rules: list[Any] | None = None
    role: Role | None = None
    group_id: Annotated[UUID | None, ForeignRef("group")] = None
    chair_id: Annotated[UUID | None, ForeignRef("person")] = None
    rule: DecisionRule | None = None
    quorum: int | None = None
    left_out: list[Any] | None = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    asked_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    asked_at: datetime | None = None
    due_at: datetime | None = None
    remind_at: datetime | None = None
    asked_next_at: datetime | None = None
    reminded_at: datetime | None = None
    outcome: DecisionOutcome | None = None
    voters: int | None = None
    approvals: int | None = None
    rejections: int | None = None
    deferrals: int | None = None
    abstentions: int | None = None
    closed_at: datetime | None = None


class Vote(ChildRecord):
    """A voter's ballot, with the verdict once they have voted. Every voter sees the record. `side` is the
    side that they represent, if they were asked as members of a group.

    `role` is the one by which they were asked; `role_lost`: they did not hold it any more when they voted.
    `cast_by_id` is the deputy who voted in their name, if one did. `closed_at` is set if the decision was
    taken or withdrawn before they voted, or others were asked next.
    """

    KIND: ClassVar[str] = "vote"
    AUDIENCE_KIND: ClassVar[str] = "voter"

    decision_id: UUID | None = None
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_vote)] = None
    role: Role | None = None
    side: RepresentedSide | None = None
    asked_at: datetime | None = None
    due_at: datetime | None = None
    verdict: VoteVerdict | None = None
    cast_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    role_lost: bool | None = None
    comment: Annotated[str | None, Personal()] = None
    voted_at: datetime | None = None
    closed_at: datetime | None = None


class VotingDeputy(ChildRecord):
    """A person who may vote in the name of the voter `instead_of_id` on one decision, from `from_at` until
    before `until_at` or `ended_at`. They see the record.
    """

    KIND: ClassVar[str] = "voting_deputy"
    AUDIENCE_KIND: ClassVar[str] = "voter"

    decision_id: UUID | None = None
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_vote)] = None
    instead_of_id: Annotated[UUID | None, ForeignRef("person")] = None
    deputation_id: Annotated[UUID | None, ForeignRef("deputy")] = None
    asked_at: datetime | None = None
    due_at: datetime | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    ended_at: datetime | None = None
