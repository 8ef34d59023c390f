"""Work of the demo's last day for roles whose other work is done: to sign, to publish, to check, to sum up,
and a task.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.demo.data import waiting_work_data as data
from app.demo.data.agreement_data import NOTHING_BENEATH
from app.demo.data.governance import audit_data
from app.demo.data.organisation import (
    CONFIGURATION_MANAGER,
    HEAD_OF_IT,
    PROBLEM_MANAGER,
    SERVICE_LEVEL_MANAGER,
)
from app.demo.lookups import newest_known_error
from app.demo.programme import Programme, ProgrammeScript
from app.demo.scripts.governance.audit_scripts import (
    CHECK_FLAGGER,
    OPENER,
    SUMMARY_FLAGGER,
    AuditScript,
)
from app.foundation.cis.payloads import DrawVerification
from app.governance.audits.payloads import OpenAudit, SubmitSelfCheckAudit
from app.kernel.actions.payloads import EmptyPayload
from app.log.canonical import instant
from app.processes.articles.payloads import DraftArticle
from app.service_levels.agreements.payloads import (
    DraftSla,
    NegotiateSla,
    RecordRequirementSla,
    SubmitForReviewSla,
)
from app.ticketing.work.tasks import AddTask


async def make_waiting_work(programme: Programme) -> None:
    """Play what waits for the head of IT, the maintainer of agreements, the knowledge editor, the managers of
    problems and configuration, and the process administrator.
    """
    await _ask_to_sign(programme)
    await _draft_agreement(programme)
    await _ask_to_publish(programme)
    await _add_task(programme)
    await _draw_items(programme)
    await _ask_to_summarise(programme)


async def _ask_to_sign(programme: Programme) -> None:
    """Negotiate an agreement, which both parties are to sign."""
    script, before_end = ProgrammeScript(programme, "sla", "waiting"), programme.before_end
    manager, maintainer = programme.callers[SERVICE_LEVEL_MANAGER], programme.callers[data.MAINTAINER]
    requirement = RecordRequirementSla.model_validate(
        {
            **data.REQUIREMENT,
            "representative": programme.person(HEAD_OF_IT),
            "party_representative": programme.person(data.CUSTOMER_REPRESENTATIVE),
        }
    )
    await script.act(before_end(9), manager, "record_requirement", requirement)
    valid_from: dict[str, Any] = {"valid_from": before_end(-20).date().isoformat()}
    await script.act(before_end(7), maintainer, "draft", DraftSla.model_validate(data.DRAFT | valid_from))
    proposals = NegotiateSla(proposals=data.PROPOSALS)
    await script.act(before_end(4), programme.callers[data.CUSTOMER_REPRESENTATIVE], "negotiate", proposals)
    submitted = SubmitForReviewSla(gap_reason=NOTHING_BENEATH)
    await script.act(before_end(1.2), manager, "submit_for_review", submitted)


async def _draft_agreement(programme: Programme) -> None:
    """Draft an agreement whose text is still maintained."""
    script, before_end = ProgrammeScript(programme, "sla", "at-work"), programme.before_end
    requirement = RecordRequirementSla.model_validate(
        {**data.REQUIREMENT_AT_WORK, "representative": programme.person(HEAD_OF_IT)}
    )
    manager, maintainer = programme.callers[SERVICE_LEVEL_MANAGER], programme.callers[data.MAINTAINER]
    await script.act(before_end(3), manager, "record_requirement", requirement)
    valid_from: dict[str, Any] = {"valid_from": before_end(-40).date().isoformat()}
    await script.act(before_end(2), maintainer, "draft", DraftSla.model_validate(data.DRAFT | valid_from))


async def _ask_to_publish(programme: Programme) -> None:
    """Draft an article that waits for the knowledge editor."""
    script, author = ProgrammeScript(programme, "article", "waiting"), programme.callers[data.ARTICLE_AUTHOR]
    await script.act(programme.before_end(1.5), author, "draft", DraftArticle.model_validate(data.ARTICLE))
    await script.act(programme.before_end(1.4), author, "submit", EmptyPayload())


async def _add_task(programme: Programme) -> None:
    """Add a task of the problem manager to a known error."""
    problem = await newest_known_error(programme.maker.ledger.db)
    script = ProgrammeScript(programme, "problem", "waiting", problem)
    task = AddTask.model_validate(
        {
            "title": data.TASK,
            "assignee": programme.person(PROBLEM_MANAGER),
            "due_at": instant(programme.before_end(-4)),
        }
    )
    await script.act(programme.before_end(0.7), programme.callers[HEAD_OF_IT], "add_task", task)


async def _draw_items(programme: Programme) -> None:
    """Draw items that the configuration manager is to compare with reality."""
    script, manager = ProgrammeScript(programme, "verification", "waiting"), CONFIGURATION_MANAGER
    drawn_at = programme.before_end(data.SAMPLE_DRAWN)
    sample = DrawVerification.model_validate(data.SAMPLE)
    await script.act(drawn_at, programme.callers[manager], "draw", sample)


async def _ask_to_summarise(programme: Programme) -> None:
    """Open an audit of the last month and submit its self-check, which the process administrator sums up."""
    audited = audit_data.DESK
    template = audit_data.AuditTemplate(audited, 1)
    script = AuditScript(programme, "audit", "waiting", template=template)
    body = OpenAudit(
        month=script.month,
        team=audited.team,
        process=data.AUDITED_PROCESS,
        head=programme.person(audited.head),
    )
    opened_at = script.on_day(1)
    await script.rule(opened_at, OPENER, "open", body)
    checked_at = max(opened_at + timedelta(minutes=1), programme.before_end(data.SELF_CHECKED))
    for day, flagger, action in (
        (audit_data.SELF_CHECK_DAY, CHECK_FLAGGER, "flag_self_check"),
        (audit_data.SUMMARY_DAY, SUMMARY_FLAGGER, "flag_summary"),
    ):
        if script.on_day(day + 1) < checked_at:
            await script.rule(script.on_day(day + 1), flagger, action, EmptyPayload())
    check = SubmitSelfCheckAudit.model_validate(audit_data.SELF_CHECK)
    await script.act(checked_at, programme.callers[audited.supervisor], "submit_self_check", check)
