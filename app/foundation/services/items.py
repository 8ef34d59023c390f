"""Catalogue items: what users can request of a service, and the form to fill in (lifecycle).

draft ─► offered ⇄ withdrawn
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from app.common.people import Person, Role
from app.common.records import ForeignRef, jsonb_ordered
from app.foundation.editing import apply_patch
from app.foundation.people.eligibility import check_person_active, check_team_assignable
from app.foundation.people.records import Group, Team
from app.foundation.services.records import (
    ApprovalRule,
    CatalogueItem,
    FulfilmentPath,
    ItemOpens,
    Service,
    ServiceState,
)
from app.foundation.services.records import ItemState as State
from app.foundation.services.services import KEEPER
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import EVERYBODY, STAFF
from app.kernel.actions.constraints import ValueTaken
from app.kernel.actions.context import ActionContext
from app.kernel.actions.forms import InvalidForm, check_form
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
from app.kernel.actions.refusals import WrongValue

LONGEST_TARGET = 366 * 24 * 3600
EXAMPLE_FORM = {
    "type": "object",
    "properties": {
        "size": {"type": "string", "enum": ["13", "15"], "x-label": {"en": "Screen", "zh": "屏幕尺寸"}},
        "why": {"type": "string", "maxLength": 500, "x-label": {"en": "What for", "zh": "用途"}},
    },
    "required": ["size"],
    "x-order": ["size", "why"],
}

Form = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "additionalProperties": True, "title": "Form"}),
]
_FORM_DESCRIPTION = (
    "What is asked: a JSON Schema (2020-12) of a flat object, in the subset of docs/catalogue.md, with "
    "labels in both languages (`x-label`) and the order of its fields (`x-order`). Null: nothing is asked."
)
Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person")], ...],
    Field(max_length=LONGEST_LIST, description="Who approves it: these persons' ids."),
    BoundedList,
]
TaskTitles = Annotated[
    tuple[Title, ...],
    Field(
        max_length=LONGEST_LIST,
        description="The titles of the tasks that a request begins with, in this order.",
        examples=[["Order it", "装好系统"]],
    ),
    BoundedList,
]
TargetSeconds = Annotated[
    int, Field(ge=1, le=LONGEST_TARGET, strict=True, description="How long it may take.", examples=[259_200])
]


class DraftCatalogueItem(Payload):
    """A catalogue item that users can request once it is offered."""

    key: RecordKey = Field(description="What requests and figures call it; unique, never changed.")
    service: Annotated[Reference, ForeignRef("service")] = Field(
        description="Of which service: its key or id."
    )
    title_en: Title = Field(description="What people call it, in English.", examples=["A laptop"])
    title_zh: Title = Field(description="What people call it, in Chinese.", examples=["笔记本电脑"])
    description_en: Paragraph | None = Field(
        default=None, description="What it is, in English.", examples=["A laptop for work."]
    )
    description_zh: Paragraph | None = Field(
        default=None, description="What it is, in Chinese.", examples=["办公用笔记本电脑。"]
    )
    scope: Paragraph | None = Field(default=None, description="What belongs to it.", examples=["Set up."])
    limits: Paragraph | None = Field(
        default=None, description="What does not, and for whom it is not.", examples=["One per person."]
    )
    delivery_standard: Paragraph | None = Field(
        default=None,
        description="What counts as delivered; shown to whoever asks.",
        examples=["Handed over."],
    )
    form: Form | None = Field(default=None, description=_FORM_DESCRIPTION, examples=[EXAMPLE_FORM])
    fulfilment_path: FulfilmentPath = Field(description="How it is made.", examples=["standard"])
    approver_role: Role | None = Field(default=None, description="Who approves it: those who hold this role.")
    approver_group: Annotated[Reference, ForeignRef("group")] | None = Field(
        default=None, description="Who approves it: the members of this group, its key or id."
    )
    approver_persons: Persons = ()
    approval_rule: ApprovalRule | None = Field(
        default=None, description="Whose approval is enough; with who approves it, and only then."
    )
    target_seconds: TargetSeconds | None = None
    default_team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Who sees to it if nobody says otherwise: a team's key or id."
    )
    checklist: TaskTitles = ()
    opens: ItemOpens | None = Field(
        default=None,
        description="What a request of it leads to: `change` asks for a change, which is drafted from it "
        "and fulfils it.",
        examples=["change"],
    )


_COPIED_FIELDS = [
    "key",
    "title_en",
    "title_zh",
    "description_en",
    "description_zh",
    "scope",
    "limits",
    "delivery_standard",
    "fulfilment_path",
    "approver_role",
    "approval_rule",
    "target_seconds",
    "opens",
]


def draft(item: CatalogueItem, body: DraftCatalogueItem, ctx: ActionContext) -> None:
    """Draft a catalogue item; users cannot request it yet."""
    for name in _COPIED_FIELDS:
        setattr(item, name, getattr(body, name))
    group, team = ctx.ref(Group, "approver_group"), ctx.ref(Team, "default_team")
    item.form = None if body.form is None else jsonb_ordered(body.form)
    item.service = ctx.required_ref(Service, "service").key
    item.approver_group_id = None if group is None else group.id
    item.approver_persons = _persons(ctx)
    item.default_team_id = None if team is None else team.id
    item.checklist = list(body.checklist) or None


class EditCatalogueItem(Patch):
    """Fields to change; those left out stay as they are."""

    title_en: Title = Field(
        default_factory=str, description="What people call it now, in English.", examples=["A laptop"]
    )
    title_zh: Title = Field(
        default_factory=str, description="What people call it now, in Chinese.", examples=["便携电脑"]
    )
    description_en: Paragraph | None = Field(
        default=None, description="What it is, in English.", examples=["A laptop for work."]
    )
    description_zh: Paragraph | None = Field(
        default=None, description="What it is, in Chinese.", examples=["办公用笔记本电脑。"]
    )
    scope: Paragraph | None = Field(default=None, description="What belongs to it.", examples=["Set up."])
    limits: Paragraph | None = Field(
        default=None, description="What does not, and for whom it is not.", examples=["Two per person."]
    )
    delivery_standard: Paragraph | None = Field(
        default=None, description="What counts as delivered; shown to whoever asks.", examples=["It starts."]
    )
    form: Form | None = Field(default=None, description=_FORM_DESCRIPTION, examples=[EXAMPLE_FORM])
    fulfilment_path: FulfilmentPath = Field(
        default=FulfilmentPath.standard, description="How it is made.", examples=["project"]
    )
    approver_role: Role | None = Field(default=None, description="Who approves it: those who hold this role.")
    approver_group: Annotated[Reference, ForeignRef("group")] | None = Field(
        default=None, description="Who approves it: the members of this group, its key or id."
    )
    approver_persons: Persons = ()
    approval_rule: ApprovalRule | None = Field(default=None, description="Whose approval is enough.")
    target_seconds: TargetSeconds | None = None
    default_team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Who sees to it if nobody says otherwise: a team's key or id."
    )
    checklist: TaskTitles = ()
    opens: ItemOpens | None = Field(
        default=None,
        description="What a request of it leads to: `change` asks for a change, which is drafted from it "
        "and fulfils it.",
        examples=["change"],
    )


def edit(item: CatalogueItem, body: EditCatalogueItem, ctx: ActionContext) -> None:
    """Edit the item: its description, form, approval or fulfilment; earlier requests stay as they were."""
    apply_patch(item, body, ctx, skip=("approver_persons", "checklist"))
    item.form = None if item.form is None else jsonb_ordered(item.form)
    if "approver_persons" in body.model_fields_set:
        item.approver_persons = _persons(ctx)
    if "checklist" in body.model_fields_set:
        item.checklist = list(body.checklist) or None


def _persons(ctx: ActionContext) -> list[str] | None:
    return [str(person.id) for person in ctx.refs(Person, "approver_persons")] or None


async def invalid_form(
    reads: ReadContext, item: CatalogueItem, body: DraftCatalogueItem | EditCatalogueItem, ctx: ActionContext
) -> None:
    """Refuse if the form is invalid."""
    if body.form is None:
        return
    try:
        check_form(body.form)
    except InvalidForm as error:
        fault = error.fault
        raise WrongValue(fault.words, pointer=fault.pointer, because=fault.because) from None


async def team_or_approver_inactive(
    reads: ReadContext, item: CatalogueItem, body: DraftCatalogueItem | EditCatalogueItem, ctx: ActionContext
) -> None:
    """Refuse if the item's team is retired or a supplier, or one of its approvers is inactive."""
    check_team_assignable(ctx.ref(Team, "default_team"), "/default_team")
    for n, person in enumerate(ctx.refs(Person, "approver_persons")):
        check_person_active(person, f"/approver_persons/{n}")


async def invalid_approvers(
    reads: ReadContext, item: CatalogueItem, body: DraftCatalogueItem | EditCatalogueItem, ctx: ActionContext
) -> None:
    """Refuse unless the approver is one of a role, a group or persons, with a rule; only a group has a chair
    to decide.
    """
    after = item.model_copy()
    if isinstance(body, DraftCatalogueItem):
        draft(after, body, ctx)
    else:
        edit(after, body, ctx)
    by = [one for one in (after.approver_role, after.approver_group_id, after.approver_persons) if one]
    if len(by) > 1:
        raise WrongValue(pointer="/approver_role", because="one_electorate")
    if bool(by) != (after.approval_rule is not None):
        raise WrongValue(pointer="/approval_rule", because="rule_of_an_electorate")
    if after.approval_rule is ApprovalRule.chair and after.approver_group_id is None:
        raise WrongValue(pointer="/approval_rule", because="chair_of_a_group")


async def service_not_live(reads: ReadContext, item: CatalogueItem, ctx: ActionContext) -> str | None:
    """Refuse to offer an item whose service is not live (`service_is_not_live`)."""
    loaded = await reads.record("service", item.service or "")
    live = loaded is not None and loaded.record.state is ServiceState.live
    return None if live else "service_is_not_live"


def offer(item: CatalogueItem, body: EmptyPayload, ctx: ActionContext) -> None:
    """Offer the item: everybody can request it."""
    item.withdrawn_at = None


def withdraw(item: CatalogueItem, body: EmptyPayload, ctx: ActionContext) -> None:
    """Withdraw the item: nobody can request it any more; earlier requests continue."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="catalogue_item", plural="catalogue_items", zh="服务目录项", record=CatalogueItem, states=State, administrative=True,
    audience=lambda item: (EVERYBODY if item.state is State.offered else STAFF,),
    columns={"everybody": (), "staff": ()}, open_to_all="r.state = 'offered'",
    retired={State.draft: "not_offered", State.withdrawn: "not_offered"},
    constraints={"catalogue_item_key_key": ValueTaken("key")},
    rows=(
        #      action    中文     from                            to               who     event
        action(draft,    "起草", NEW_RECORD,                     State.draft,     KEEPER, "catalogue_item.drafted",
               wrong=(invalid_form, team_or_approver_inactive, invalid_approvers)),
        action(edit,     "编辑", list(State),                    STAYS,           KEEPER, "catalogue_item.edited",
               wrong=(invalid_form, team_or_approver_inactive, invalid_approvers)),
        action(offer,    "上架", [State.draft, State.withdrawn], State.offered,   KEEPER, "catalogue_item.offered", unless=(service_not_live,)),
        action(withdraw, "下架", [State.offered],                State.withdrawn, KEEPER, "catalogue_item.withdrawn"),
    ),
)
# fmt: on
