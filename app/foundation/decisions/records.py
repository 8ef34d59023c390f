"""Decisions and votes: child records of the record that is decided about, on its stream (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.components import Translated
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Role
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, ForeignRef, Hidden, optional, required
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
    """Outcome of a decision; it lapses if too few have voted in time, or if the chair has not decided."""

    approved = "approved", "Approved", "通过"
    rejected = "rejected", "Rejected", "否决"
    deferred = "deferred", "Deferred", "暂缓"
    lapsed = "lapsed", "Lapsed", "失效"


class DecisionKind(CodeEnum):
    """Kind of decision, for which approval rules determine the voters."""

    change = "change", "Change", "变更"
    emergency_change = "emergency_change", "Emergency change", "紧急变更"
    freeze_exception = "freeze_exception", "Exception from a freeze", "冻结例外"
    release_go = "release_go", "Go of a release", "发布放行"
    release_plan_change = "release_plan_change", "Change of a release's plan", "发布计划变更"
    improvement_plan = "improvement_plan", "Annual plan of improvements", "流程改进年度计划"
    plan_adjustment = "plan_adjustment", "Adjustment of an annual plan", "年度计划调整"
    plan_closing = "plan_closing", "Closing of an annual plan", "年度计划关闭"
    improvement_proposal = "improvement_proposal", "Proposal of an improvement", "改进提案"
    improvement_class = "improvement_class", "Class of an improvement", "改进分类"
    improvement_charter = "improvement_charter", "Charter of an improvement project", "改进项目立项"
    project_plan = "project_plan", "Plan of an improvement project", "改进项目计划"
    pilot = "pilot", "Judgement of a pilot", "试点裁定"
    improvement_people = "improvement_people", "People of an improvement project", "更换改进项目人员"
    improvement_revert = "improvement_revert", "Reverting of an improvement", "恢复原状"
    document_review = "document_review", "Review of a document", "文件评审"
    document_countersignature = "document_countersignature", "Countersigning of a document", "文件会签"
    process_change = "process_change", "Change of a process", "流程变更"


class DecisionState(CodeEnum):
    """State of a decision: an open one can be voted on."""

    open = "open", "Open", "表决中"
    taken = "taken", "Taken", "已决定"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class VoterLeftOutReason(CodeEnum):
    """The reason why a person was excluded from a vote."""

    author = "author", "Wrote or changed what is being decided", "编写或修改过待决内容"
    duty = (
        "duty",
        "Took on a part in it, such as requester or assignee",
        "自行承担了该事项的职责：如申请人、实施人",
    )
    asker = "asker", "Opened the vote", "提请者本人"
    carries_out = (
        "carries_out",
        "Carried out or logged work on it",
        "执行过该事项或登记过工时",
    )
    candidate = "candidate", "Would get a post by this decision", "拟由本决议任命"
    recused = "recused", "Recused themselves", "已自行回避"
    named_by_party = (
        "named_by_party",
        "Was given the post or shift by somebody involved, or by the person who asks",
        "其职务或值班由相关人员或提请者安排",
    )
    removed_by_party = (
        "removed_by_party",
        "Lost the role, the seat or the account through somebody involved, or the person who asks",
        "其角色、席位或账号被相关人员或提请者取消",
    )
    came_later = "came_later", "Got the post after the matter began", "在事项开始之后才任职"
    took_over = "took_over", "Took the post of somebody else on their own", "自行接任了他人的职务"
    service_unused = (
        "service_unused",
        "Owns an affected service that is not in use yet",
        "所负责的受影响服务尚未启用",
    )
    not_staff = "not_staff", "Does not belong to the staff", "不是内部员工"
    no_account = "no_account", "Has no active account that can vote", "没有可投票的有效账号"


#: Reasons by which people named by a rule get no seat at all: boards and quorums do not count them.
UNSEATED = frozenset(
    {
        *(VoterLeftOutReason.named_by_party, VoterLeftOutReason.came_later, VoterLeftOutReason.took_over),
        *(VoterLeftOutReason.service_unused, VoterLeftOutReason.not_staff, VoterLeftOutReason.no_account),
        VoterLeftOutReason.removed_by_party,
    }
)


#: SQL of the question of a decision `d` in the language of the parameter.
QUESTION_IN_LANGUAGE = "coalesce(d.question_texts->>(select %(language)s::text), d.question)"


class Decision(ChildRecord):
    """A question about a record, put to an electorate: the voters by the approval rules at that time, the
    approvers of a catalogue item, or the participants of a meeting.

    `decision` is its kind, None if its voters do not follow from approval rules. `rules` are the rules by
    which it was put, each as `{"rule": key, "edition": number}`, and `position` the log position of the
    newest event then. `asked_next_at` is when the next voters were asked for lack of answers. `group_id` is
    the group that votes, if only one does, `role` the role that a catalogue item names (before there were
    rules, the role that the asker chose).

    `question` is in the organisation's language; `question_texts` holds it in each language, if they differ.
    `quorum` is how many must have voted, abstentions included; `voters` how many of those asked could
    vote in the end, followed by the counts of their votes, all set when the decision is taken.
    `remind_at` is when those who have yet to vote are to be reminded (None: as the timer has it),
    `reminded_at` when they were, `closed_at` when the decision was taken or withdrawn. `left_out` are
    those who would have been asked and are kept apart, each as `{"person": id, "because": reason}`, by
    the codes of `VoterLeftOutReason`.
    """

    KIND: ClassVar[str] = "decision"

    state: DecisionState | None = required("State of the vote.")
    decision: DecisionKind | None = optional(
        "Kind of the decision, if approval rules determined its voters; null if the voters were chosen in "
        "another way."
    )
    question: Annotated[str | None, Translated("question_texts")] = required(
        "Question in one line, in the requested language as far as the service worded it."
    )
    question_texts: Annotated[dict[str, Any] | None, Hidden()] = None
    rules: list[Any] | None = optional(
        "Approval rules that determined the voters, with their versions; null if the voters were chosen in "
        "another way."
    )
    role: Role | None = optional("Role of the voters, if a catalogue item names it; null otherwise.")
    group_id: Annotated[UUID | None, ForeignRef("group", GivenDuty.group_decision)] = optional(
        "Group of the voters, if all of them come from one group; null otherwise."
    )
    chair_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = optional(
        "Chair of the group; null if no group was asked."
    )
    rule: DecisionRule | None = required("Rule by which votes lead to an outcome.")
    quorum: int | None = required("Number of persons who must have voted, including abstentions.")
    board_quorum: int | None = optional(
        "Number of voters of the board (`on_board`) who must have voted; null if all voters are counted "
        "together."
    )
    left_out: list[Any] | None = optional(
        "Persons who would have voted but are excluded, with the reasons; null if this was not recorded at "
        "that time."
    )
    position: int | None = optional(
        "Position of the log when the question was put: the voters saw the evidence up to it.",
        sa_type=BigInteger,
    )
    asked_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who put the question; null if an automation rule did."
    )
    asked_at: datetime | None = required("Time at which the question was put.")
    due_at: datetime | None = required("Time until which votes count.")
    remind_at: datetime | None = optional(
        "Time at which persons who have not voted are reminded; null if nobody is."
    )
    asked_next_at: datetime | None = optional(
        "Time at which the next persons were asked because too few had voted; null if not asked."
    )
    reminded_at: datetime | None = optional(
        "Time at which persons who had not voted were reminded; null if not reminded."
    )
    outcome: DecisionOutcome | None = optional(
        "Outcome; null while the vote is open, and if the question was withdrawn."
    )
    voters: int | None = optional(
        "Number of persons who could vote; null, as are the counts, while the vote is open."
    )
    approvals: int | None = optional("Number of votes for the question; null while the vote is open.")
    rejections: int | None = optional("Number of votes against the question; null while the vote is open.")
    deferrals: int | None = optional("Number of votes to defer the question; null while the vote is open.")
    abstentions: int | None = optional("Number of abstentions; null while the vote is open.")
    deferred_until_at: datetime | None = optional(
        "Time until which the question is deferred; null for other outcomes."
    )
    closed_at: datetime | None = optional(
        "Time at which the vote ended or the question was withdrawn; null while the vote is open."
    )
    deputise_at: Annotated[datetime | None, Hidden()] = None


class Vote(ChildRecord):
    """A voter's ballot, with the verdict once they have voted. Every voter sees the record. `side` is the
    side that they represent, if they were asked as members of a group. `named_by_id` is set if somebody else
    had named them in a duty of the record: they keep the seat, and may recuse themselves.

    `role` is the one by which they were asked; `role_lost`: they did not hold it any more when they, or their
    deputy, voted. `cast_by_id` is the deputy who voted in their name, if one did. `closed_at` is set if
    the decision was taken or withdrawn before they voted, or others were asked next. `left_at`: their account
    was deactivated before they voted, so that their seat does not count.
    """

    KIND: ClassVar[str] = "vote"
    AUDIENCE_KIND: ClassVar[str] = "voter"

    decision_id: UUID | None = required("Identifier of the decision on the record.")
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.to_vote)
    ] = required("Person who votes.")
    role: Role | None = optional(
        "Role by which the person was asked; null if they were asked for another reason."
    )
    side: RepresentedSide | None = optional(
        "Side that the person represents in the group; null if no group was asked."
    )
    services: list[str] | None = optional(
        "Keys of the affected services as whose owner the person was asked; null if they were asked for "
        "another reason."
    )
    on_board: bool | None = optional(
        "True if the person votes as a member of the board, whose votes must carry the motion by themselves; "
        "false for a person who is asked next to the board; null if all voters are counted together."
    )
    named_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who had named the voter as requester, assignee or in another duty of the record; null if "
        "nobody else had."
    )
    asked_at: datetime | None = required("Time at which the person was asked.")
    due_at: datetime | None = required("Time until which votes count.")
    verdict: VoteVerdict | None = optional("Answer of the person; null until they vote.")
    cast_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Deputy who voted in the person's name; null if the person voted."
    )
    role_lost: bool | None = optional(
        "True if the person no longer held the role when they or their deputy voted; the vote counts."
    )
    defer_until_at: datetime | None = optional(
        "Time until which the person wants to defer the question; null for other verdicts, and if they did "
        "not name one."
    )
    comment: Annotated[str | None, Personal()] = optional(
        "Reason for the vote or for recusing, in the voter's words."
    )
    voted_at: datetime | None = optional("Time of the vote; null until the person votes.")
    recused_at: datetime | None = optional(
        "Time at which the person recused themselves from the vote; null if they did not."
    )
    left_at: datetime | None = optional(
        "Time at which the person lost their vote because their account was deactivated before they voted; "
        "null if they have not."
    )
    closed_at: datetime | None = optional(
        "Time at which the vote ended without the person's vote; null if it did not."
    )


class VotingDeputy(ChildRecord):
    """A person who may vote in the name of the voter `instead_of_id` on one decision, from `from_at` until
    before `until_at`. They see the record meanwhile: there is a row only for that time. `ended_at` is set in
    rows of earlier releases, whose deputies were ended.
    """

    KIND: ClassVar[str] = "voting_deputy"
    AUDIENCE_KIND: ClassVar[str] = "voter"

    decision_id: UUID | None = required("Identifier of the decision on the record.")
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.deputising), Responsible(NoticeType.to_vote)
    ] = required("Deputy who may vote.")
    instead_of_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.participation, quiet=True)] = (
        required("Person in whose name the deputy votes.")
    )
    deputation_id: Annotated[UUID | None, ForeignRef("deputy")] = required(
        "The deputation, or the absence, by which they may vote."
    )
    asked_at: datetime | None = required("Time at which the voter was asked.")
    due_at: datetime | None = required("Time until which votes count.")
    from_at: datetime | None = required("Time from which the deputy may vote.")
    until_at: datetime | None = required("Time until which the deputy may vote, exclusive.")
    ended_at: datetime | None = optional(
        "Time at which the voter ended the deputy's period early; null if they did not."
    )
