"""Configuration items: planned, live, maintained, retired; their attributes and relations (lifecycle).

planned ─► live ⇄ maintenance ─► retired       planned, live ─► retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.common.people import Person, Role
from app.common.records import ForeignRef, KeyRef
from app.foundation.cis.alterations import (
    alteration_to_regularise,
    authorisation,
    change_does_not_regularise,
    note_alteration,
    nothing_to_regularise,
    regularise,
)
from app.foundation.cis.checks import cannot_be_related, owner_inactive, too_many_attributes
from app.foundation.cis.preparation import EndedRelation, ended_relation
from app.foundation.cis.records import Ci, CiClass, CiRelation, RelationKind
from app.foundation.cis.records import CiState as State
from app.foundation.editing import apply_patch
from app.kernel.access.visibility import STAFF
from app.kernel.actions.actor_policy import change_manager, configuration_manager, engineer, integration, rule
from app.kernel.actions.constraints import RetryDecision, ValueTaken
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    Patch,
    Payload,
    RecordKey,
    Reference,
    ShortText,
)

#: The largest whole number that every JSON reader holds exactly.
LARGEST_INTEGER = 2**53 - 1
MOST_SERVICES = 20

AttributeKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
AttributeValue = ShortText | Annotated[int, Field(strict=True, ge=-LARGEST_INTEGER, le=LARGEST_INTEGER)]


def _limit_size(value: object) -> object:
    if isinstance(value, dict) and len(value) > LONGEST_LIST:
        context = {"field_type": "Dictionary", "max_length": LONGEST_LIST, "actual_length": len(value)}
        raise PydanticKnownError("too_long", context)
    return value


def unique_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys if none occurs twice; otherwise raise a validation error."""
    if len(set(keys)) < len(keys):
        raise PydanticCustomError("each_once", "must name each once")
    return keys


BoundedMapping = BeforeValidator(_limit_size)
Services = Annotated[
    tuple[Annotated[RecordKey, KeyRef("service")], ...],
    Field(
        max_length=MOST_SERVICES,
        description="The keys of the services that it serves.",
        json_schema_extra={"uniqueItems": True},
    ),
    BoundedList,
    AfterValidator(unique_keys),
]
Change = Annotated[
    ShortText | None,
    Field(
        description="The change that this belongs to: its number, or as another tool calls it. One that "
        "touches the item, is approved and in its window authorises it."
    ),
]


class CiAlteration(Payload):
    """An alteration of a configuration item; after go-live it belongs to a change."""

    change: Change = None


class PlanCi(Payload):
    """A configuration item that is planned, or that has been found."""

    key: RecordKey = Field(
        description="What it is called in addresses, without a comma; unique, never changed.",
        examples=["srv-17"],
    )
    name: ShortText = Field(
        description="What people call it. Name no persons here.", examples=["Mail relay 1"]
    )
    ci_class: CiClass = Field(description="What sort of thing it is; never changed.", examples=["server"])
    owner: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who answers for it: a person's id, or `me`."
    )
    services: Services = ()
    attributes: Annotated[dict[AttributeKey, AttributeValue], BoundedMapping] = Field(
        default_factory=dict,
        max_length=LONGEST_LIST,
        description="What is known of it: short texts and whole numbers.",
        examples=[{"memory_gib": 64, "system": "Debian 13"}],
    )


def plan(ci: Ci, body: PlanCi, ctx: ActionContext) -> None:
    """Plan a configuration item, or record one that has been found."""
    owner = ctx.ref(Person, "owner")
    ci.key = body.key
    ci.name = body.name
    ci.ci_class = body.ci_class
    ci.owner_id = owner.id if owner else None
    if ctx.caller.has_role(Role.integration, ci):
        ci.found_by_id = ctx.caller.person_id
    ci.services = list(body.services)
    ci.attributes = dict(body.attributes)
    ci.unauthorised = False
    ci.unauthorised_count = 0
    ci.alteration_count = 0


def go_live(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """Put the item into use."""


def begin_maintenance(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """Begin maintenance of the item: it is being worked on and may be out of use."""
    note_alteration(ci, ctx)


def end_maintenance(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """End maintenance of the item: it is in use again."""
    note_alteration(ci, ctx)


def retire(ci: Ci, body: CiAlteration, ctx: ActionContext) -> None:
    """Retire the item: it no longer exists; its history stays."""
    note_alteration(ci, ctx)


class ChangeAttributesCi(CiAlteration):
    """Attributes to set or remove; those left out stay as they are."""

    attributes: Annotated[dict[AttributeKey, AttributeValue | None], BoundedMapping] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="What is otherwise: what is left out stays as it is, null takes a value away.",
        examples=[{"memory_gib": 128}],
    )


def change_attributes(ci: Ci, body: ChangeAttributesCi, ctx: ActionContext) -> None:
    """Set attributes of the item, or remove them."""
    merged = {**(ci.attributes or {}), **body.attributes}
    ci.attributes = {key: value for key, value in merged.items() if value is not None}
    note_alteration(ci, ctx)


class EditCi(Patch):
    """Fields of a configuration item to change; those left out stay as they are."""

    name: ShortText = Field(default_factory=str, description="What people call it now.")
    owner: Annotated[Reference, ForeignRef("person")] | None = Field(
        default=None, description="Who answers for it now: a person's id; null: nobody."
    )
    services: Services = ()
    change: Change = None


def edit(ci: Ci, body: EditCi, ctx: ActionContext) -> None:
    """Edit the item: its name, its owner or the services that it serves."""
    apply_patch(ci, body, ctx, skip=("services", "change"))
    if "services" in body.model_fields_set:
        ci.services = list(body.services)
    note_alteration(ci, ctx)


class RelateCi(CiAlteration):
    """A relation to another configuration item."""

    kind: RelationKind = Field(description="What it is to the other one.")
    other: Annotated[Reference, ForeignRef("ci")] = Field(description="The other one: its key or id.")


def relate(ci: Ci, body: RelateCi, ctx: ActionContext) -> None:
    """Relate the item: it stands in a relation of that kind to another one."""
    ctx.add(
        CiRelation(
            id=ctx.new_id(),
            record=ci.row_key,
            from_ci_id=ci.id,
            kind=body.kind,
            to_ci_id=ctx.required_ref(Ci, "other").id,
            related_at=ctx.occurred_at,
        )
    )
    note_alteration(ci, ctx)


class UnrelateCi(CiAlteration):
    """The relation to end, named by its kind and the other configuration item."""

    kind: RelationKind = Field(description="What it was to the other one.")
    other: Annotated[Reference, ForeignRef("ci", retired=True)] = Field(
        description="The other one: its key or id."
    )


def unrelate(ci: Ci, body: UnrelateCi, ctx: ActionContext) -> None:
    """Unrelate the item: its relation of that kind to the other item ends."""
    ctx.remove(ctx.prepared(EndedRelation).relation)
    note_alteration(ci, ctx)


def audience(ci: Ci) -> tuple[str, ...]:
    """Return the audience: staff, the owner, and the integration that found the item, which is not staff and
    sees no other items.
    """
    persons = {person for person in (ci.owner_id, ci.found_by_id) if person is not None}
    return (STAFF, *(f"person:{person}" for person in persons))


MANAGERS = configuration_manager | rule
KEEPERS = MANAGERS | engineer
FINDERS = KEEPERS | integration
JUDGES = configuration_manager | change_manager
NOT_RETIRED = (State.planned, State.live, State.maintenance)
WENT_LIVE = (State.live, State.maintenance, State.retired)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="ci", plural="cis", zh="配置项", record=Ci, states=State,
    audience=audience,
    columns={"staff": (), "person": ("owner_id", "found_by_id")}, children=(CiRelation,),
    retired={State.retired: "ci_retired"},
    constraints={"ci_key_key": ValueTaken("key"), "ci_relation_meanwhile": RetryDecision()},
    rows=(
        #      action             中文        from                 to                 who       event
        action(plan,              "计划",     NEW_RECORD,          State.planned,     FINDERS,  "ci.planned",            wrong=(owner_inactive,)),
        action(go_live,           "上线",     [State.planned],     State.live,        KEEPERS,  "ci.went_live"),
        action(begin_maintenance, "开始维护", [State.live],        State.maintenance, KEEPERS,  "ci.maintenance_begun",
               prepare=(authorisation,)),
        action(end_maintenance,   "结束维护", [State.maintenance], State.live,        KEEPERS,  "ci.maintenance_ended",
               prepare=(authorisation,)),
        action(retire,            "退役",     NOT_RETIRED,         State.retired,     MANAGERS, "ci.retired",
               prepare=(authorisation,)),
        action(change_attributes, "变更属性", NOT_RETIRED,         STAYS,             FINDERS,  "ci.attributes_changed",
               prepare=(authorisation,), wrong=(too_many_attributes,)),
        action(edit,              "编辑",     NOT_RETIRED,         STAYS,             KEEPERS,  "ci.edited",
               prepare=(authorisation,), wrong=(owner_inactive,)),
        action(relate,            "建立关系", NOT_RETIRED,         STAYS,             FINDERS,  "ci.related",
               prepare=(authorisation,), wrong=(cannot_be_related,)),
        action(unrelate,          "解除关系", NOT_RETIRED,         STAYS,             FINDERS,  "ci.unrelated",
               prepare=(ended_relation, authorisation)),
        action(regularise,        "补办变更", WENT_LIVE,           STAYS,             JUDGES,   "ci.regularised",
               unless=(nothing_to_regularise,), prepare=(alteration_to_regularise,), wrong=(change_does_not_regularise,)),
    ),
)
# fmt: on
