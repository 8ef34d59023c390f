"""The numbers that cases contribute to KPIs: each measure with its name, its SQL on both paths, and the
events that it follows from.

A new measure of facts that are there is one line here. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from app.common.records import CodeEnum


@dataclass(frozen=True, slots=True)
class Evidence:
    """The events that a case's number follows from, besides its opening and the deciding event.

    `events` are their types without the kind of record, as `resolved`; `sets` are fields: every event that
    sets one of them is meant, too.
    """

    events: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        return Evidence(self.events + other.events, self.sets + other.sets)


NO_EVIDENCE = Evidence()
TEAM = Evidence(sets=("team_id",))
ASSIGNEE = Evidence(sets=("assignee_id",))
#: The events that meeting a deadline, an age or completion at once depends on.
PROGRESS = Evidence(("acknowledged", "started", "resolved", "closed", "reopened"))
REOPENING = Evidence(("reopened",))
#: The events about a major incident.
MAJOR = Evidence(("declared_major", "downgraded", "reviewed"))
#: The events that the verdict on a change follows from.
VERDICT = Evidence(
    ("started", "implemented", "backed_out", "reviewed", "cause_confirmed", "linked", "unlinked")
)
RATING = Evidence(("rating_asked", "rated"))
#: The events that the outcome of a suggestion, or of a pilot, follows from.
SUGGESTION = Evidence(("selected", "declined", "merged", "deferred"))
PILOT = Evidence(("pilot_passed", "pilot_extended", "pilot_stopped", "reverted"))
#: Evidence of cases by kind of fact, independent of the measure. Facts that a case can have several of are
#: left out: each would list the events of all of them.
FACT_EVIDENCE = {
    "task": Evidence(("task_completed", "task_dropped")),
    "implemented": Evidence(("submitted", "scheduled")),
    "rated": RATING,
    "rating_asked": RATING,
    "complained": NO_EVIDENCE,
    "complaint_answered": NO_EVIDENCE,
    "moved": NO_EVIDENCE,
    "course": NO_EVIDENCE,
    "visit": NO_EVIDENCE,
    "used": NO_EVIDENCE,
}

#: For a case that may be open: the time to its end, if it has ended, else its age so far.
SECONDS_TO_END = "case when ended_at < %(now)s then ended_seconds end"
AGE = """case when (ended_at < %(now)s) is not true
  then floor(extract(epoch from %(now)s::timestamptz - at))::bigint end"""
#: The budget for a case decided at `at`.
BUDGET = "(%(budgets)s::bigint[])[width_bucket(at, %(budgeted_from)s::timestamptz[])]"
#: The incidents before and after the fix of a problem, which each can change without the other: no fact can
#: store them.
INCIDENTS_AROUND = """
cross join lateral (
  select count(*) filter (where came.at < fact.at) as came_before,
    count(*) filter (where came.at >= fact.at) as came_after
  from kpi.problem_incident shows join kpi.incident_opened came on came.case_id = shows.incident_id
  where shows.case_id = fact.case_id and came.at >= fact.at - interval '2160 hours'
    and came.at < fact.at + interval '2160 hours'
) around"""


#: Whether an incident repeats another one: of its kind or item, or of one of its problems.
REPEATS = "(repeats or case_id in (select incident_id from kpi.problem_incident where repeats))"


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """Where the number of a case stands.

    `fact` is an SQL expression over the row of a fact; it may use the parameters `now`, `currency`, `budgets`
    and `budgeted_from`. `raw` is the column of the raw definitions. `is_nullable`: some facts have no such
    number, and are not counted. `join` is a join that the expression needs for each fact.
    """

    fact: str
    raw: str = "numerator"
    evidence: Evidence = NO_EVIDENCE
    is_nullable: bool = False
    join: str = ""


def _flag(column: str, evidence: Evidence = NO_EVIDENCE, *, is_nullable: bool = False) -> CaseNumber:
    """Return the number of a flag: 1 if it is set, 0 if it is not. `column` may be an expression."""
    return CaseNumber(f"{column}::integer", evidence=evidence, is_nullable=is_nullable)


class Measure(CodeEnum):
    """The number that each case contributes to the KPI."""

    number: CaseNumber

    def __new__(cls, code: str, en: str, zh: str, number: CaseNumber) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.en, member.zh, member.number = en, zh, number
        return member

    __hash__ = str.__hash__

    # fmt: off
    case = "case", "Each case", "每张单据", CaseNumber("1", "1")
    seconds = "seconds", "Time taken", "所用时长", CaseNumber("seconds", "seconds")
    business_seconds = (
        "business_seconds", "Service time taken", "所用工作时间", CaseNumber("business_seconds"))
    observed = (
        "observed", "Time so far", "至今所用时长",
        CaseNumber(f"coalesce({SECONDS_TO_END}, {AGE})", "seconds", PROGRESS))
    in_time = "in_time", "Done in time", "是否按时完成", _flag("met", PROGRESS)
    in_hours = (
        "in_hours", "Arrived within hours", "是否在服务时间内提出", CaseNumber("in_hours::integer", "seconds"))
    reopened = "reopened", "Reopened", "是否重开", _flag("reopened", REOPENING)
    reopened_soon = (
        "reopened_soon", "Reopened within the agreed days", "是否在约定天数内重开",
        _flag("reopened_soon", REOPENING))
    reassigned = "reassigned", "Reassigned to another team", "是否转派", _flag("(reassignments > 0)", TEAM)
    reassignments = (
        "reassignments", "Reassignments", "转派次数",
        CaseNumber("reassignments", evidence=TEAM))
    handovers = (
        "handovers", "Hand-overs within a team", "团队内换人次数",
        CaseNumber("handovers", evidence=TEAM + ASSIGNEE))
    came_back = "came_back", "Returned to a team", "是否退回原团队", _flag("came_back", TEAM)
    first_contact = (
        "first_contact", "Resolved by the first person who responded", "是否由首次响应人解决",
        _flag(
            "first_contact",
            Evidence(("acknowledged", "started", "held", "commented", "reopened")) + TEAM, is_nullable=True))
    unattended = (
        "unattended", "Cleared by itself", "是否无人处理即解决", _flag("unattended", is_nullable=True))
    review_on_time = (
        "review_on_time", "Reviewed in time", "是否按时复盘",
        _flag("review_on_time", MAJOR, is_nullable=True))
    downgraded = (
        "downgraded", "Downgraded from major", "是否降级", _flag("downgraded", MAJOR))
    late = "late", "Recorded more than a day late", "是否超过一天才录入", _flag("(seconds > 86400)")
    cost = "cost", "Cost", "成本", CaseNumber("cost")
    budgeted = "budgeted", "Budgeted cost", "预算成本", CaseNumber(BUDGET, "denominator")
    uncosted = (
        "uncosted", "Cost unknown", "是否成本不明",
        _flag("(currency is distinct from %(currency)s)"))
    irregular = "irregular", "Irregular history", "操作是否不符合生命周期", _flag("irregular")
    unknown_keys = (
        "unknown_keys", "Names something unknown", "是否引用当时未录入的对象", _flag("unknown_keys"))
    first_pass = "first_pass", "Accepted at once", "是否一次验收通过", _flag("passed")
    reworked = "reworked", "Reworked", "是否返工", _flag("(rework_rounds > 0)")
    rework_rounds = "rework_rounds", "Rounds of rework", "返工轮次", CaseNumber("rework_rounds")
    requirement_changes = (
        "requirement_changes", "Changes by the requester", "申请人变更需求次数",
        CaseNumber("requirement_changes"))
    at_once = (
        "at_once", "Done in one step", "开始后是否随即完成",
        _flag("at_once", PROGRESS, is_nullable=True))
    accurate = (
        "accurate", "Done right the first time", "是否一次做对",
        _flag("(rework_rounds = 0 and not reopened_soon)"))
    settled = (
        "settled", "Ended and not reopened", "是否结束且未重开",
        _flag("(settled and coalesce(ended_at < %(now)s, false))", REOPENING))
    ended = (
        "ended", "Ended", "是否结束",
        CaseNumber("(ended and coalesce(ended_at < %(now)s, true))::integer", "seconds"))
    known_error = "known_error", "Cause and workaround known", "根因与变通方法是否已知", _flag("known_error")
    proactive = "proactive", "Found before anyone complained", "是否主动发现", _flag("proactive")
    prevented = (
        "prevented", "Prevented incidents", "减少的事件数",
        CaseNumber("came_before - came_after", join=INCIDENTS_AROUND))
    came_before = (
        "came_before", "Incidents before", "此前的事件数", CaseNumber("came_before", "seconds"))
    repeated = "repeated", "Repeats a recently resolved one", "是否短期内重复", _flag(REPEATS)
    at_first = "at_first", "Successful at the first attempt", "是否一次成功", _flag("at_first", VERDICT)
    failed = "failed", "Failed or caused harm", "是否失败或造成影响", _flag("failed", VERDICT)
    emergency = (
        "emergency", "Emergency", "是否紧急",
        _flag("(change_type is not distinct from 'emergency')"))
    unauthorised = (
        "unauthorised", "Not approved", "是否未经批准",
        _flag("(authorisation <> 'authorised')", Evidence(("regularised",))))
    met = "met", "Target met", "是否达标", _flag("met")
    decided = (
        "decided", "Decided", "是否已有结论",
        CaseNumber("(met or coalesce(breaches_at < %(now)s, false))::integer", "denominator"))
    overdue = "overdue", "Review overdue", "复审是否逾期", _flag("overdue")
    outage_seconds = (
        "outage_seconds", "Downtime in service time", "约定服务时间内的中断时长",
        CaseNumber("seconds", "seconds"))
    score = "score", "Score given by the requester", "申请人的评分", CaseNumber("score")
    satisfied = "satisfied", "Rated 4 or 5 by the requester", "评分是否为 4 或 5", _flag("(score >= 4)")
    rated = "rated", "Rated by the requester", "申请人是否评价", _flag("rated")
    article_used = (
        "article_used", "Article used", "是否使用知识文章",
        _flag("article_used", Evidence(("article_used",))))
    deflected = "deflected", "No ticket followed, as far as known", "据所知是否未再提单", _flag("deflected")
    confirmed = "confirmed", "Confirmed as helpful, and no ticket followed", "是否确认有帮助且未再提单", _flag("confirmed")
    under_agreement = (
        "under_agreement", "Covered by an agreement", "是否有生效的协议",
        _flag("under_agreement", Evidence(("went_live", "promised"))))
    answered_in_time = "answered_in_time", "Answered in time", "是否按时答复", _flag("met")
    selected = "selected", "Selected", "是否选定", _flag("selected", SUGGESTION)
    settled_on = (
        "settled_on", "Selected, declined or merged", "是否已选定、未采纳或合并",
        CaseNumber("settled_on::integer", "denominator", SUGGESTION))
    pilot_passed = "pilot_passed", "Pilot passed at once", "试点是否一次通过", _flag("passed")
    finally_passed = "finally_passed", "Pilot passed in the end", "试点最终是否通过", _flag("finally_passed", PILOT)
    pilot_ended = (
        "pilot_ended", "Pilot ended", "试点是否结束", CaseNumber("pilot_ended::integer", "denominator", PILOT))
    achieved = "achieved", "Promised effect achieved", "是否取得承诺的效果", _flag("achieved", Evidence(("effects_measured",)))
    on_time = (
        "on_time", "Done by its first due date", "是否按最初期限完成",
        _flag("met", Evidence(("moved", "verified", "done", "fell_overdue"))))
    repeats_finding = (
        "repeats_finding", "Repeats another finding", "是否重复发现",
        _flag("repeats_finding", Evidence(("objected", "upheld")), is_nullable=True))
    self_found = "self_found", "Found by the team itself", "是否由团队自查发现", _flag("self_found")
    checked_on_time = (
        "checked_on_time", "Submitted in time", "是否按期提交",
        _flag("met", Evidence(("self_checked", "countersigned", "self_check_fell_overdue", "summary_fell_overdue"))))
    benefit_kept = "benefit_kept", "Effect has lasted", "效果是否保持", _flag("kept", Evidence(("effects_measured",)))
    # fmt: on
