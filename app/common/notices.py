"""Notices: the events of records that people are notified of, and markers of the persons who are notified."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.people import Role
from app.common.records import ChildRecord, CodeEnum


class NoticeType(CodeEnum):
    """The reason for a notice: a public step of a ticket, or something that concerns the recipient."""

    received = "received", "Received", "已受理"
    assigned = "assigned", "Assigned", "已分派"
    given = "given", "Given to you", "分派给您"
    tasked = "tasked", "A task for you", "有您的任务"
    escalated = "escalated", "Escalated to you", "升级给您"
    reminded = "reminded", "Waits for you", "等待您处理"
    commented = "commented", "Commented", "有新评论"
    attached = "attached", "File attached", "有新附件"
    held = "held", "On hold", "已挂起"
    updated = "updated", "Progress told", "进展通报"
    resolved = "resolved", "Resolved", "已解决"
    delivered = "delivered", "Delivered", "已交付"
    to_review = "to_review", "Solution to be reviewed", "方案待评审"
    to_accept = "to_accept", "To be accepted", "待验收"
    closed = "closed", "Closed", "已关闭"
    duplicate = "duplicate", "Closed as a duplicate", "因重复而关闭"
    original_resolved = "original_resolved", "Original resolved", "原事件已解决"
    reopened = "reopened", "Reopened", "已重新打开"
    cancelled = "cancelled", "Cancelled", "已取消"
    rejected = "rejected", "Rejected", "已驳回"
    rated = "rated", "Rated", "已评价"
    to_vote = "to_vote", "To vote on", "待您表决"
    vote_due = "vote_due", "Soon too late to vote", "表决即将截止"
    decided = "decided", "Vote over", "表决已结束"
    approved = "approved", "Approved", "已批准"
    refused = "refused", "Not approved", "未获批准"
    invited = "invited", "Invited to a meeting", "会议邀请"
    moved = "moved", "Meeting moved", "会议改期"
    called_off = "called_off", "Meeting cancelled", "会议取消"
    minuted = "minuted", "Minutes written", "会议纪要"
    overdue = "overdue", "Meeting overdue", "会议逾期未召开"
    series_over = "series_over", "Series of meetings ended", "系列会议已结束"
    risk_lapsed = "risk_lapsed", "Accepted risk to be decided anew", "已接受的风险到期"
    in_charge = "in_charge", "Put in charge", "由您负责"
    reviewed = "reviewed", "Solution reviewed", "方案已评审"
    to_publish = "to_publish", "Article to be reviewed", "文章待审核"
    sent_back = "sent_back", "Article sent back", "文章被退回"
    recurring = "recurring", "Incidents recur", "事件反复发生"
    complained = "complained", "Complaint to be answered", "投诉待答复"
    scheduled = "scheduled", "Change scheduled", "变更已排期"
    overlapped = "overlapped", "Your window is taken, too", "您的窗口被占用"
    to_review_change = "to_review_change", "Change to be reviewed", "变更待评审"
    backed_out = "backed_out", "Change backed out", "变更已回退"
    undecided = "undecided", "Emergency change undecided", "紧急变更未获决定"
    fixing_change_failed = "fixing_change_failed", "Fixing change not made", "修复变更未能实施"
    change_ended = "change_ended", "Change ended", "变更已结束"
    complaint_answered = "complaint_answered", "Complaint answered", "投诉已答复"
    complaint_assigned = "complaint_assigned", "Complaint given to you", "投诉由您负责"
    complaint_overdue = "complaint_overdue", "Complaint overdue", "投诉逾期未答复"
    complaint_escalated = "complaint_escalated", "Overdue complaint escalated to you", "逾期投诉升级给您"
    rating_asked = "rating_asked", "Your opinion is asked for", "请您评价"
    deployed = "deployed", "Deployed", "已部署"
    rolled_back = "rolled_back", "Rolled back", "已回退"
    fell_silent = "fell_silent", "Source silent", "来源静默"
    agreement_moved = "agreement_moved", "Agreement changed", "协议有进展"
    to_acknowledge = "to_acknowledge", "Agreement to acknowledge", "协议待知悉确认"
    agreement_ends = "agreement_ends", "Agreement ends soon", "协议即将到期"
    agreement_review_due = "agreement_review_due", "Review of an agreement due", "协议复审将至"
    agreement_review_overdue = "agreement_review_overdue", "Review of an agreement overdue", "协议复审逾期"
    report_issued = "report_issued", "Service report issued", "服务报告已发布"
    report_corrected = "report_corrected", "Service report corrected", "服务报告已更正"
    consequence_released = "consequence_released", "Consequence released", "违约后果已确认"
    target_close = "target_close", "Target soon missed", "临近目标时限"
    target_missed = "target_missed", "Target missed", "超出目标时限"
    progress_report_overdue = "progress_report_overdue", "Progress report overdue", "进展报告逾期"
    milestone_overdue = "milestone_overdue", "Milestone overdue", "里程碑逾期"
    plan_begun = "plan_begun", "Improvement plan begun", "改进计划开始执行"
    plan_review_overdue = "plan_review_overdue", "Review of the improvement plan overdue", "改进计划评审逾期"
    assessment_overdue = "assessment_overdue", "Monthly assessment overdue", "月度评估逾期"
    pilot_not_judged = "pilot_not_judged", "Pilot not judged in time", "试点未按时裁定"
    rollout_step_overdue = "rollout_step_overdue", "Step of a rollout overdue", "推广步骤逾期"
    success_published = "success_published", "What went well", "经验分享"
    kpi_changed = "kpi_changed", "KPI changed for the worse", "指标异常变差"
    suggestion_settled = "suggestion_settled", "What became of your suggestion", "您的建议有了结果"
    training_invited = "training_invited", "Invited to a training", "培训邀请"
    training_cancelled = "training_cancelled", "Training cancelled", "培训取消"
    examination_passed = "examination_passed", "Examination passed", "考核通过"
    examination_not_passed = "examination_not_passed", "Examination not passed", "考核未通过"
    licensed = "licensed", "Licensed", "获得资格"
    improvement_standardised = "improvement_standardised", "Improvement standardised", "改进已固化"
    improvement_reverted = "improvement_reverted", "Improvement reverted", "改进已恢复原状"
    to_kick_off = "to_kick_off", "Pilot to be kicked off", "试点待宣布启动"
    kicked_off = "kicked_off", "Pilot kicked off", "试点已宣布启动"
    project_plan_returned = "project_plan_returned", "Plan of the project returned", "项目计划被退回"
    benefit_faded = "benefit_faded", "Benefit faded", "效益消退"
    licence_revoked = "licence_revoked", "Licence revoked", "资格被吊销"


class Responsible:
    """Marks a field that names a person who gets work, in a payload, a record or a child record:
    `Annotated[UUID, ForeignRef("person"), Responsible(NoticeType.tasked)]`. That person gets a notice of this
    type, unless they did it themselves, and may see the record from then on.

    `when`: a field of the same row that must be true for it to be work. `otherwise` is the type of the notice
    if that field is not true; None: there is none.
    """

    def __init__(
        self, step: NoticeType, *, when: str | None = None, otherwise: NoticeType | None = None
    ) -> None:
        self.step = step
        self.when = when
        self.otherwise = otherwise


@dataclass(frozen=True, slots=True)
class RecipientRule:
    """A rule for the recipients of a notice of an event, besides the persons in fields marked `Responsible`;
    a lifecycle's table has them in the column `notifies`.

    One of: those who hold one of `roles` for the record; those named by the record's own `field`; the members
    of its `team`; whoever is `responsible` for it (the assignee, or else the lead of its team, or else the
    members); the members of `every_team` of the organisation's own, or of the teams that the record's field
    `teams` lists; those named by rows of the class `made` that the event creates; those named by all rows of
    the class `children` that the record has. `but` is a field of rows that the event sets: the person in it
    gets no notice. `when`: a field of the record that must be true.
    """

    step: NoticeType
    roles: frozenset[Role] = frozenset()
    field: str | None = None
    team: bool = False
    responsible: bool = False
    every_team: bool = False
    teams: str | None = None
    made: type[ChildRecord] | None = None
    children: type[ChildRecord] | None = None
    but: str | None = None
    when: str | None = None
