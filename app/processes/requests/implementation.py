"""Actions of implementation: plan milestones and tasks, report progress, check quality."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from app.common.people import Person
from app.foundation.documents.filing import file_document, supersede
from app.foundation.documents.records import DocumentClass, Heading
from app.kernel.actions.actor_policy import RecordDuty as PartIn
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.processes.requests.payloads import (
    BeginImplementationRequest,
    CheckQualityRequest,
    ReportProgressRequest,
)
from app.processes.requests.preparation import CurrentChecks, KnownCheckpoint
from app.processes.requests.records import QualityCheck, Request
from app.ticketing.projects import actions, planning
from app.ticketing.projects.planning import (
    begin_reporting,
    plan_project,
)
from app.ticketing.work import tasks
from app.ticketing.work.tasks import CompleteTask

#: The implementers of a request, who may neither check its quality nor accept it.
implementer = PartIn("implementer", "实施人", ("doer_ids",))


def begin_implementation(request: Request, body: BeginImplementationRequest, ctx: ActionContext) -> None:
    """Begin the request's implementation: it is planned in milestones and tasks."""
    supersede(DocumentClass.IM, ctx)
    # Milestones and tasks are child records of their own: only free text goes into the encrypted document.
    file_document(request, DocumentClass.IM, [(Heading.plan, body.plan)], ctx)
    # A test report covers only the checks of its own plan, so a new plan supersedes it.
    supersede(DocumentClass.TE, ctx)
    for earlier in ctx.prepared(CurrentChecks).checks:
        ctx.outcome.change(earlier).dropped_at = ctx.occurred_at
    assignees = plan_project(request, body.milestones, body.tasks, ctx)
    _add_implementers(request, *(person.id for person in assignees))
    copy_fields(request, body, ctx, without="report_every_days")
    begin_reporting(request, body.report_every_days, ctx)


def report_progress(request: Request, body: ReportProgressRequest, ctx: ActionContext) -> None:
    """Report the request's progress, with obstacles."""
    earlier = request.expected_at or request.planned_at
    is_moved = earlier is not None and _day(earlier, ctx) != _day(body.expected_at, ctx)
    request.solution_approval.moved_from_at = earlier if is_moved else None
    actions.report_progress(request, body, ctx)
    if body.problems:
        _add_implementers(request, *(owner.id for owner in actions.problem_owners(body, ctx)))


def _day(instant: datetime, ctx: ActionContext) -> date:
    return instant.astimezone(ctx.settings.zone).date()


def add_issue(
    request: Request, title: str, owner: Person | None, due_at: datetime, ctx: ActionContext
) -> None:
    """Add a task that resolves an issue; its owner counts as an implementer and cannot check quality."""
    planning.add_issue(request, title, owner, due_at, ctx)
    if owner is not None:
        _add_implementers(request, owner.id)


def complete_task(request: Request, body: CompleteTask, ctx: ActionContext) -> None:
    """Complete a task of the request."""
    tasks.complete_task(request, body, ctx)
    # People who complete another person's task are implementers, too. Implementers exist once there is a
    # plan.
    if request.doer_ids is not None and ctx.caller.person_id is not None:
        _add_implementers(request, ctx.caller.person_id)


def _add_implementers(request: Request, *persons: UUID) -> None:
    request.doer_ids = sorted({*map(str, persons), *(request.doer_ids or ())})


def check_quality(request: Request, body: CheckQualityRequest, ctx: ActionContext) -> None:
    """Check the quality of the request, by a person who did not implement it."""
    entry = file_document(request, DocumentClass.TE, [(Heading.findings, body.findings)], ctx)
    check = QualityCheck(
        id=ctx.new_id(),
        record=request.row_key,
        document_id=entry.id,
        checkpoint=ctx.prepared(KnownCheckpoint).name,
        passed=body.passed,
        checker_id=ctx.caller.person_id,
        checked_at=ctx.occurred_at,
    )
    ctx.outcome.add(check)
