"""Work of the demo's last day for roles whose other work is done: to sign, to publish, and a task."""

from __future__ import annotations

from typing import Any

from app.demo.data import waiting_work_data as data
from app.demo.data.agreement_data import NOTHING_BENEATH
from app.demo.data.organisation import HEAD_OF_IT, PROBLEM_MANAGER, SERVICE_LEVEL_MANAGER
from app.demo.lookups import newest_known_error
from app.demo.programme import Programme, ProgrammeScript
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
    """Play what waits for the head of IT, the knowledge editor and the problem manager."""
    await _ask_to_sign(programme)
    await _ask_to_publish(programme)
    await _add_task(programme)


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
