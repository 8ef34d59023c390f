"""The worker: every consumer of the log and every rule. No process of the ITSM domain calls one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from app.attention import judging
from app.attention.alerts import raise_attention_alerts
from app.automation.agreements import (
    escalate_by_sla,
    flag_agreement_reviews,
    note_unknown_causes,
    suggest_after_missed_targets,
    warn_of_ending_agreements,
    watch_clocks,
    watch_supports,
)
from app.automation.changes import (
    fulfil_by_changes,
    resume_after_change,
    stop_outgrown_templates,
    tell_overlapped_changes,
)
from app.automation.decisions import (
    call_next_meeting,
    change_deputies,
    deputise_voters,
    recount_votes,
    remind_voters,
    settle_decisions,
    take_up_at_meetings,
    void_people_questions,
)
from app.automation.governance import (
    ask_raters,
    award_audit_points,
    burn_survey_boxes,
    end_document_access,
    end_surveys,
    flag_ended_licences,
    flag_overdue_loans,
    flag_risk_actions,
    open_audits,
    open_scorecards,
    publish_scorecards,
    remind_of_surveys,
    restate_risks,
    warn_of_ending_retention,
    watch_risk_indicators,
)
from app.automation.incidents_and_problems import (
    confirm_reported_effects,
    detect_recurring_incidents,
    flag_major_reviews,
    follow_fixing_changes,
    keep_articles_of_problems,
    lapse_accepted_risks,
    open_quiet_alerts,
    suggest_after_declined_candidates,
    tell_duplicates,
)
from app.automation.people import (
    ask_new_members,
    hand_over_duties,
    pass_on_scorecards,
    report_duties,
    report_group_uses,
    report_team_work,
)
from app.automation.programme import (
    begin_improvement_plans,
    flag_plan_steps,
    flag_rollout_steps,
    flag_sittings,
    follow_group_mappings,
    list_newcomers,
    suggest_after_faded_benefits,
    suggest_after_kpi_signals,
    void_reviews,
)
from app.automation.tickets import (
    ask_for_ratings,
    assign_by_rule,
    close_after_agreed_days,
    escalate_by_rule,
    escalate_overdue_complaints,
    flag_overdue_milestones,
    flag_overdue_tasks,
    pass_on_comments,
    pass_on_followers,
    remind_on_call,
    resume_at_answer,
    separate_customers,
    suggest_after_complaints,
)
from app.automation.tickets.assign_by_rule import AssignByRule
from app.conformance.facts import consumer as conformance
from app.conformance.reconcile import compare_cases
from app.exchange import import_jobs
from app.exchange.discoveries import worker as discoveries
from app.exchange.jobs import worker as bulk_jobs
from app.foundation.absences import fetching as absence_calendars
from app.foundation.calendars import spans
from app.governance.documents.texts import file_texts
from app.kernel import uploads
from app.kernel.consumers import log_partitions, timers
from app.kernel.consumers.rules import Clock, Rule
from app.kernel.consumers.timers import TimerConsumer
from app.kernel.ledger import Ledger
from app.kpis.column_exports import renewing as column_exports
from app.kpis.facts.consumer import FACTS
from app.kpis.reconcile import ReconciliationReport
from app.kpis.reconciliations import nightly
from app.kpis.signals import nightly as signals
from app.kpis.signals.watch_list import watched_kpis
from app.log import consumer_group as group
from app.log.follow import Consumer
from app.notifications import mail, notices
from app.platform.shared_connections import SharedConnections
from app.processes.improvements.effects import benefits
from app.registry import LIFECYCLES
from app.sealing import exporting
from app.search import index
from app.service_reports import issuing
from app.subscriptions import sending as subscriptions
from app.summaries import sending as summaries
from app.webhooks.effects import addresses, processing
from app.webhooks.mail import imap
from app.webhooks.sources import silence
from app.webhooks.write_back import tool_format

tool_format.add()
#: Rules that react to events.
RULES: tuple[Rule | AssignByRule, ...] = (
    assign_by_rule.RULE,
    keep_articles_of_problems.RULE,
    tell_duplicates.RULE,
    tell_overlapped_changes.RULE,
    take_up_at_meetings.RULE,
    deputise_voters.RULE,
    recount_votes.RULE,
    void_people_questions.RULE,
    report_duties.RULE,
    report_team_work.RULE,
    report_group_uses.RULE,
    hand_over_duties.RULE,
    ask_new_members.RULE,
    list_newcomers.RULE,
    pass_on_followers.RULE,
    pass_on_comments.RULE,
    separate_customers.RULE,
    resume_after_change.RULE,
    void_reviews.RULE,
    resume_at_answer.RULE,
    confirm_reported_effects.RULE,
    detect_recurring_incidents.RULE,
    follow_fixing_changes.RULE,
    fulfil_by_changes.RULE,
    escalate_by_sla.RULE,
    note_unknown_causes.RULE,
    watch_supports.RULE,
    ask_for_ratings.RULE,
    suggest_after_complaints.RULE,
    suggest_after_declined_candidates.RULE,
    suggest_after_faded_benefits.RULE,
    suggest_after_kpi_signals.RULE,
    suggest_after_missed_targets.RULE,
    award_audit_points.RULE,
    ask_raters.RULE,
    pass_on_scorecards.RULE,
    restate_risks.RULE,
    follow_group_mappings.RULE,
    burn_survey_boxes.RULE,
)
#: Rules that act when a timer expires.
TIMED_RULES: tuple[TimerConsumer, ...] = (
    begin_improvement_plans.RULE,
    call_next_meeting.RULE,
    *close_after_agreed_days.RULES,
    end_document_access.RULE,
    escalate_by_rule.RULE,
    escalate_overdue_complaints.RULE,
    warn_of_ending_agreements.RULE,
    flag_agreement_reviews.RULE,
    flag_overdue_milestones.RULE,
    flag_overdue_tasks.RULE,
    flag_overdue_loans.RULE,
    flag_ended_licences.RULE,
    flag_risk_actions.RULE,
    flag_plan_steps.RULE,
    flag_rollout_steps.RULE,
    flag_sittings.RULE,
    flag_major_reviews.RULE,
    lapse_accepted_risks.RULE,
    remind_on_call.RULE,
    change_deputies.RULE,
    remind_voters.RULE,
    settle_decisions.RULE,
    end_surveys.RULE,
    publish_scorecards.RULE,
    remind_of_surveys.RULE,
    warn_of_ending_retention.RULE,
    *timers.timed_rules(LIFECYCLES),
)


def projections(ledger: Ledger) -> Sequence[Consumer]:
    """Return the consumers that only read the log and keep tables of their own."""
    return (
        FACTS,
        conformance.consumer(ledger.lifecycles.values()),
        index.consumer(ledger),
        addresses.consumer(ledger),
    )


def acting_consumers(ledger: Ledger, clock: Clock) -> Sequence[Consumer]:
    """Return the consumers that act on events, or set the timers of later actions."""
    return (
        notices.consumer(ledger, clock),
        mail.consumer(),
        *(rule.consumer(ledger, clock) for rule in RULES),
        *(rule.consumer(ledger) for rule in TIMED_RULES),
    )


async def _compare_cases(url: str, report: ReconciliationReport) -> None:
    await compare_cases(url, LIFECYCLES, report)


async def run(
    url: str,
    ledger: Ledger,
    clock: Clock,
    *,
    failed: Callable[[str, Exception], None],
    secrets_dir: Path | None = None,
) -> None:
    """Run all consumers, rules and jobs for ever, next to any number of other workers. `failed` is called
    with each failure. `secrets_dir` has the key that seals; None: the log is not sealed. The consumer group
    also invalidates the ledger's caches as it follows the log. Raises SettingsError if a KPI that is to be
    watched is unknown.
    """
    watched = watched_kpis(ledger.settings)
    consumers = (*projections(ledger), *acting_consumers(ledger, clock))
    async with SharedConnections(url, group.POOL_LIMITS) as lines, asyncio.TaskGroup() as tasks:
        tasks.create_task(group.run(url, consumers, failed=failed, connections=lines, hearer=ledger))
        tasks.create_task(timers.run(lines, ledger, TIMED_RULES, clock, failed=failed))
        tasks.create_task(watch_clocks.run(lines, ledger, clock, failed=failed))
        tasks.create_task(log_partitions.run(lines, failed=failed))
        tasks.create_task(uploads.run(ledger, clock, failed=failed))
        tasks.create_task(file_texts.run(ledger, failed=failed))
        tasks.create_task(notices.run(lines, ledger, clock, failed=failed))
        tasks.create_task(import_jobs.run(lines, ledger, clock, failed=failed))
        tasks.create_task(bulk_jobs.run(lines, ledger, clock, failed=failed))
        tasks.create_task(discoveries.run(lines, ledger, clock, failed=failed))
        tasks.create_task(mail.run(lines, ledger, clock, failed=failed))
        tasks.create_task(summaries.run(lines, ledger, clock, failed=failed))
        tasks.create_task(subscriptions.run(lines, ledger, clock, failed=failed))
        tasks.create_task(absence_calendars.run(lines, ledger, clock, failed=failed))
        tasks.create_task(spans.run(lines, clock, failed=failed))
        tasks.create_task(column_exports.run(lines, ledger, clock, failed=failed))
        tasks.create_task(nightly.run(lines, ledger, clock, failed=failed, further=_compare_cases))
        tasks.create_task(signals.run(lines, ledger, clock, watched, failed=failed))
        tasks.create_task(judging.run(lines, ledger, clock, watched, failed=failed))
        tasks.create_task(raise_attention_alerts.run(lines, ledger, clock, failed=failed))
        tasks.create_task(open_audits.run(lines, ledger, clock, failed=failed))
        tasks.create_task(open_scorecards.run(lines, ledger, clock, failed=failed))
        tasks.create_task(stop_outgrown_templates.run(lines, ledger, clock, failed=failed))
        tasks.create_task(watch_risk_indicators.run(lines, ledger, clock, failed=failed))
        tasks.create_task(issuing.run(lines, ledger, clock, failed=failed))
        tasks.create_task(benefits.run(lines, ledger, clock, failed=failed))
        tasks.create_task(open_quiet_alerts.run(lines, ledger, clock, failed=failed))
        tasks.create_task(processing.run(lines, ledger, clock, failed=failed))
        tasks.create_task(processing.run_removal(ledger, clock, failed=failed))
        tasks.create_task(silence.run(ledger, clock, failed=failed))
        tasks.create_task(imap.run(ledger, clock, failed=failed))
        if secrets_dir is not None:
            tasks.create_task(exporting.run(lines, ledger, secrets_dir, clock, failed=failed))
