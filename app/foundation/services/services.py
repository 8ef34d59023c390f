"""Services that IT provides to its customers (lifecycle).

proposed ─► live ─► retired
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, WithJsonSchema

from app.common.people import Person, Role
from app.common.records import ForeignRef, KeyRef, Record, jsonb_ordered
from app.foundation.calendars.week import IsoDate
from app.foundation.editing import apply_patch
from app.foundation.people.eligibility import check_customer, check_person_active, check_team_assignable
from app.foundation.people.records import Team
from app.foundation.services.records import Criticality, Service
from app.foundation.services.records import ServiceState as State
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import EVERYBODY, STAFF
from app.kernel.actions.actor_policy import admin, role, rule
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
    ShortText,
    to_json_value,
)
from app.kernel.actions.refusals import WrongValue

#: The policy of managing the catalogue.
KEEPER = admin | role(Role.service_level_manager) | rule

Customers = Annotated[
    tuple[Annotated[Reference, ForeignRef("team")], ...],
    Field(max_length=LONGEST_LIST, description="The teams that it is for: their keys or ids."),
    BoundedList,
]


RatingPercent = Annotated[
    int,
    Field(
        strict=True,
        ge=0,
        le=100,
        description="For how many of a hundred cases the requester is asked to rate it; null: the setting "
        "`RATING_PERCENT`.",
        examples=[25],
    ),
]


class ProposeService(Payload):
    """A proposed service."""

    key: RecordKey = Field(
        description="What incidents, roles and figures call it; unique, never changed.", examples=["mail"]
    )
    name_en: ShortText = Field(description="What people call it, in English.", examples=["E-mail"])
    name_zh: ShortText = Field(description="What people call it, in Chinese.", examples=["电子邮件"])
    description_en: Paragraph | None = Field(
        default=None, description="What everybody may know of it, in English.", examples=["Mail for all."]
    )
    description_zh: Paragraph | None = Field(
        default=None, description="What everybody may know of it, in Chinese.", examples=["全员邮箱。"]
    )
    criticality: Criticality = Field(description="How much depends on it.", examples=["high"])
    owner: Annotated[Reference, ForeignRef("person")] = Field(
        description="Who answers for it: a person's id, or `me`.", examples=["me"]
    )
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Who runs it: a team's key or id."
    )
    customers: Customers = ()
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = Field(
        default=None, description="The key of the calendar of its support hours.", examples=["office-hours"]
    )
    rating_percent: RatingPercent | None = None


def propose(service: Service, body: ProposeService, ctx: ActionContext) -> None:
    """Propose a service."""
    owner, team = ctx.required_ref(Person, "owner"), ctx.ref(Team, "team")
    service.key = body.key
    service.name_en = body.name_en
    service.name_zh = body.name_zh
    service.description_en = body.description_en
    service.description_zh = body.description_zh
    service.criticality = body.criticality
    service.owner_id = owner.id
    service.team_id = None if team is None else team.id
    service.customers = _customers(ctx)
    service.calendar = body.calendar
    service.rating_percent = body.rating_percent


class EditService(Patch):
    """Fields to change; those left out stay as they are."""

    name_en: ShortText = Field(
        default_factory=str, description="What people call it now, in English.", examples=["E-mail"]
    )
    name_zh: ShortText = Field(
        default_factory=str, description="What people call it now, in Chinese.", examples=["邮件"]
    )
    description_en: Paragraph | None = Field(
        default=None, description="What everybody may know of it, in English.", examples=["Mail for all."]
    )
    description_zh: Paragraph | None = Field(
        default=None, description="What everybody may know of it, in Chinese.", examples=["全员邮箱。"]
    )
    criticality: Criticality = Field(
        default=Criticality.medium, description="How much depends on it.", examples=["critical"]
    )
    owner: Annotated[Reference, ForeignRef("person")] = Field(
        default_factory=str, description="Who answers for it now: a person's id, or `me`.", examples=["me"]
    )
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="Who runs it now: a team's key or id; null: nobody."
    )
    customers: Customers = ()
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = Field(
        default=None,
        description="The key of the calendar of its support hours.",
        examples=["round-the-clock"],
    )
    rating_percent: RatingPercent | None = None


def edit(service: Service, body: EditService, ctx: ActionContext) -> None:
    """Edit the service: its description, owner, team or customers."""
    apply_patch(service, body, ctx, skip=("customers",))
    if "customers" in body.model_fields_set:
        service.customers = _customers(ctx)


def _customers(ctx: ActionContext) -> list[str] | None:
    return [str(team.id) for team in ctx.refs(Team, "customers")] or None


async def owner_or_team_inactive(
    reads: ReadContext, service: Service, body: ProposeService | EditService, ctx: ActionContext
) -> None:
    """Refuse if the owner is inactive, the team or a customer is retired or a supplier, or a customer occurs
    twice.
    """
    check_person_active(ctx.ref(Person, "owner"), "/owner")
    check_team_assignable(ctx.ref(Team, "team"))
    seen = set()
    for n, team in enumerate(ctx.refs(Team, "customers")):
        check_customer(team, f"/customers/{n}")
        if team.id in seen:
            raise WrongValue(pointer=f"/customers/{n}", because="there_already")
        seen.add(team.id)


class PromiseService(Payload):
    """What an agreement promises of services, as it was signed, renewed or ended."""

    agreement: Annotated[Reference, ForeignRef("sla")] = Field(description="The agreement.")
    number: ShortText = Field(description="Its number.")
    replaces: UUID | None = Field(default=None, description="The id of the one that it replaces.")
    services: Annotated[tuple[Annotated[RecordKey, KeyRef("service", retired=True)], ...], BoundedList] = (
        Field(default=(), max_length=LONGEST_LIST, description="The keys of the services that it is about.")
    )
    customer: UUID | None = Field(default=None, description="The customer's team; null: all customers.")
    calendar: Annotated[RecordKey, KeyRef("calendar", retired=True)] = Field(
        description="The key of its calendar."
    )
    valid_from: IsoDate = Field(description="Its first day.")
    valid_to: IsoDate | None = Field(default=None, description="Its last day; null: it has no end.")
    ended: bool = Field(default=False, description="Whether it is over.")
    targets: Annotated[
        tuple[Annotated[dict[str, Any], WithJsonSchema({"type": "object"})], ...], BoundedList
    ] = Field(default=(), max_length=LONGEST_LIST, description="Its targets.")


def promise(service: Service, body: PromiseService, ctx: ActionContext) -> None:
    """Show the service's levels: what an agreement promises of it; one that is over promises nothing."""
    own = str(ctx.required_ref(Record, "agreement").id)
    others = [one for one in service.promises or () if one["agreement"] != own]
    replaced = None if body.replaces is None else str(body.replaces)
    first = date.fromisoformat(body.valid_from)
    for n, one in enumerate(others):
        if one["agreement"] == replaced:
            others[n] = {**one, "valid_to": (first - timedelta(days=1)).isoformat()}
    if not body.ended and service.key in body.services:
        others.append({"agreement": own} | {name: to_json_value(getattr(body, name)) for name in PROMISED})
    service.promises = jsonb_ordered(others) or None


#: What is shown of an agreement that promises something.
PROMISED = ("number", "customer", "calendar", "valid_from", "valid_to", "targets")


def go_live(service: Service, body: EmptyPayload, ctx: ActionContext) -> None:
    """Put the service into use; everybody may see it."""


def retire(service: Service, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the service: it is no longer available; its history stays."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="service", plural="services", zh="服务", record=Service, states=State, administrative=True,
    audience=lambda service: (EVERYBODY if service.state is State.live else STAFF,),
    columns={"everybody": (), "staff": ()}, open_to_all="r.state = 'live'",
    retired={State.retired: "service_retired"},
    constraints={"service_key_key": ValueTaken("key")},
    rows=(
        #      action   中文     from                          to              who     event
        action(propose, "提议", NEW_RECORD,                   State.proposed, KEEPER, "service.proposed", wrong=(owner_or_team_inactive,)),
        action(edit,    "编辑", [State.proposed, State.live], STAYS,          KEEPER, "service.edited",   wrong=(owner_or_team_inactive,)),
        action(go_live, "上线", [State.proposed],             State.live,     KEEPER, "service.went_live"),
        action(retire,  "下线", [State.proposed, State.live], State.retired,  KEEPER, "service.retired"),
        action(promise, "承诺", State,                        STAYS,          rule,   "service.promised"),
    ),
)
# fmt: on
