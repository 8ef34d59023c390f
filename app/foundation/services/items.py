"""Catalogue items: what users can request of a service, and the form to fill in (lifecycle).

draft ─► offered ⇄ withdrawn
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, WithJsonSchema

from app.common.duties import INDEPENDENT_ROLES, GivenDuty
from app.common.notices import NoticeType, RecipientRule
from app.common.people import STAFF_ROLES, WHOLE_GROUP, Role
from app.common.records import ForeignRef, empty
from app.foundation.decisions.approval_rules.electors import of_group
from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.authorship import agreed_by_another, agrees_to_what_was_read
from app.foundation.decisions.lookups import HANDED_OVER, humans
from app.foundation.editing import apply_patch
from app.foundation.people.records import Group
from app.foundation.people.succession import handing_over
from app.foundation.people.succession.handing_over import HandingOver, HandOverDuties, succession_rows
from app.foundation.services.face import FACE
from app.foundation.services.records import (
    APPROVERS,
    CatalogueItem,
    FulfilmentPath,
    ItemApprovalRule,
    ItemOpens,
    Service,
    ServiceState,
)
from app.foundation.services.records import ItemState as State
from app.foundation.services.services import KEEPER
from app.foundation.services.templates import check_templates
from app.kernel.access.audience_rules import to_everybody_or_staff
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_owner, quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
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
from app.kernel.actions.rules import Rules, ValueTaken

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
#: Fields that somebody sets who drafts an item or names other approvers.
SETTING = (*APPROVERS, "awaits_agreement")

Form = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "additionalProperties": True, "title": "Form"}),
]
Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person", GivenDuty.approval, quiet=True)], ...],
    Field(max_length=LONGEST_LIST),
    BoundedList,
]
TaskTitles = Annotated[tuple[Title, ...], Field(max_length=LONGEST_LIST), BoundedList]
TargetSeconds = Annotated[int, Field(ge=1, le=LONGEST_TARGET, strict=True)]


class CatalogueItemFields(Payload, of=CatalogueItem):
    """Fields of a catalogue item that can be edited."""

    title_en: Title
    title_zh: Title
    description_en: Paragraph | None = None
    description_zh: Paragraph | None = None
    scope: Paragraph | None = None
    limits: Paragraph | None = None
    delivery_standard: Paragraph | None = None
    form: Form | None = Field(default=None, examples=[EXAMPLE_FORM])
    title_template: Title | None = None
    description_template: Paragraph | None = None
    fulfilment_path: FulfilmentPath
    approver_role: Role | None = None
    approver_group: Annotated[Reference, ForeignRef("group", GivenDuty.group_decision)] | None = None
    approver_persons: Persons = ()
    approval_rule: ItemApprovalRule | None = None
    target_seconds: TargetSeconds | None = None
    default_team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = None
    checklist: TaskTitles = ()
    opens: ItemOpens | None = None


class DraftCatalogueItem(CatalogueItemFields, of=CatalogueItem):
    """A catalogue item, which people can request once it is offered."""

    key: RecordKey
    service: Annotated[Reference, ForeignRef("service")]


class EditCatalogueItem(Patch, CatalogueItemFields):
    """Fields to change; fields left out stay unchanged."""


def draft(item: CatalogueItem, body: DraftCatalogueItem, ctx: ActionContext) -> None:
    """Draft a catalogue item. People cannot request it yet."""
    copy_fields(item, body, ctx)
    item.service = ctx.required_ref(Service, "service").key
    _await_agreement(item, ctx)


def edit(item: CatalogueItem, body: EditCatalogueItem, ctx: ActionContext) -> None:
    """Edit the item: its description, form, approval or fulfilment. Earlier requests stay unchanged. Other
    approvers apply once a second person agrees.
    """
    before = [getattr(item, name) for name in APPROVERS]
    apply_patch(item, body, ctx)
    if [getattr(item, name) for name in APPROVERS] != before:
        _await_agreement(item, ctx)


def hand_over_duties(item: CatalogueItem, body: HandOverDuties, ctx: ActionContext) -> None:
    """Hand over the record's duties: a new holder takes over all that are still open. As an approver they
    apply once a second person agrees.
    """
    handing_over.hand_over_duties(item, body, ctx)
    _await_agreement(item, ctx)


def _await_agreement(item: CatalogueItem, ctx: ActionContext) -> None:
    item.awaits_agreement = True if ctx.acting_person_id is not None else None


def agree(item: CatalogueItem, body: EmptyPayload, ctx: ActionContext) -> None:
    """Agree to the item's approvers, as a second person: requests are approved by them from now on."""
    item.awaits_agreement = None


async def _deciding(reads: ReadContext, item: CatalogueItem, ctx: ActionContext) -> set[UUID]:
    """Return the people who approve requests of the item."""
    persons = {UUID(person) for person in item.approver_persons or ()}
    if item.approver_role is not None:
        request = empty(reads.lifecycles["request"].record, item.id)
        request = request.model_copy(update={"service": item.service})
        persons.update(await reads.holders(item.approver_role, request, most=WHOLE_GROUP))
    if item.approver_group_id is not None:
        loaded = await reads.record(Group.KIND, str(item.approver_group_id))
        assert loaded is not None
        group: Group = loaded.record
        members = await of_group(reads, group, MatterOpening(), ctx.now)
        if item.approval_rule is ItemApprovalRule.chair:
            members = {person: seat for person, seat in members.items() if person == group.chair_id}
        persons.update(members)
    return set(await humans(reads, persons))


async def nothing_to_agree(reads: ReadContext, item: CatalogueItem, ctx: ActionContext) -> str | None:
    """Refuse if the item's approvers apply as they are (`nothing_to_agree`)."""
    return None if item.awaits_agreement else "nothing_to_agree"


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


async def invalid_templates(
    reads: ReadContext, item: CatalogueItem, body: DraftCatalogueItem | EditCatalogueItem, ctx: ActionContext
) -> None:
    """Refuse a template that names what the form does not ask, and one of the title with free text: lists
    show titles.
    """
    check_templates(_item_after(item, body, ctx))


async def invalid_approvers(
    reads: ReadContext, item: CatalogueItem, body: DraftCatalogueItem | EditCatalogueItem, ctx: ActionContext
) -> None:
    """Refuse unless the approver is one of a role, a group or persons, with a rule; only a group has a chair
    to decide, and only roles of staff and of the business approve.
    """
    after = _item_after(item, body, ctx)
    approvers = [
        approver
        for approver in (after.approver_role, after.approver_group_id, after.approver_persons)
        if approver
    ]
    if len(approvers) > 1:
        raise WrongValue(pointer="/approver_role", because="one_electorate")
    if after.approver_role in INDEPENDENT_ROLES:
        raise WrongValue(pointer="/approver_role", because="role_only_reads")
    if after.approver_role is not None and after.approver_role not in STAFF_ROLES:
        raise WrongValue(
            {"role": after.approver_role}, pointer="/approver_role", because="role_does_not_approve"
        )
    if bool(approvers) != (after.approval_rule is not None):
        raise WrongValue(pointer="/approval_rule", because="rule_of_an_electorate")
    if after.approval_rule is ItemApprovalRule.chair and after.approver_group_id is None:
        raise WrongValue(pointer="/approval_rule", because="chair_of_a_group")


def _item_after(
    item: CatalogueItem, body: DraftCatalogueItem | EditCatalogueItem, ctx: ActionContext
) -> CatalogueItem:
    """Return the item as the action leaves it."""
    after = item.model_copy()
    if isinstance(body, DraftCatalogueItem):
        draft(after, body, ctx)
    else:
        edit(after, body, ctx)
    return after


async def service_not_live(reads: ReadContext, item: CatalogueItem, ctx: ActionContext) -> str | None:
    """Refuse to offer an item whose service is not live (`service_is_not_live`)."""
    loaded = await reads.record("service", item.service or "")
    live = loaded is not None and loaded.record.state is ServiceState.live
    return None if live else "service_is_not_live"


def offer(item: CatalogueItem, body: EmptyPayload, ctx: ActionContext) -> None:
    """Offer the item: everybody can request it."""
    item.withdrawn_at = None


def withdraw(item: CatalogueItem, body: EmptyPayload, ctx: ActionContext) -> None:
    """Withdraw the item: it can no longer be requested. Earlier requests continue."""


AGREEING = (KEEPER | process_owner | quality_manager).in_person().for_people()
AGREED_AS_READ = agrees_to_what_was_read(("drafted", "edited", HANDED_OVER), ("agreed",))
TELL_AGREEING = (
    RecipientRule(
        NoticeType.setting_to_agree,
        roles=frozenset({Role.admin, Role.service_level_manager, Role.process_owner, Role.quality_manager}),
        when="awaits_agreement",
    ),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="catalogue_item", plural="catalogue_items", zh="服务目录项", record=CatalogueItem, access=KindAccess(administrative=True),
    face=FACE,
    visible=to_everybody_or_staff(state=State.offered),
        lookup=Lookup(
        searched_fields=("key", "title_en", "title_zh", "description_en", "description_zh"),
        retired={State.draft: "not_offered", State.withdrawn: "not_offered"},
    ),
    rules=Rules(constraints={"catalogue_item_key_key": ValueTaken("key")}),
    rows=(
        #      action    中文     from                            to               who     event
        action(draft,    "起草", NEW_RECORD,                     State.draft,     KEEPER, "catalogue_item.drafted",
               wrong=(invalid_form, invalid_templates, invalid_approvers)),
        action(edit,     "编辑", list(State),                    STAYS,           KEEPER, "catalogue_item.edited",
               wrong=(invalid_form, invalid_templates, invalid_approvers), notifies=TELL_AGREEING),
        action(agree,    "同意", list(State),                    STAYS,           AGREEING, "catalogue_item.agreed",
               unless=(nothing_to_agree,), wrong=(agreed_by_another(SETTING, deciding=_deciding), AGREED_AS_READ)),
        action(offer,    "上架", [State.draft, State.withdrawn], State.offered,   KEEPER, "catalogue_item.offered", unless=(service_not_live,)),
        action(withdraw, "下架", [State.offered],                State.withdrawn, KEEPER, "catalogue_item.withdrawn"),
        *succession_rows("catalogue_item", State, handing_over=HandingOver(hand_over_duties, notifies=TELL_AGREEING),
                         wrong=(handing_over.takes_over_oneself,)),
    ),
)
# fmt: on
