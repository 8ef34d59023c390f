"""Decisions and votes: child records of the record that is decided about, on its stream (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, optional, required
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
    document_review = "document_review", "Review of a document", "文件评审"
    document_countersignature = "document_countersignature", "Countersigning of a document", "文件会签"
    process_change = "process_change", "Change of a process", "流程变更"


class DecisionState(CodeEnum):
    """State of a decision: an open one can be voted on."""

    open = "open", "Open", "表决中"
    taken = "taken", "Process", "已决定"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class VoterLeftOutReason(CodeEnum):
    """Why somebody was not asked to vote."""

    author = "author", "Wrote or changed what is being decided", "编写或修改过待决内容"
    duty = (
        "duty",
        "Requested it, carries it out or is measured by it",
        "与该事项有关：提出、执行或受其考核",
    )
    asker = "asker", "Opened the vote", "提请者本人"
    carries_out = (
        "carries_out",
        "Has a task in it, or belongs to the team that carries it out",
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

    state: DecisionState | None = required("The state of the vote.")
    decision: DecisionKind | None = optional(
        "Its kind, by which approval rules name the voters; null: they were named otherwise."
    )
    question: str | None = required("The question in a line.")
    rules: list[Any] | None = None
    role: Role | None = optional("Of those who were asked, if a catalogue item names it.")
    group_id: Annotated[UUID | None, ForeignRef("group")] = optional(
        "The group that was asked, if one alone was."
    )
    chair_id: Annotated[UUID | None, ForeignRef("person")] = optional("The chair, if a group was asked.")
    rule: DecisionRule | None = required("The rule by which votes come to an outcome.")
    quorum: int | None = required("Number of persons who must have voted, abstentions among them.")
    left_out: list[Any] | None = None
    position: int | None = optional(
        "The log position when it was asked: the evidence before the voters is all up to it.",
        sa_type=BigInteger,
    )
    asked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Null: a rule.")
    asked_at: datetime | None = required("Time at which it was asked.")
    due_at: datetime | None = required("Time until which votes count.")
    remind_at: datetime | None = None
    asked_next_at: datetime | None = optional(
        "Time at which those were asked who are next if too few have voted in time; null: nobody was."
    )
    reminded_at: datetime | None = optional("Time at which those who had yet to vote were reminded.")
    outcome: DecisionOutcome | None = optional("Null as long as it is open, and if it was withdrawn.")
    voters: int | None = optional(
        "Number of persons who could vote; set, as the counts after it, when it is taken."
    )
    approvals: int | None = optional("Number of votes for it.")
    rejections: int | None = optional("Number of votes against it.")
    deferrals: int | None = optional("Number of votes to defer it.")
    abstentions: int | None = optional("Number of abstentions.")
    closed_at: datetime | None = optional("Time at which it was taken or withdrawn.")


class Vote(ChildRecord):
    """A voter's ballot, with the verdict once they have voted. Every voter sees the record. `side` is the
    side that they represent, if they were asked as members of a group.

    `role` is the one by which they were asked; `role_lost`: they did not hold it any more when they voted.
    `cast_by_id` is the deputy who voted in their name, if one did. `closed_at` is set if the decision was
    taken or withdrawn before they voted, or others were asked next.
    """

    KIND: ClassVar[str] = "vote"
    AUDIENCE_KIND: ClassVar[str] = "voter"

    decision_id: UUID | None = required("The decision: its id.")
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_vote)] = required(
        "The voter."
    )
    role: Role | None = optional("The role by which they were asked; null: by what they are to it.")
    side: RepresentedSide | None = optional("The one that they stand for in the group, if it was asked.")
    asked_at: datetime | None = required("Time at which they were asked.")
    due_at: datetime | None = required("Time until which votes count.")
    verdict: VoteVerdict | None = optional("Null: they have not voted.")
    cast_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The deputy who voted in their name; null: they did."
    )
    role_lost: bool | None = optional(
        "That they did not hold that role any more when they voted: the vote stays."
    )
    comment: Annotated[str | None, Personal()] = optional("The reasons, in the words of the voter.")
    voted_at: datetime | None = optional("Time of the vote; null: they have not voted.")
    closed_at: datetime | None = optional("Time at which it was over without their vote.")


class VotingDeputy(ChildRecord):
    """A person who may vote in the name of the voter `instead_of_id` on one decision, from `from_at` until
    before `until_at` or `ended_at`. They see the record.
    """

    KIND: ClassVar[str] = "voting_deputy"
    AUDIENCE_KIND: ClassVar[str] = "voter"

    decision_id: UUID | None = required("The decision: its id.")
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.to_vote)] = required(
        "The deputy, who votes."
    )
    instead_of_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The person in whose name the deputy votes."
    )
    deputation_id: Annotated[UUID | None, ForeignRef("deputy")] = required(
        "The deputation, or the absence, by which they may vote."
    )
    asked_at: datetime | None = required("Time at which the voter was asked.")
    due_at: datetime | None = required("Time until which votes count.")
    from_at: datetime | None = required("Time from which they may vote.")
    until_at: datetime | None = required("Time before which they may vote.")
    ended_at: datetime | None = optional("Time at which the voter ended it before its end.")
