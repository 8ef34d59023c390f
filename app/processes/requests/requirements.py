"""Actions on requirements: they are proposed to the requester, who confirms or returns them and may change
them later; a confirmation that was given elsewhere is recorded.
"""

from __future__ import annotations

from app.common.people import Person
from app.foundation.documents.filing import file_document, publish_draft, supersede
from app.foundation.documents.records import DocumentClass, DocumentEntry, DocumentState, Heading
from app.foundation.people.records import Group
from app.foundation.statements.actions import StatementsOfRecord, add_statements, objected_by_all
from app.foundation.statements.records import StatedFact
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.processes.requests.payloads import (
    AgreeToRequirementsRequest,
    ChangeRequirementsRequest,
    ConfirmRequirementsRequest,
    ProposeRequirementsRequest,
    RequirementsFields,
    ReturnRequirementsRequest,
)
from app.processes.requests.preparation import CurrentCriteria
from app.processes.requests.records import ConfirmationMethod, Criterion, Request


def propose_requirements(request: Request, body: ProposeRequirementsRequest, ctx: ActionContext) -> None:
    """Propose the request's requirements: its requester is asked to confirm them."""
    request.inquiry.requirements_proposed_at = ctx.occurred_at
    request.inquiry.requirements_draft_id = _write_requirements(request, body, ctx, DocumentState.drafted).id


def agree_to_requirements(request: Request, body: AgreeToRequirementsRequest, ctx: ActionContext) -> None:
    """Agree to the request's proposed requirements, as its requester."""
    _end_inquiry(request, None)
    request.requirements_confirmed_at = ctx.occurred_at
    supersede(DocumentClass.SN, ctx)
    publish_draft(DocumentClass.SN, ctx)


def return_requirements(request: Request, body: ReturnRequirementsRequest, ctx: ActionContext) -> None:
    """Return the proposed requirements of the request: its requester does not agree to them."""
    request.inquiry.requirements_proposed_at = None
    request.inquiry.requirements_returned_at = ctx.occurred_at


def confirm_requirements(request: Request, body: ConfirmRequirementsRequest, ctx: ActionContext) -> None:
    """Confirm the request's requirements: they are recorded as the requester has confirmed them."""
    _end_inquiry(request, body.confirmation_method)
    request.requirements_confirmed_at = body.confirmed_at
    supersede(DocumentClass.SN, ctx)
    entry = _write_requirements(request, body, ctx, DocumentState.published)
    entry.state, entry.published_at = DocumentState.published, ctx.occurred_at
    add_statements(request, StatedFact.agreed, (request.requester_id,), ctx)


def _end_inquiry(request: Request, method: ConfirmationMethod | None) -> None:
    inquiry = request.inquiry
    inquiry.requirements_proposed_at = inquiry.requirements_draft_id = None
    inquiry.confirmation_method = method


def _write_requirements(
    request: Request, body: RequirementsFields, ctx: ActionContext, state: DocumentState
) -> DocumentEntry:
    """File the requirements as a document, in that state unless it is a draft's next edition, and set the
    criteria and the group of acceptance.
    """
    request.acceptance_group_id = ctx.required_ref(Group, "acceptance_group").id
    texts = (
        (Heading.background, body.background),
        (Heading.functional, body.functional),
        (Heading.performance, body.performance),
        (Heading.interfaces, body.interfaces),
        (Heading.data, body.data),
    )
    entry = file_document(request, DocumentClass.SN, texts, ctx, state=state)
    for earlier_statement in ctx.prepared(StatementsOfRecord).rows:
        if earlier_statement.fact is not StatedFact.attended:
            ctx.outcome.remove(earlier_statement)
    add_statements(request, StatedFact.consulted, (person.id for person in ctx.refs(Person, "heard")), ctx)
    for earlier in ctx.prepared(CurrentCriteria).criteria:
        ctx.outcome.change(earlier).dropped_at = ctx.occurred_at
    for place, criterion in enumerate(body.criteria, start=1):
        row = Criterion(
            id=ctx.new_id(),
            record=request.row_key,
            place=place,
            text=criterion.text,
            shown_by=criterion.shown_by,
            added_at=ctx.occurred_at,
        )
        ctx.outcome.add(row)
    return entry


async def requirements_denied(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse to go on with requirements if all people objected who were entered as consulted
    (`nobody_consulted`), or the requester objects to having confirmed them (`requirements_denied`).
    """
    if await objected_by_all(reads, request, StatedFact.consulted):
        return "nobody_consulted"
    return "requirements_denied" if await objected_by_all(reads, request, StatedFact.agreed) else None


def requirements_document_class(request: Request) -> str | None:
    """Return the class whose next document number is needed; None if returned requirements keep theirs."""
    return DocumentClass.SN.value if request.inquiry.requirements_draft_id is None else None


def change_requirements(request: Request, body: ChangeRequirementsRequest, ctx: ActionContext) -> None:
    """Change the request's requirements: it is analysed again, and a new solution must be proposed."""
    request.solution_id = None
    request.next_report_due_at = None
