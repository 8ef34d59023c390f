"""The last day of the demo: unanswered questions to boards, and duties of a person who has left."""

from __future__ import annotations

from datetime import timedelta

from app.demo.data.governance import waiting_data as data
from app.demo.data.organisation import BUSINESS_HEAD, CHANGE_MANAGER, HEAD_OF_IT
from app.demo.lookups import next_freeze, open_follow_ups
from app.demo.programme import Programme, ProgrammeScript, question
from app.demo.script import DEMO_RULE
from app.governance.process_changes.payloads import ApplyProcessChange, ReviewProcessChange
from app.kernel.actions.payloads import EmptyPayload
from app.processes.changes.payloads import DraftChange, RequestEmergencyApprovalChange
from app.processes.changes.policies.payloads import (
    ApproveChangeTemplate,
    AskExceptionFreeze,
    DraftChangeTemplate,
)
from app.processes.improvement_plans.adjusting import ProposeAdjustmentImprovementPlan
from app.ticketing.work.tasks import CompleteTask


async def make_questions(programme: Programme) -> None:
    """Put the questions that wait for votes."""
    await _ask_about_process(programme)
    await _ask_about_template(programme)
    await _ask_about_emergency(programme)
    await _ask_for_exception(programme)


async def _ask_about_process(programme: Programme) -> None:
    """Apply for two changes of processes; the quality manager has put one to the heads of the teams."""
    script = ProgrammeScript(programme, "process_change", "waiting")
    applied_at = programme.before_end(data.PROCESS_CHANGE_APPLIED)
    body = ApplyProcessChange.model_validate(data.PROCESS_CHANGE)
    await script.act(applied_at, programme.callers[BUSINESS_HEAD], "apply", body)
    reviewed_at = applied_at + timedelta(hours=5)
    review = {"opinion": data.OPINION, "question": data.PROCESS_QUESTION}
    await script.act(reviewed_at, programme.quality, "review", ReviewProcessChange.model_validate(review))
    offered = ProgrammeScript(programme, "process_change", "offered")
    body = ApplyProcessChange.model_validate(data.OFFERED_PROCESS_CHANGE)
    offered_at = programme.before_end(data.PROCESS_CHANGE_OFFERED)
    await offered.act(offered_at, programme.callers[BUSINESS_HEAD], "apply", body)


async def _ask_about_template(programme: Programme) -> None:
    """Draft a template of standard changes, which waits for the board."""
    script = ProgrammeScript(programme, "change_template", "waiting")
    drafted_at = programme.before_end(data.TEMPLATE_DRAFTED)
    body = DraftChangeTemplate.model_validate(data.TEMPLATE)
    await script.act(drafted_at, programme.callers[HEAD_OF_IT], "draft", body)
    asked_at = drafted_at + timedelta(hours=3)
    await script.act(asked_at, programme.callers[CHANGE_MANAGER], "approve", ApproveChangeTemplate())


async def _ask_about_emergency(programme: Programme) -> None:
    """Draft an emergency change, which waits for its board."""
    script, by = ProgrammeScript(programme, "change", "waiting-emergency"), programme.callers[data.ENGINEER]
    drafted_at = programme.before_end(data.EMERGENCY_DRAFTED)
    window = {"wanted_from_at": programme.end, "wanted_until_at": programme.end + timedelta(hours=2)}
    await script.act(drafted_at, by, "draft", DraftChange.model_validate(data.EMERGENCY | window))
    await script.act(drafted_at + timedelta(minutes=3), by, "submit", EmptyPayload())
    asking = RequestEmergencyApprovalChange(question=data.EMERGENCY_QUESTION, cannot_wait=data.CANNOT_WAIT)
    await script.act(drafted_at + timedelta(minutes=5), by, "request_emergency_approval", asking)


async def _ask_for_exception(programme: Programme) -> None:
    """Draft a change that cannot wait for the end of the next freeze, and ask for an exception."""
    by = programme.callers[data.EXCEPTION_ENGINEER]
    freeze_id, begins_at = await next_freeze(programme.maker.ledger.db, programme.end)
    change = ProgrammeScript(programme, "change", "waiting-exception")
    window = {
        "wanted_from_at": begins_at + timedelta(hours=6),
        "wanted_until_at": begins_at + timedelta(hours=8),
    }
    drafted_at = programme.before_end(data.EXCEPTION_DRAFTED)
    await change.act(drafted_at, by, "draft", DraftChange.model_validate(data.EXCEPTED_CHANGE | window))
    asking = AskExceptionFreeze(
        change=str(change.record_id), reason=data.EXCEPTION_REASON, question=data.EXCEPTION_QUESTION
    )
    freeze = ProgrammeScript(programme, "freeze", "waiting-exception", freeze_id)
    await freeze.act(drafted_at + timedelta(hours=1), by, "ask_exception", asking)


async def ask_for_adjustment(programme: Programme, plan: ProgrammeScript) -> None:
    """Propose an adjustment of the annual plan, which waits for the committee."""
    asked_at = programme.before_end(data.ADJUSTMENT_PROPOSED)
    fields = question(data.ADJUSTMENT_QUESTION, asked_at) | data.ADJUSTMENT
    body = ProposeAdjustmentImprovementPlan.model_validate(fields)
    await plan.act(asked_at, programme.quality, "propose_adjustment", body)


async def complete_follow_ups(programme: Programme) -> None:
    """Complete the tasks that reviews of major incidents gave, except those of the last weeks."""
    ledger = programme.maker.ledger
    before = programme.before_end(data.FOLLOW_UPS_DONE)
    callers = {caller.person_id: caller for caller in programme.callers.values()}
    for row in await open_follow_ups(ledger.db, before):
        caller = callers.get(row["assignee_id"])
        if caller is None:
            continue
        script = ProgrammeScript(programme, "incident", f"follow-up-{row['id']}", row["incident"])
        body = CompleteTask(task=row["id"], outcome=data.FOLLOW_UP_OUTCOME)
        await script.act(row["due_at"] - timedelta(days=2), caller, "complete_task", body)


async def deactivate_leaver(programme: Programme) -> None:
    """Deactivate a person whose duties have not been taken over yet."""
    leaver = programme.callers[data.LEAVER].person_id
    script = ProgrammeScript(programme, "person", "leaver", leaver)
    await script.act(programme.before_end(data.LEFT), DEMO_RULE, "deactivate", EmptyPayload())
