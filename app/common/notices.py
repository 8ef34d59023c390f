"""Notices: the events of records that people are notified of, and markers of the persons who are notified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from app.common.people import Role
from app.common.records import ChildRecord, CodeEnum


class NoticeKind(CodeEnum):
    """The relation of a notice to its recipient. Notices that wait for the recipient's action cannot be
    switched off.
    """

    waits_for_you = "waits_for_you", "Waiting for you", "等待您处理"
    is_yours = "is_yours", "Your responsibility", "由您负责"
    you_follow = "you_follow", "You follow this", "您所关注"
    for_information = "for_information", "For your information", "供您了解"


WAITS, YOURS = NoticeKind.waits_for_you, NoticeKind.is_yours
FOLLOW, INFORM = NoticeKind.you_follow, NoticeKind.for_information
#: The time to act on what a notice asks for that has no due time of its own, and no agreed target.
USUAL_TIME = timedelta(days=7)


class NoticeType(CodeEnum):
    """The reason for a notice: a public step of a ticket, or a matter that concerns the recipient; each has
    its `kind`.
    """

    kind: NoticeKind

    def __new__(cls, code: str, en: str = "", zh: str = "", kind: NoticeKind = INFORM) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.en, member.zh, member.kind = en, zh, kind
        return member

    __hash__ = CodeEnum.__hash__

    received = "received", "Received", "已受理", FOLLOW
    assigned = "assigned", "Work started", "已分派", FOLLOW
    given = "given", "Assigned to you", "分派给您", YOURS
    tasked = "tasked", "New task for you", "有您的任务", YOURS
    joined_project = "joined_project", "Added to a project team", "加入项目组", YOURS
    escalated = "escalated", "Escalated to you", "升级给您", YOURS
    reminded = "reminded", "Reminder", "催办提醒", WAITS
    commented = "commented", "New comment", "有新评论", FOLLOW
    attached = "attached", "File attached", "有新附件", FOLLOW
    held = "held", "On hold", "已挂起", FOLLOW
    to_answer = "to_answer", "Question for you", "等待您的答复", WAITS
    updated = "updated", "Progress update", "进展通报", FOLLOW
    resolved = "resolved", "Resolved", "已解决", FOLLOW
    delivered = "delivered", "Delivered", "已交付", FOLLOW
    to_review = "to_review", "Solution to review", "方案待评审", WAITS
    to_accept = "to_accept", "Result to accept", "待验收", WAITS
    closed = "closed", "Closed", "已关闭", FOLLOW
    duplicate = "duplicate", "Closed as a duplicate", "因重复而关闭", FOLLOW
    original_resolved = "original_resolved", "Original resolved", "原事件已解决", FOLLOW
    original_progressed = "original_progressed", "Original progressed", "原事件有进展", FOLLOW
    reopened = "reopened", "Reopened", "已重新打开", FOLLOW
    cancelled = "cancelled", "Cancelled", "已取消", FOLLOW
    rejected = "rejected", "Rejected", "已驳回", FOLLOW
    rated = "rated", "Rated", "已评价", YOURS
    to_vote = "to_vote", "Vote requested", "待您表决", WAITS
    vote_due = "vote_due", "Vote ends soon", "表决即将截止", WAITS
    decided = "decided", "Vote closed", "表决已结束", FOLLOW
    approved = "approved", "Approved", "已批准", FOLLOW
    refused = "refused", "Not approved", "未获批准", FOLLOW
    deferred = "deferred", "Deferred", "已暂缓", FOLLOW
    invited = "invited", "Invited to a meeting", "会议邀请", YOURS
    moved = "moved", "Meeting moved", "会议改期", YOURS
    called_off = "called_off", "Meeting cancelled", "会议取消", YOURS
    minuted = "minuted", "Minutes available", "会议纪要已形成", YOURS
    overdue = "overdue", "Attendance not recorded", "会议出席情况未登记", YOURS
    series_over = "series_over", "Meeting series ended", "系列会议已结束", YOURS
    risk_lapsed = "risk_lapsed", "Accepted risk to decide again", "已接受的风险到期", WAITS
    relieved = "relieved", "No longer your responsibility", "不再由您负责", YOURS
    in_charge = "in_charge", "You are now responsible", "由您负责", YOURS
    duties_held = "duties_held", "Duties to hand over", "职责待移交", WAITS
    team_unstaffed = "team_unstaffed", "Team without members", "团队已无成员", YOURS
    group_unstaffed = "group_unstaffed", "Group without members", "小组已无成员", YOURS
    deputises = "deputises", "You are a deputy", "由您代理", YOURS
    deputises_no_more = "deputises_no_more", "No longer needed as a deputy", "无需再代理", YOURS
    covers_on_call = "covers_on_call", "On call for a colleague", "由您代为值班", YOURS
    absence_entered = "absence_entered", "Absence entered for you", "为您登记了不在岗时段", YOURS
    absence_calendar_failing = (
        "absence_calendar_failing",
        "Your calendar cannot be fetched",
        "无法获取您的日历",
        YOURS,
    )
    key_made = "key_made", "Key made for you", "有人为您创建了密钥", YOURS
    key_changed = "key_changed", "Your key was changed", "您的密钥有变更", YOURS
    login_changed = "login_changed", "Your login was changed", "您的登录名有变更", YOURS
    reviewed = "reviewed", "Solution reviewed", "方案已评审", YOURS
    discovery_compared = "discovery_compared", "Discovery compared", "配置发现已比对", INFORM
    article_review_overdue = "article_review_overdue", "Article review overdue", "文章复审逾期", YOURS
    major_review_overdue = (
        "major_review_overdue",
        "Major incident review overdue",
        "重大事件复盘逾期",
        YOURS,
    )
    task_overdue = "task_overdue", "Task overdue", "任务逾期", YOURS
    update_overdue = "update_overdue", "Promised update overdue", "进展通报逾期", YOURS
    training_overdue = "training_overdue", "Training overdue", "培训逾期", YOURS
    licence_ended = "licence_ended", "Licence expired", "资格到期", YOURS
    document_loan_overdue = "document_loan_overdue", "Paper copy overdue", "纸质文件逾期未还", YOURS
    trained = "trained", "Training recorded", "培训已登记", FOLLOW
    to_publish = "to_publish", "Article to review", "文章待审核", WAITS
    sent_back = "sent_back", "Article sent back", "文章已退回", YOURS
    recurring = "recurring", "Recurring incidents", "事件反复发生", INFORM
    complained = "complained", "Complaint to answer", "投诉待答复", WAITS
    scheduled = "scheduled", "Change scheduled", "变更已排期", FOLLOW
    overlapped = "overlapped", "Window overlaps", "您的变更窗口被占用", YOURS
    to_review_change = "to_review_change", "Change to review", "变更待评审", WAITS
    backed_out = "backed_out", "Change backed out", "变更已回退", FOLLOW
    emergency_asked = "emergency_asked", "Emergency change to approve", "紧急变更待审批", INFORM
    setting_to_agree = "setting_to_agree", "Setting to agree to", "设置待您同意", WAITS
    template_outgrown = "template_outgrown", "Change template to renew", "变更模板须续批", YOURS
    rule_changed = "rule_changed", "Approval rule changed", "审批规则变更", INFORM
    undecided = "undecided", "Emergency change undecided", "紧急变更未获决定", INFORM
    fixing_change_failed = "fixing_change_failed", "Fixing change not made", "修复变更未能实施", YOURS
    change_ended = "change_ended", "Change ended", "变更已结束", FOLLOW
    complaint_answered = "complaint_answered", "Complaint answered", "投诉已答复", FOLLOW
    complaint_assigned = "complaint_assigned", "Complaint assigned to you", "投诉由您负责", WAITS
    complaint_overdue = "complaint_overdue", "Complaint overdue", "投诉逾期未答复", YOURS
    complaint_escalated = (
        "complaint_escalated",
        "Overdue complaint escalated to you",
        "逾期投诉升级给您",
        INFORM,
    )
    rating_asked = "rating_asked", "Rating requested", "请您评价", FOLLOW
    deployed = "deployed", "Deployed", "已部署", FOLLOW
    rolled_back = "rolled_back", "Rolled back", "已回退", FOLLOW
    fell_silent = "fell_silent", "Silent source", "来源静默", YOURS
    deliveries_failing = "deliveries_failing", "Failing deliveries", "推送持续失败", YOURS
    delivery_refused = "delivery_refused", "Delivery refused", "推送被拒绝", YOURS
    deliveries_stopped = "deliveries_stopped", "Deliveries stopped", "推送已停止", YOURS
    agreement_moved = "agreement_moved", "Agreement changed", "协议有变动", FOLLOW
    to_sign = "to_sign", "Agreement to sign", "协议待签署", WAITS
    to_consent = "to_consent", "Agreement to consent to", "协议待您同意", WAITS
    consent_refused = "consent_refused", "Agreement needs other terms", "协议须另议", WAITS
    to_acknowledge = "to_acknowledge", "Agreement to acknowledge", "协议待知悉确认", WAITS
    agreement_ends = "agreement_ends", "Agreement ends soon", "协议即将到期", FOLLOW
    agreement_gap = "agreement_gap", "Agreement no longer supported", "协议失去支撑", YOURS
    agreement_review_due = "agreement_review_due", "Agreement review due", "协议复审即将到期", YOURS
    agreement_review_overdue = (
        "agreement_review_overdue",
        "Agreement review overdue",
        "协议复审逾期",
        YOURS,
    )
    report_issued = "report_issued", "Service report issued", "服务报告已发布", FOLLOW
    report_corrected = "report_corrected", "Service report corrected", "服务报告已更正", FOLLOW
    consequence_released = "consequence_released", "Consequence released", "违约后果已确认", FOLLOW
    target_close = "target_close", "Target at risk", "临近目标时限", YOURS
    target_missed = "target_missed", "Target missed", "已超时", YOURS
    project_overrun = "project_overrun", "Project exceeds its plan", "项目超出计划", YOURS
    delivery_moved = "delivery_moved", "Delivery moved", "交付时间有变", FOLLOW
    progress_report_overdue = "progress_report_overdue", "Progress report overdue", "进展报告逾期", YOURS
    plan_step_overdue = "plan_step_overdue", "Plan step overdue", "改进计划步骤逾期", INFORM
    milestone_overdue = "milestone_overdue", "Milestone overdue", "里程碑逾期", YOURS
    plan_begun = "plan_begun", "Improvement plan started", "改进计划开始执行", INFORM
    plan_review_overdue = (
        "plan_review_overdue",
        "Plan review overdue",
        "改进计划评审逾期",
        YOURS,
    )
    assessment_overdue = "assessment_overdue", "Monthly assessment overdue", "月度评估逾期", YOURS
    quality_assessment_overdue = (
        "quality_assessment_overdue",
        "Quality assessment overdue",
        "质量评估逾期",
        YOURS,
    )
    pilot_not_judged = "pilot_not_judged", "Pilot not judged in time", "试点未按时裁定", YOURS
    rollout_step_overdue = "rollout_step_overdue", "Rollout step overdue", "推广步骤逾期", YOURS
    rollout_step_moved = "rollout_step_moved", "Rollout step moved", "推广步骤改期", YOURS
    rollout_replanned = "rollout_replanned", "Rollout planned again", "推广计划有调整", YOURS
    success_published = "success_published", "What went well", "经验分享", INFORM
    kpi_changed = "kpi_changed", "KPI got worse", "指标异常变差", INFORM
    attention_needed = "attention_needed", "Needs your attention", "需要您关注", YOURS
    attention_ended = "attention_ended", "No longer needs attention", "不再需要关注", YOURS
    suggestion_settled = "suggestion_settled", "Outcome of your suggestion", "您的建议有了结果", FOLLOW
    training_invited = "training_invited", "Invited to a training", "培训邀请", YOURS
    training_cancelled = "training_cancelled", "Training cancelled", "培训取消", YOURS
    examination_due = "examination_due", "Examination to sit", "考核待参加", YOURS
    examination_overdue = "examination_overdue", "Examination overdue", "考核逾期", YOURS
    examination_passed = "examination_passed", "Examination passed", "考核通过", YOURS
    examination_not_passed = "examination_not_passed", "Examination not passed", "考核未通过", YOURS
    licensed = "licensed", "Licensed", "获得资格", YOURS
    process_published = "process_published", "New process published", "新流程正式发布", YOURS
    improvement_handed_over = "improvement_handed_over", "Improvement handed over", "改进已移交", FOLLOW
    process_cut_over = "process_cut_over", "New process in force", "新流程开始执行", YOURS
    improvement_standardised = "improvement_standardised", "Improvement standardised", "改进已固化", FOLLOW
    improvement_reverted = "improvement_reverted", "Improvement reverted", "改进已恢复原状", FOLLOW
    to_confirm_requirements = (
        "to_confirm_requirements",
        "Requirements to confirm",
        "需求待您确认",
        WAITS,
    )
    requirements_recorded = "requirements_recorded", "Your confirmation recorded", "已登记您的确认", YOURS
    requirements_answered = "requirements_answered", "Requirements answered", "需求方已答复", YOURS
    to_kick_off = "to_kick_off", "Pilot to kick off", "试点待宣布启动", WAITS
    kicked_off = "kicked_off", "Pilot kicked off", "试点已宣布启动", YOURS
    project_plan_returned = "project_plan_returned", "Project plan returned", "项目计划已退回", YOURS
    benefit_faded = "benefit_faded", "Benefit faded", "收益减退", FOLLOW
    definition_to_review = (
        "definition_to_review",
        "Process definition to review",
        "流程定义待审核",
        WAITS,
    )
    definition_sent_back = "definition_sent_back", "Process definition sent back", "流程定义已退回", YOURS
    definition_published = (
        "definition_published",
        "Process definition published",
        "流程定义已发布",
        FOLLOW,
    )
    definition_retired = "definition_retired", "Process definition retired", "流程定义已停用", FOLLOW
    process_change_applied = (
        "process_change_applied",
        "Process change requested",
        "流程变更申请",
        WAITS,
    )
    process_change_published = (
        "process_change_published",
        "Process change published",
        "流程变更已发布",
        FOLLOW,
    )
    process_change_overdue = "process_change_overdue", "Process change overdue", "流程变更逾期", YOURS
    licence_revoked = "licence_revoked", "Licence revoked", "资格已吊销", YOURS
    document_to_acknowledge = "document_to_acknowledge", "Document to acknowledge", "文件待确认已读", WAITS
    document_access_requested = (
        "document_access_requested",
        "Document access requested",
        "有人申请查阅文件",
        YOURS,
    )
    document_access_granted = "document_access_granted", "Document access granted", "获准查阅文件", YOURS
    document_access_refused = (
        "document_access_refused",
        "Document access refused",
        "查阅申请未获准",
        YOURS,
    )
    document_lent = "document_lent", "Paper copy lent to you", "纸质文件借给您", YOURS
    document_reviewed = "document_reviewed", "Document reviewed", "文件已评审", YOURS
    document_review_due = "document_review_due", "Document review overdue", "文件复审逾期", YOURS
    document_retention_ends = (
        "document_retention_ends",
        "Document retention ends soon",
        "文件保存期将满",
        INFORM,
    )
    weights_to_confirm = "weights_to_confirm", "Weights to confirm", "记分卡权重待确认", WAITS
    year_judged = "year_judged", "Your year was judged", "年度评定结果", YOURS
    to_self_check = "to_self_check", "Self-check due", "自查待提交", WAITS
    to_summarise = "to_summarise", "Summary due", "汇总待确认", WAITS
    to_countersign = "to_countersign", "Summary to countersign", "汇总待会签", WAITS
    self_check_overdue = "self_check_overdue", "Self-check overdue", "自查逾期", YOURS
    summary_overdue = "summary_overdue", "Summary overdue", "汇总逾期", YOURS
    self_check_filed = "self_check_filed", "Self-check filed for you", "自查已由他人提交", INFORM
    audit_countersigned = "audit_countersigned", "Summary countersigned", "汇总已会签", INFORM
    audit_concluded = "audit_concluded", "Audit concluded", "审核已有结论", FOLLOW
    finding_raised = "finding_raised", "Finding raised", "审核发现", YOURS
    finding_to_correct = "finding_to_correct", "Finding to correct", "审核发现待整改", WAITS
    finding_objected = "finding_objected", "Objection to a finding", "审核发现收到申诉", WAITS
    objection_decided = "objection_decided", "Objection decided", "申诉已裁定", YOURS
    finding_corrected = "finding_corrected", "Finding corrected", "审核发现已整改", WAITS
    finding_overdue = "finding_overdue", "Finding overdue", "整改逾期", YOURS
    points_given = "points_given", "Audit points against you", "被记审核积分", YOURS
    points_withdrawn = "points_withdrawn", "Audit points withdrawn", "审核积分已撤销", YOURS
    to_verify = "to_verify", "Corrective action to verify", "纠正措施待验证", WAITS
    correction_returned = "correction_returned", "Corrective action sent back", "纠正措施已退回", YOURS
    correction_dropped = "correction_dropped", "Corrective action dropped", "纠正措施已取消", YOURS
    correction_overdue = "correction_overdue", "Corrective action overdue", "纠正措施逾期", YOURS
    statement_about_you = "statement_about_you", "Recorded about you", "有关于您的记录", YOURS
    statement_objected = "statement_objected", "Objection to a statement", "记录收到异议", YOURS
    target_to_accept = "target_to_accept", "Quality target to accept", "质量目标待接受", WAITS
    posts_vacant = "posts_vacant", "Project without its people", "项目人员空缺", WAITS
    evaluation_to_agree = "evaluation_to_agree", "Evaluation to agree to", "评估待您同意", WAITS
    target_returned = "target_returned", "Quality target returned", "质量目标已退回", YOURS
    target_withdrawn = "target_withdrawn", "Quality target withdrawn", "质量目标已撤回", YOURS
    maintenance_due = "maintenance_due", "Maintenance due", "维护到期", WAITS
    maintenance_overdue = "maintenance_overdue", "Maintenance overdue", "维护逾期", YOURS
    risk_reassessment_due = "risk_reassessment_due", "Risk to reassess", "风险待重新评估", YOURS
    risk_reassessment_overdue = (
        "risk_reassessment_overdue",
        "Risk reassessment overdue",
        "风险重新评估逾期",
        YOURS,
    )
    risk_acceptance_lapsed = "risk_acceptance_lapsed", "Risk acceptance ended", "风险接受失效", YOURS
    risk_action_overdue = "risk_action_overdue", "Risk action overdue", "风险应对措施逾期", YOURS
    recognised = "recognised", "Award for you", "您获得表彰", YOURS
    risk_indicator_reached = "risk_indicator_reached", "Risk warning", "风险预警", YOURS
    risk_indicator_cleared = "risk_indicator_cleared", "Risk warning cleared", "风险预警解除", YOURS
    scorecard_to_rate = "scorecard_to_rate", "Scorecard to rate", "请您评分", WAITS
    scorecard_published = "scorecard_published", "Scorecard published", "您的记分卡已公布", YOURS
    scorecard_talk = "scorecard_talk", "Improvement talk to hold", "改进面谈待进行", WAITS
    scorecard_objected = "scorecard_objected", "Objection to a scorecard", "记分卡收到申诉", YOURS
    scorecard_objection_decided = (
        "scorecard_objection_decided",
        "Objection to your scorecard decided",
        "记分卡申诉已裁定",
        YOURS,
    )
    scorecard_settled = "scorecard_settled", "Improvement talk complete", "改进面谈已完成", YOURS
    scorecard_talk_recorded = (
        "scorecard_talk_recorded",
        "Improvement talk recorded",
        "改进面谈已登记",
        YOURS,
    )
    survey_invited = "survey_invited", "Survey invitation", "邀请您参与调查", FOLLOW
    survey_reminded = "survey_reminded", "Survey ends soon", "调查即将结束", FOLLOW
    survey_published = "survey_published", "Survey results", "调查结果已公布", INFORM


class Responsible:
    """Marks a field that names a person who gets work, in a payload, a record or a child record:
    `Annotated[UUID, ForeignRef("person"), Responsible(NoticeType.tasked)]`. That person gets a notice of this
    type, unless they did it themselves, and may see the record from then on.

    `when`: a field of the same row that must be true for it to be work. `otherwise` is the type of the notice
    if that field is not true; None for no notice.
    """

    def __init__(
        self, step: NoticeType, *, when: str | None = None, otherwise: NoticeType | None = None
    ) -> None:
        self.step = step
        self.when = when
        self.otherwise = otherwise


#: Notices to people who asked for something, or held a post, also of a record that they do not see: it stays
#: without title and details for them.
ANSWERS = frozenset({NoticeType.document_access_refused, NoticeType.relieved})


@dataclass(frozen=True, slots=True)
class RecipientRule:
    """A rule for the recipients of a notice of an event, besides the persons in fields marked `Responsible`;
    a lifecycle's table has them in the column `notifies`.

    One of: holders of one of `roles` for the record, or of the roles in the record's field `roles_field`; the
    members and chairs of the groups whose keys the field `groups` lists; people in the record's own `field`;
    the members of its `team`; the person `responsible` for it (the assignee, or otherwise the lead of its
    team, or otherwise the members); the members of `every_team` of the organisation's own, or of the teams in
    the record's field `teams`; people in rows of the class `created` that the event creates; people in all
    rows of the class `children` that the record has. `but` is a field of rows that the event sets: the person
    in it gets no notice. `done_in`: a kind of records that name this one in `<kind>_id` and a person in
    `person_id`, who gets no notice. `when`: a field of the record that must be true. `sets`: a field of
    the record that the event must set. `by_people`: only if a person or a machine did it, and no rule or
    command line. `instead` of the person
    in `field`, if that person is not active, the holders of these roles are notified; without such roles, the
    managers of the kind's duties, if the notice waits for an action or the field names the holder of a duty.
    """

    step: NoticeType
    roles: frozenset[Role] = frozenset()
    roles_field: str | None = None
    groups: str | None = None
    field: str | None = None
    team: bool = False
    responsible: bool = False
    every_team: bool = False
    teams: str | None = None
    created: type[ChildRecord] | None = None
    children: type[ChildRecord] | None = None
    but: str | None = None
    done_in: str | None = None
    when: str | None = None
    sets: str | None = None
    by_people: bool = False
    instead: frozenset[Role] = frozenset()
