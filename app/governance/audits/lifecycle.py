"""Lifecycle of process audits: opened each month, self-checked, summarised, countersigned, drawn, concluded.

open ─► submitted ─► confirmed ─► countersigned ─► concluded; from any of them once the summary is overdue
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.foundation.months import end_of_month
from app.foundation.people.eligibility import (
    DefaultHolder,
    ProcessSupervisor,
    head_of_team,
    not_the_head,
    process_supervisor,
    successor_not_the_head,
)
from app.foundation.people.succession.handing_over import succession_rows
from app.governance.audits import checks
from app.governance.audits.drawing import draw_sample, seed_of
from app.governance.audits.face import FACE
from app.governance.audits.lookups import MOST_LISTED
from app.governance.audits.payloads import (
    ConcludeAudit,
    ConfirmSummaryAudit,
    CorrectSelfCheckAudit,
    DrawAudit,
    OpenAudit,
    SubmitSelfCheckAudit,
)
from app.governance.audits.preparation import (
    HeadEvent,
    LastDraw,
    LogKnowledge,
    SelfCheckEntries,
    head_event,
    last_draw,
    log_knowledge,
    self_check,
)
from app.governance.audits.records import (
    Audit,
    AuditDraw,
    AuditIrregularity,
    SelfCheckEntry,
    SelfCheckItem,
)
from app.governance.audits.records import AuditState as State
from app.kernel.access.audience_rules import to_overseers, to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.actions.actor_policy import RecordDuty, process_relation, quality_manager, role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.rules import Rules, ValueTaken

#: Days of the following month by whose end the self-check and the countersigned summary are due.
SELF_CHECK_DAY, SUMMARY_DAY = 15, 25
#: Time that there is at least, for audits that are opened late.
LEAST_TIME = timedelta(days=7)
DAY = timedelta(days=1)


def open_(audit: Audit, body: OpenAudit, ctx: ActionContext) -> None:
    """Open an audit: how a team ran a process in a month."""
    assert ctx.assigned.number is not None, "audits have numbers"
    audit.number = ctx.assigned.number
    copy_fields(audit, body, ctx)
    if body.head is None:
        audit.head_id = ctx.prepared(DefaultHolder).person_id
    audit.supervisor_id = ctx.prepared(ProcessSupervisor).id
    audit.self_check_due_at = _due(body.month, SELF_CHECK_DAY, ctx)
    audit.summary_due_at = _due(body.month, SUMMARY_DAY, ctx)


def _due(month: str, day: int, ctx: ActionContext) -> datetime:
    """Return the end of that day of the following month, or of the time that there is at least, which counts
    from when the audit was really opened: the rule opens audits as of the end of their month.
    """
    opened_at = ctx.now if ctx.caller.is_rule else ctx.counts_from
    return max(end_of_day(month, day, ctx.settings.zone), opened_at + LEAST_TIME)


def end_of_day(month: str, day: int, zone: tzinfo) -> datetime:
    """Return the end of that day of the month that follows, in the zone."""
    return end_of_month(month, zone).replace(day=day + 1)


def submit_self_check(audit: Audit, body: SubmitSelfCheckAudit, ctx: ActionContext) -> None:
    """Submit the self-check of the audit: the number of cases, measures, deviations and design faults."""
    _fill_in(audit, body, ctx)


def correct_self_check(audit: Audit, body: CorrectSelfCheckAudit, ctx: ActionContext) -> None:
    """Correct the self-check of the audit, before a sample is drawn. It is summarised and signed again."""
    for entry in ctx.prepared(SelfCheckEntries).entries:
        ctx.outcome.remove(entry)
    audit.confirmed_at = audit.countersigned_at = audit.summarised_by_id = audit.late_days = None
    _fill_in(audit, body, ctx)


def _fill_in(audit: Audit, body: SubmitSelfCheckAudit, ctx: ActionContext) -> None:
    """Note what the self-check says, next to the numbers of the log."""
    log = ctx.prepared(LogKnowledge)
    audit.log_runs, audit.log_irregular = len(log.cases), log.irregular_cases
    audit.log_position = log.selection.position
    audit.runs = len(log.cases) if body.runs is None else body.runs
    audit.self_checked_by_id = ctx.caller.person_id
    for measure in body.measures:
        _note(audit, ctx, item=SelfCheckItem.measures, text=measure.text)
    for deviation in body.deviations:
        _note(audit, ctx, item=SelfCheckItem.deviations, text=deviation.text, about=deviation.about)
    for fault in body.design_faults:
        _note(audit, ctx, item=SelfCheckItem.design_faults, text=fault.text, fault=fault.fault)


def _note(audit: Audit, ctx: ActionContext, **fields: Any) -> None:
    """Add an entry of the self-check."""
    entry = SelfCheckEntry(id=ctx.new_id(), record=audit.row_key, noted_at=ctx.occurred_at, **fields)
    ctx.outcome.add(entry)


def confirm_summary(audit: Audit, body: ConfirmSummaryAudit, ctx: ActionContext) -> None:
    """Confirm the summary of the audit: weak results and the measures against them."""
    # The head countersigns it by an action of their own.
    copy_fields(audit, body, ctx)
    audit.summarised_by_id = ctx.caller.person_id


def countersign(audit: Audit, body: EmptyPayload, ctx: ActionContext) -> None:
    """Countersign the summary of the audit, as the team's head."""
    audit.late_days = _late_days(audit, ctx.occurred_at)


def _late_days(audit: Audit, instant: datetime) -> int | None:
    """Return the number of days begun since the summary was due; None: it is not late."""
    assert audit.summary_due_at is not None
    late = instant - audit.summary_due_at
    return -(-late // DAY) if late > timedelta(0) else None


def draw(audit: Audit, body: DrawAudit, ctx: ActionContext) -> None:
    """Draw a sample of the audit's cases, at random, and list the irregularities that the log shows."""
    log, entries = ctx.prepared(LogKnowledge), ctx.prepared(SelfCheckEntries)
    selection, draw_id, head_id = log.selection, ctx.new_id(), ctx.prepared(HeadEvent).id
    seed = seed_of(head_id, draw_id)
    sample = AuditDraw(
        id=draw_id,
        record=audit.row_key,
        seed=seed,
        head_event_id=head_id,
        size=body.size,
        position=selection.position,
        process=selection.process,
        team_id=selection.team_id,
        begins_at=selection.begin,
        ends_at=selection.end,
        population=len(log.cases),
        drawn=draw_sample(log.cases, seed, body.size),
        irregular=len(log.irregular),
        path_source=log.by_path.source,
        facts_position=log.by_path.position or None,
        incomplete_items=[item.value for item in entries.lacking(audit, log)],
        drawn_at=ctx.occurred_at,
    )
    ctx.outcome.add(sample)
    for irregularity in log.irregular[:MOST_LISTED]:
        ctx.outcome.add(
            AuditIrregularity(
                id=ctx.new_id(),
                record=audit.row_key,
                draw_id=sample.id,
                about=irregularity.about,
                rule=irregularity.rule,
                step=irregularity.step,
                position=irregularity.position,
                noted_at=ctx.occurred_at,
            )
        )
    audit.drawn_at = ctx.occurred_at


def conclude(audit: Audit, body: ConcludeAudit, ctx: ActionContext) -> None:
    """Conclude the audit, with its summary."""
    copy_fields(audit, body, ctx)
    # An empty list stands for no lacking items, because the audit is concluded. A self-check that was never
    # submitted lacks every item, so that skipping it is no cheaper than a poor one.
    lacking = tuple(SelfCheckItem) if audit.submitted_at is None else _incomplete_items(body, ctx)
    audit.incomplete_items = [item.value for item in lacking]
    if audit.countersigned_at is None:
        audit.late_days = _late_days(audit, ctx.occurred_at)


def _incomplete_items(body: ConcludeAudit, ctx: ActionContext) -> list[SelfCheckItem]:
    """Return the items that the last draw found incomplete, and those that the conclusion adds."""
    drawn = ctx.prepared(LastDraw).incomplete_items
    return [item for item in SelfCheckItem if item in drawn or item in body.incomplete_items]


def flag_self_check(audit: Audit, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the audit's self-check as overdue: it was not submitted in time."""
    audit.self_check_overdue_at = ctx.occurred_at


def flag_summary(audit: Audit, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the audit's summary as overdue: the team's head did not countersign it in time."""
    audit.summary_overdue_at = ctx.occurred_at


supervisor, administrator = role(Role.process_supervisor), role(Role.process_administrator)
head = process_relation("team_head", "the team's head", "团队负责人", "head_id")
signer = head | role(Role.department_head)
SUMMARISER = (RecordDuty("author of the summary", "汇总人", ("summarised_by_id",)),)
CHECKED = (RecordDuty("audited person", "受审人", ("self_checked_by_id", "summarised_by_id", "head_id")),)
UNSIGNED = (State.open, State.submitted, State.confirmed)
#: States in which there is a self-check to correct.
CHECKED_ONCE = (State.submitted, State.confirmed, State.countersigned)
UNCONCLUDED = (*UNSIGNED, State.countersigned)


def _recipients(step: NoticeType, *roles: Role) -> RecipientRule:
    return RecipientRule(step, roles=frozenset(roles))


SUPERVISORS = frozenset({Role.process_supervisor})
TELL_SUPERVISOR = (RecipientRule(NoticeType.to_self_check, field="supervisor_id", instead=SUPERVISORS),)
#: The author of the self-check gets no notice of it; others who are responsible for it do.
TELL_ADMINISTRATOR = (
    _recipients(NoticeType.to_summarise, Role.process_administrator),
    RecipientRule(NoticeType.self_check_filed, field="supervisor_id"),
    RecipientRule(NoticeType.self_check_filed, field="head_id"),
)
TELL_SIGNED = (RecipientRule(NoticeType.audit_countersigned, field="head_id"),)
#: Those who countersign if the team has no head.
SIGNERS = frozenset({Role.department_head})
TELL_HEAD = (RecipientRule(NoticeType.to_countersign, field="head_id", instead=SIGNERS),)
TELL_OVERDUE_CHECK = (
    RecipientRule(NoticeType.self_check_overdue, field="supervisor_id", instead=SUPERVISORS),
    _recipients(NoticeType.self_check_overdue, Role.quality_manager),
    RecipientRule(NoticeType.self_check_overdue, field="head_id"),
)
TELL_OVERDUE_SUMMARY = (
    _recipients(NoticeType.summary_overdue, Role.process_administrator, Role.quality_manager),
    RecipientRule(NoticeType.summary_overdue, field="head_id"),
)
TELL_CONCLUDED = (RecipientRule(NoticeType.audit_concluded, field="head_id"),)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="audit", plural="audits", zh="流程审核", record=Audit, code="AUD",
    face=FACE,
    visible=(to_persons("head_id"), *to_overseers(process="process", team="team_id")),
    access=KindAccess(oversight=frozenset({Role.auditor, Role.management})),
    children=(SelfCheckEntry, AuditDraw, AuditIrregularity),
    rules=Rules(constraints={"audit_month_key": ValueTaken("month")}),
    rows=(
        #      action             中文          from               to                   who                    event
        action(open_,             "开启",       NEW_RECORD,        State.open,          quality_manager | rule, "audit.opened",
               prepare=(head_of_team, process_supervisor), wrong=(checks.audit_invalid, not_the_head), notifies=TELL_SUPERVISOR),
        action(submit_self_check, "提交自查",   [State.open],      State.submitted,     supervisor,             "audit.self_checked",
               unless=(checks.month_not_over, checks.supervises_another_team), prepare=(log_knowledge,), notifies=TELL_ADMINISTRATOR),
        action(correct_self_check, "更正自查",  CHECKED_ONCE,      State.submitted,     supervisor,             "audit.self_check_corrected",
               unless=(checks.drawn_already, checks.supervises_another_team), prepare=(log_knowledge, self_check), notifies=TELL_ADMINISTRATOR),
        action(confirm_summary, "确认汇总", [State.submitted], State.confirmed, administrator.in_person(), "audit.summary_confirmed",
               unless=(checks.administers_another_team,), notifies=TELL_HEAD),
        action(countersign,       "会签",       [State.confirmed], State.countersigned, signer,                 "audit.countersigned", segregate_from=SUMMARISER,
               notifies=TELL_SIGNED),
        action(draw,              "抽样",       UNCONCLUDED,       STAYS,               quality_manager,        "audit.sample_drawn",
               unless=(checks.month_not_over,), prepare=(log_knowledge, head_event, self_check)),
        action(conclude,          "得出结论",   UNCONCLUDED,       State.concluded,     quality_manager,        "audit.concluded",
               unless=(checks.not_countersigned, checks.nothing_drawn), prepare=(last_draw,), segregate_from=CHECKED, notifies=TELL_CONCLUDED),
        action(flag_self_check,   "标记自查逾期", [State.open],    STAYS,               rule,                   "audit.self_check_fell_overdue",
               due=DueAt("self_check_due_at", "flag_overdue_self_checks", unless="self_check_overdue_at"), notifies=TELL_OVERDUE_CHECK),
        action(flag_summary,      "标记汇总逾期", UNSIGNED,        STAYS,               rule,                   "audit.summary_fell_overdue",
               due=DueAt("summary_due_at", "flag_overdue_summaries", unless="summary_overdue_at"), notifies=TELL_OVERDUE_SUMMARY),
        *succession_rows("audit", State, named={"head_id": successor_not_the_head}),
    ),
)
# fmt: on
