"""Configuration items: planned, used, worked on, gone; what is known of them, and what they are to others.

planned ─► live ⇄ maintenance ─► retired       planned, live ─► retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.common.people import SEE_EVERYTHING, Person, Role
from app.common.records import KeyOf, Labelled, Refers
from app.foundation.cis.checks import cannot_be_related, owner_is_gone, too_many_attributes
from app.foundation.cis.preparation import EndedRelation, ended_relation
from app.foundation.cis.records import Ci, CiClass, CiRelation, RelationKind
from app.foundation.cis.records import CiState as State
from app.foundation.editing import take
from app.kernel.bodies import LONGEST_LIST, Body, Few, Key, Line, Patch, Reference
from app.kernel.constraints import DecidedAgain, Taken
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.visibility import STAFF
from app.kernel.who import configuration_manager, engineer, integration, rule

#: Whole numbers that every reader of JSON holds exactly.
LARGEST = 2**53 - 1
MOST_SERVICES = 20

AttributeKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
AttributeValue = Line | Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST)]


def _few(value: object) -> object:
    if isinstance(value, dict) and len(value) > LONGEST_LIST:
        context = {"field_type": "Dictionary", "max_length": LONGEST_LIST, "actual_length": len(value)}
        raise PydanticKnownError("too_long", context)
    return value


def each_once(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys, if none is among them twice."""
    if len(set(keys)) < len(keys):
        raise PydanticCustomError("each_once", "must name each once")
    return keys


FewKeys = BeforeValidator(_few)
Services = Annotated[
    tuple[Annotated[Key, KeyOf("service")], ...],
    Field(
        max_length=MOST_SERVICES,
        description="The keys of the services that it serves.",
        json_schema_extra={"uniqueItems": True},
    ),
    Few,
    AfterValidator(each_once),
]
Change = Annotated[
    Line | None,
    Field(description="The change that this belongs to, as it is called where changes are approved."),
]


class Altering(Body):
    """An alteration, which after go-live belongs to a change."""

    change: Change = None


def altered(ci: Ci, at: Moment) -> None:
    """Flags an alteration after go-live as unauthorised: no change that it could name is known here."""
    if ci.state is not State.planned:
        ci.unauthorised = True
        ci.unauthorised_count = (ci.unauthorised_count or 0) + 1
        ci.unauthorised_at = at.occurred_at


class PlanCi(Body):
    """Something that will be there, or that has been found."""

    key: Key = Field(
        description="What it is called in addresses, without a comma; unique, never changed.",
        examples=["srv-17"],
    )
    name: Line = Field(description="What people call it. Name no persons here.", examples=["Mail relay 1"])
    ci_class: CiClass = Field(description="What sort of thing it is; never changed.", examples=["server"])
    owner: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Who answers for it: a person's id, or `me`."
    )
    services: Services = ()
    attributes: Annotated[dict[AttributeKey, AttributeValue], FewKeys] = Field(
        default_factory=dict,
        max_length=LONGEST_LIST,
        description="What is known of it: short texts and whole numbers.",
        examples=[{"memory_gib": 64, "system": "Debian 13"}],
    )


def plan(ci: Ci, body: PlanCi, at: Moment) -> None:
    """Something will be there, or has been found."""
    owner = at.the(Person, "owner")
    ci.key = body.key
    ci.name = body.name
    ci.ci_class = body.ci_class
    ci.owner_id = owner.id if owner else None
    if at.caller.holds(Role.integration, ci):
        ci.found_by_id = at.caller.person_id
    ci.services = list(body.services)
    ci.attributes = dict(body.attributes)
    ci.unauthorised = False
    ci.unauthorised_count = 0
    ci.planned_at = at.occurred_at


def go_live(ci: Ci, body: Altering, at: Moment) -> None:
    """It is used from now on."""


def begin_maintenance(ci: Ci, body: Altering, at: Moment) -> None:
    """Somebody works on it; it may be out of use."""
    altered(ci, at)


def end_maintenance(ci: Ci, body: Altering, at: Moment) -> None:
    """It is used again."""
    altered(ci, at)


def retire(ci: Ci, body: Altering, at: Moment) -> None:
    """It is there no more; what it was stays."""
    altered(ci, at)


class ChangeAttributesCi(Altering):
    """What is otherwise than it was."""

    attributes: Annotated[dict[AttributeKey, AttributeValue | None], FewKeys] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="What is otherwise: what is left out stays as it is, null takes a value away.",
        examples=[{"memory_gib": 128}],
    )


def change_attributes(ci: Ci, body: ChangeAttributesCi, at: Moment) -> None:
    """What is known of it is otherwise."""
    merged = {**(ci.attributes or {}), **body.attributes}
    ci.attributes = {key: value for key, value in merged.items() if value is not None}
    altered(ci, at)


class EditCi(Patch):
    """What it is called, who answers for it, and what it serves."""

    name: Line = Field(default_factory=str, description="What people call it now.")
    owner: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="Who answers for it now: a person's id; null: nobody."
    )
    services: Services = ()
    change: Change = None


def edit(ci: Ci, body: EditCi, at: Moment) -> None:
    """It is called otherwise, somebody else answers for it, or it serves other services."""
    take(ci, body, at, but=("services", "change"))
    if "services" in body.model_fields_set:
        ci.services = list(body.services)
    altered(ci, at)


class RelateCi(Altering):
    """What it is to another one."""

    kind: RelationKind = Field(description="What it is to the other one.")
    other: Annotated[Reference, Refers("ci")] = Field(description="The other one: its key or id.")


def relate(ci: Ci, body: RelateCi, at: Moment) -> None:
    """It has to do with another one."""
    at.add(
        CiRelation(
            id=at.new_id(),
            record=ci.row_key,
            from_ci_id=ci.id,
            kind=body.kind,
            to_ci_id=at.named(Ci, "other").id,
            related_at=at.occurred_at,
        )
    )
    altered(ci, at)


class UnrelateCi(Altering):
    """What it is to another one no more."""

    kind: RelationKind = Field(description="What it was to the other one.")
    other: Annotated[Reference, Refers("ci", retired=True)] = Field(
        description="The other one: its key or id."
    )


def unrelate(ci: Ci, body: UnrelateCi, at: Moment) -> None:
    """It has nothing to do with the other one any more, in that respect."""
    at.remove(at.prepared(EndedRelation).relation)
    altered(ci, at)


def entered(ci: Ci, before: Labelled | None, at: Moment) -> None:
    """What goes with a state."""
    if ci.state is State.live and ci.live_at is None:
        ci.live_at = at.occurred_at
    elif ci.state is State.retired:
        ci.retired_at = at.occurred_at


def audience(ci: Ci) -> tuple[str, ...]:
    """Staff, the owner, and the integration that has found it: it is no staff, and sees no others."""
    persons = {person for person in (ci.owner_id, ci.found_by_id) if person is not None}
    return (STAFF, *(f"person:{person}" for person in persons))


MANAGERS = configuration_manager | rule
KEEPERS = MANAGERS | engineer
FINDERS = KEEPERS | integration
THERE = (State.planned, State.live, State.maintenance)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="ci", plural="cis", zh="配置项", record=Ci, states=State,
    audience=audience, sees_all=SEE_EVERYTHING | {Role.configuration_manager},
    columns={"staff": (), "person": ("owner_id", "found_by_id")}, children=(CiRelation,), entered=entered,
    retired={State.retired: "ci_retired"},
    constraints={"ci_key_key": Taken("key"), "ci_relation_meanwhile": DecidedAgain()},
    rows=(
        #      action             中文        from                 to                 who       event
        action(plan,              "计划",     FROM_NOTHING,        State.planned,     FINDERS,  "ci.planned",             wrong=(owner_is_gone,)),
        action(go_live,           "上线",     [State.planned],     State.live,        KEEPERS,  "ci.went_live"),
        action(begin_maintenance, "开始维护", [State.live],        State.maintenance, KEEPERS,  "ci.maintenance_begun"),
        action(end_maintenance,   "结束维护", [State.maintenance], State.live,        KEEPERS,  "ci.maintenance_ended"),
        action(retire,            "退役",     THERE,               State.retired,     MANAGERS, "ci.retired"),
        action(change_attributes, "变更属性", THERE,               STAYS,             FINDERS,  "ci.attributes_changed",  wrong=(too_many_attributes,)),
        action(edit,              "编辑",     THERE,               STAYS,             KEEPERS,  "ci.edited",              wrong=(owner_is_gone,)),
        action(relate,            "建立关系", THERE,               STAYS,             FINDERS,  "ci.related",             wrong=(cannot_be_related,)),
        action(unrelate,          "解除关系", THERE,               STAYS,             FINDERS,  "ci.unrelated",           prepare=(ended_relation,)),
    ),
)
# fmt: on
