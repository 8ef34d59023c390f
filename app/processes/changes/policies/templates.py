"""Templates of standard changes: drafted, approved once for all, retired (lifecycle).

The voters are those of a change with the template's risk and services.

draft ─► approved ─► retired          draft ─► retired

An approved one that has outgrown its approval is not used before it is approved again (`renew`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.priorities.risk_level import RiskLevel
from app.foundation.cis.records import Ci
from app.foundation.decisions import actions as decisions
from app.foundation.decisions.actions import add_prepared_decision, tallied
from app.foundation.decisions.authorship import authors_do_not_judge
from app.foundation.decisions.closing import withdraw_open_decisions
from app.foundation.decisions.matters import SAME_TITLE, Matter, Posed
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.preparation import NewDecision, open_decisions, question_preparation
from app.foundation.decisions.records import Decision, DecisionKind, DecisionOutcome, DecisionState
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.actor_policy import RecordDuty, decision, process_owner, role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, FormerEvent, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.rules import Rules, ValueTaken
from app.processes.changes.face import TEMPLATE_FACE
from app.processes.changes.planning.lookups import SERVICES_OF_ITEMS
from app.processes.changes.policies.criticality import at_least_medium, serves_important_services
from app.processes.changes.policies.payloads import (
    ApproveChangeTemplate,
    DraftChangeTemplate,
    EditChangeTemplate,
    OutgrowChangeTemplate,
    RenewChangeTemplate,
)
from app.processes.changes.policies.records import ChangeTemplate
from app.processes.changes.policies.records import TemplateState as State


def draft(template: ChangeTemplate, body: DraftChangeTemplate, ctx: ActionContext) -> None:
    """Draft a change template for standard changes. It cannot be used before it is approved."""
    copy_fields(template, body, ctx, without="cis")
    _set_items(template, ctx)
    template.author_id = ctx.caller.person_id


def edit(template: ChangeTemplate, body: EditChangeTemplate, ctx: ActionContext) -> None:
    """Edit the template's draft. The person who edits it becomes its author."""
    apply_patch(template, body, ctx, skip=("cis",))
    if "cis" in body.model_fields_set:
        _set_items(template, ctx)
    template.author_id = ctx.caller.person_id


def _set_items(template: ChangeTemplate, ctx: ActionContext) -> None:
    template.ci_ids = list(dict.fromkeys(str(ci.id) for ci in ctx.refs(Ci, "cis")))


async def without_scope(reads: ReadContext, template: ChangeTemplate, ctx: ActionContext) -> str | None:
    """Refuse to approve a template that does not name what its changes may affect."""
    return None if template.has_scope else "template_without_scope"


async def too_risky(reads: ReadContext, template: ChangeTemplate, ctx: ActionContext) -> str | None:
    """Refuse a template of high risk (`template_too_risky`): each such change is decided by itself."""
    return "template_too_risky" if template.risk_level is RiskLevel.high else None


async def approval_is_asked(reads: ReadContext, template: ChangeTemplate, ctx: ActionContext) -> str | None:
    """Refuse while the approval of the template is put to the vote (`template_asked`)."""
    decisions = await reads.children(Decision, template, state=DecisionState.open.value)
    return "template_asked" if decisions else None


@dataclass(frozen=True, slots=True)
class RecordedRisk:
    """The risk of the template, not below what is recorded about its services."""

    level: RiskLevel | None


async def recorded_risk(
    reads: ReadContext, template: ChangeTemplate, body: ApproveChangeTemplate, ctx: ActionContext
) -> RecordedRisk:
    """Find the risk on which the voters decide."""
    return RecordedRisk(await _risk_at(reads, template, ctx.now))


async def _risk_at(reads: ReadContext, template: ChangeTemplate, now: datetime) -> RiskLevel | None:
    is_important = await serves_important_services(
        reads,
        template.services or (),
        template.ci_ids or (),
        template.ci_classes or (),
        (template.drafted_at, now),
    )
    return at_least_medium(template.risk_level, is_important)


async def put_to_vote(reads: ReadContext, template: ChangeTemplate, now: datetime) -> Posed:
    """Return the template as it is put to the vote: with the recorded risk, and all services that its changes
    may affect, whose owners vote.
    """
    subject = template.model_copy(update={"risk_level": await _risk_at(reads, template, now)})
    guard = Unguarded("The services of items count as they are when the question is put.")
    items = [UUID(ci_id) for ci_id in template.ci_ids or ()]
    rows = await reads.rows(SERVICES_OF_ITEMS, (items, template.ci_classes or []), guard=guard)
    keys = (row["service"] for row in rows)
    subject.services = [*dict.fromkeys((*(template.services or ()), *keys))]
    return Posed(subject)


def approve(template: ChangeTemplate, body: ApproveChangeTemplate, ctx: ActionContext) -> None:
    """Approve the template: put it to the vote of those who decide on such changes. Its risk is at least
    medium if one of its services is critical or of high criticality.
    """
    _put_to_vote(template, ctx)


def _put_to_vote(template: ChangeTemplate, ctx: ActionContext) -> None:
    template.risk_level = ctx.prepared(RecordedRisk).level
    add_prepared_decision(ctx.prepared(NewDecision), ctx)


def approve_by_decision(template: ChangeTemplate, body: Tallied, ctx: ActionContext) -> None:
    """Approve the template by decision: changes that are made from it need no further approval."""
    template.approved_by_id = ctx.caller.person_id


def outgrow(template: ChangeTemplate, body: OutgrowChangeTemplate, ctx: ActionContext) -> None:
    """Outgrow the approval of the template: no changes are made from it before it is approved again."""
    template.outgrown_at, template.outgrown_because = ctx.occurred_at, body.because


async def is_outgrown(reads: ReadContext, template: ChangeTemplate, ctx: ActionContext) -> str | None:
    """Refuse if it is known already that the template is outgrown (`template_is_outgrown`)."""
    return None if template.outgrown_at is None else "template_is_outgrown"


async def approval_holds(reads: ReadContext, template: ChangeTemplate, ctx: ActionContext) -> str | None:
    """Refuse to renew an approval that holds (`approval_holds`)."""
    return "approval_holds" if template.outgrown_at is None else None


def renew(template: ChangeTemplate, body: RenewChangeTemplate, ctx: ActionContext) -> None:
    """Renew the outgrown template: its approval is put to the vote again. Its risk is at least medium if one
    of its services is critical or of high criticality.
    """
    _put_to_vote(template, ctx)


def renew_by_decision(template: ChangeTemplate, body: Tallied, ctx: ActionContext) -> None:
    """Renew the template by decision: changes are made from it again without further approval."""
    approve_by_decision(template, body, ctx)
    template.outgrown_at = template.outgrown_because = None
    template.renewed_at = ctx.occurred_at


def action_of_outcome(template: ChangeTemplate, decision_taken: Decision) -> tuple[str, Payload] | None:
    """Return the action to which an approval leads; otherwise the template stays as it is."""
    if decision_taken.outcome is not DecisionOutcome.approved:
        return None
    name = "approve_by_decision" if template.state is State.draft else "renew_by_decision"
    return name, tallied(decision_taken)


def retire(template: ChangeTemplate, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the template: no new changes can be drafted from it. Existing changes continue."""
    withdraw_open_decisions(ctx)


CHANGE_MANAGER = role(Role.change_manager)
KEEPERS = CHANGE_MANAGER | process_owner
TEMPLATE_AUTHOR = RecordDuty("author", "起草人", ("author_id",))
#: All who have ever drafted or edited a template have written it, although `author_id` is the last of them.
JUDGED_FIELDS = ("author_id",)
OPEN = (State.draft, State.approved)
#: Authors of any part of it do not vote on it.
TEMPLATE = Matter(
    decision=DecisionKind.change,
    fields=(
        *("title", "description", "services", "ci_ids", "ci_classes", "plan", "test_plan", "back_out_plan"),
        *("risk_level", "window_minutes", "team_id", "author_id"),
    ),
    subject=(*SAME_TITLE, ("services", "services"), ("ci_ids", "ci_ids"), ("ci_classes", "ci_classes")),
    subject_elsewhere=(
        (
            "change",
            (*SAME_TITLE, ("ci_ids", "ci_ids"), ("services", "services"), ("services", "ci_services")),
        ),
    ),
    posed=put_to_vote,
)
VOTES = decisions.DecisionSpec(
    kind="change_template", any=OPEN, matters=(TEMPLATE,), outcome=action_of_outcome
)
approval_question = question_preparation(TEMPLATE)
#: Those who can have it approved again, or write another one.
TELL_OUTGROWN = (
    RecipientRule(NoticeType.template_outgrown, field="author_id"),
    RecipientRule(NoticeType.template_outgrown, roles=frozenset({Role.change_manager})),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="change_template", plural="change_templates", zh="标准变更模板", record=ChangeTemplate,
    face=TEMPLATE_FACE,
    visible=(to_staff(),),
    lookup=Lookup(retired={State.retired: "template_retired"}),
    rules=Rules(change_check=decisions.not_while_decided(VOTES), constraints={"change_template_key_key": ValueTaken("key")}),
    children=decisions.CHILDREN,
    rows=(
        #      action   中文    from           to              who             event
        action(draft,   "起草", NEW_RECORD,    State.draft,    KEEPERS,        "change_template.drafted"),
        action(edit,    "编辑", [State.draft], STAYS,          KEEPERS,        "change_template.edited"),
        action(approve, "提请批准", [State.draft], STAYS,      CHANGE_MANAGER, "change_template.approval_asked", segregate_from=(TEMPLATE_AUTHOR,),
               unless=(without_scope, too_risky, approval_is_asked), prepare=(recorded_risk, approval_question), wrong=(authors_do_not_judge(JUDGED_FIELDS),)),
        action(approve_by_decision, "批准", [State.draft], State.approved, decision, "change_template.approved_by_decision",
               former=(FormerEvent("change_template.approved", EmptyPayload),), notifies=(RecipientRule(NoticeType.approved, field="author_id"),)),
        action(outgrow, "标记须续批", [State.approved], STAYS, rule, "change_template.outgrown", unless=(is_outgrown,), notifies=TELL_OUTGROWN),
        action(renew, "提请续批", [State.approved], STAYS, CHANGE_MANAGER, "change_template.renewal_asked", segregate_from=(TEMPLATE_AUTHOR,),
               unless=(approval_holds, without_scope, too_risky, approval_is_asked), prepare=(recorded_risk, approval_question),
               wrong=(authors_do_not_judge(JUDGED_FIELDS),)),
        action(renew_by_decision, "续批", [State.approved], STAYS, decision, "change_template.renewed_by_decision",
               notifies=(RecipientRule(NoticeType.approved, field="author_id"),)),
        action(retire,  "停用", OPEN,          State.retired,  KEEPERS,        "change_template.retired", prepare=(open_decisions,)),
        *decisions.rows(VOTES),
    ),
)
# fmt: on
