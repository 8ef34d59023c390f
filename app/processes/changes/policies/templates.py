"""Templates of standard changes: drafted, approved by somebody else once for all, retired (lifecycle).

draft ─► approved ─► retired          draft ─► retired
"""

from __future__ import annotations

from app.common.people import Role
from app.foundation.cis.records import Ci
from app.foundation.decisions.authorship import authors_do_not_judge
from app.foundation.editing import apply_patch
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, process_owner, role
from app.kernel.actions.constraints import ValueTaken
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, Rules, action
from app.kernel.actions.payloads import EmptyPayload
from app.processes.changes.policies.payloads import (
    DraftChangeTemplate,
    EditChangeTemplate,
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


def approve(template: ChangeTemplate, body: EmptyPayload, ctx: ActionContext) -> None:
    """Approve the template: changes that are made from it need no further approval."""
    template.approved_by_id = ctx.caller.person_id


def retire(template: ChangeTemplate, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the template: no new changes can be drafted from it. Existing changes continue."""


CHANGE_MANAGER = role(Role.change_manager)
KEEPERS = CHANGE_MANAGER | process_owner
TEMPLATE_AUTHOR = RecordDuty("author", "起草人", ("author_id",))
#: All who have ever drafted or edited a template have written it, although `author_id` is the last of them.
JUDGED_FIELDS = ("author_id",)
OPEN = (State.draft, State.approved)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="change_template", plural="change_templates", zh="标准变更模板", record=ChangeTemplate, states=State,
    visible=(to_staff(),),
    lookup=Lookup(retired={State.retired: "template_retired"}),
    rules=Rules(constraints={"change_template_key_key": ValueTaken("key")}),
    rows=(
        #      action   中文    from           to              who             event
        action(draft,   "起草", NEW_RECORD,    State.draft,    KEEPERS,        "change_template.drafted"),
        action(edit,    "编辑", [State.draft], STAYS,          KEEPERS,        "change_template.edited"),
        action(approve, "批准", [State.draft], State.approved, CHANGE_MANAGER, "change_template.approved", segregate_from=(TEMPLATE_AUTHOR,),
               unless=(without_scope,), wrong=(authors_do_not_judge(JUDGED_FIELDS),)),
        action(retire,  "停用", OPEN,          State.retired,  KEEPERS,        "change_template.retired"),
    ),
)
# fmt: on
