"""Templates of standard changes: drafted, approved by somebody else once for all, retired (lifecycle).

draft ─► approved ─► retired          draft ─► retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from app.common.people import Role
from app.common.records import ForeignRef, KeyRef
from app.foundation.cis.payloads import unique_keys
from app.foundation.decisions.authorship import authors_do_not_judge
from app.foundation.editing import apply_patch
from app.foundation.people.eligibility import check_team_assignable
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import STAFF
from app.kernel.actions.actor_policy import RecordDuty, process_owner, role
from app.kernel.actions.constraints import ValueTaken
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Paragraph,
    Patch,
    Payload,
    RecordKey,
    Reference,
    Title,
)
from app.processes.changes.records import ChangeTemplate, RiskLevel
from app.processes.changes.records import TemplateState as State

Services = Annotated[
    tuple[Annotated[RecordKey, KeyRef("service", must_exist=True)], ...],
    Field(
        max_length=LONGEST_LIST,
        description="The keys of the services that such a change is of.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(unique_keys),
]


class DraftChangeTemplate(Payload):
    """A template of standard changes, to be approved."""

    key: RecordKey = Field(
        description="What changes and figures call it; unique, never changed.", examples=["relay-restart"]
    )
    title: Title = Field(description="What is changed, in a line.", examples=["Restart the mail relay"])
    description: Paragraph | None = Field(
        default=None, description="When it is used, and when it is not.", examples=["Only if no mail waits."]
    )
    services: Services = ()
    plan: Paragraph = Field(description="What is done, step by step.", examples=["1. Drain. 2. Restart."])
    test_plan: Paragraph | None = Field(
        default=None, description="How it is seen that it worked.", examples=["Send a mail to yourself."]
    )
    back_out_plan: Paragraph = Field(
        description="How it is taken back if it does not work.", examples=["Start the standby relay."]
    )
    risk_level: RiskLevel = Field(
        description="The risk of every change of it, as it is approved.", examples=["low"]
    )
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None,
        description="Who implements such a change, if nobody says otherwise: a team's key or id.",
    )


_COPIED_FIELDS = ("key", "title", "description", "plan", "test_plan", "back_out_plan", "risk_level")


def draft(template: ChangeTemplate, body: DraftChangeTemplate, ctx: ActionContext) -> None:
    """Draft a change template, for standard changes; it cannot be used before it is approved."""
    team = ctx.ref(Team, "team")
    for name in _COPIED_FIELDS:
        setattr(template, name, getattr(body, name))
    template.services = list(body.services) or None
    template.team_id = None if team is None else team.id
    template.author_id = ctx.caller.person_id


class EditChangeTemplate(Patch):
    """Fields to change; those left out stay as they are."""

    title: Title = Field(
        default_factory=str, description="What is changed, in a line.", examples=["Restart the relay"]
    )
    description: Paragraph | None = Field(
        default=None, description="When it is used, and when it is not.", examples=["Not on pay day."]
    )
    services: Services = ()
    plan: Paragraph = Field(
        default_factory=str, description="What is done, step by step.", examples=["1. Drain. 2. Wait."]
    )
    test_plan: Paragraph | None = Field(
        default=None, description="How it is seen that it worked.", examples=["Send two mails to yourself."]
    )
    back_out_plan: Paragraph = Field(
        default_factory=str,
        description="How it is taken back if it does not work.",
        examples=["Start the other relay."],
    )
    risk_level: RiskLevel = Field(
        default=RiskLevel.low, description="The risk of every change of it.", examples=["medium"]
    )
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Who implements such a change: a team's key or id; null: nobody."
    )


def edit(template: ChangeTemplate, body: EditChangeTemplate, ctx: ActionContext) -> None:
    """Edit the template's draft; whoever changes it is its author from now on."""
    apply_patch(template, body, ctx, skip=("services",))
    if "services" in body.model_fields_set:
        template.services = list(body.services) or None
    template.author_id = ctx.caller.person_id


async def team_not_assignable(
    reads: ReadContext,
    template: ChangeTemplate,
    body: DraftChangeTemplate | EditChangeTemplate,
    ctx: ActionContext,
) -> None:
    """Refuse if the team of the template is retired, or a supplier."""
    check_team_assignable(ctx.ref(Team, "team"))


def approve(template: ChangeTemplate, body: EmptyPayload, ctx: ActionContext) -> None:
    """Approve the template: from now on changes of it need no further approval."""
    template.approved_by_id = ctx.caller.person_id


def retire(template: ChangeTemplate, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the template: no new change can be drafted of it; those that there are continue."""


CHANGE_MANAGER = role(Role.change_manager)
KEEPERS = CHANGE_MANAGER | process_owner
TEMPLATE_AUTHOR = RecordDuty("author", "起草人", ("author_id",))
#: Whoever has ever drafted or edited it has written it, although only the last of them is called its author.
JUDGED_FIELDS = ("author_id",)
OPEN = (State.draft, State.approved)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="change_template", plural="change_templates", zh="标准变更模板", record=ChangeTemplate, states=State,
    audience=lambda template: (STAFF,), columns={"staff": ()},
    retired={State.retired: "template_retired"},
    constraints={"change_template_key_key": ValueTaken("key")},
    rows=(
        #      action   中文    from           to              who             event
        action(draft,   "起草", NEW_RECORD,    State.draft,    KEEPERS,        "change_template.drafted", wrong=(team_not_assignable,)),
        action(edit,    "编辑", [State.draft], STAYS,          KEEPERS,        "change_template.edited",  wrong=(team_not_assignable,)),
        action(approve, "批准", [State.draft], State.approved, CHANGE_MANAGER, "change_template.approved", segregate_from=(TEMPLATE_AUTHOR,),
               wrong=(authors_do_not_judge(JUDGED_FIELDS),)),
        action(retire,  "停用", OPEN,          State.retired,  KEEPERS,        "change_template.retired"),
    ),
)
# fmt: on
