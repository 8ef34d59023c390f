"""Services that IT provides to its customers (lifecycle).

proposed ─► live ─► retired
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, WithJsonSchema

from app.common.duties import GivenDuty
from app.common.people import Role
from app.common.records import ForeignRef, KeyRef, Record, jsonb_ordered
from app.foundation.calendars.week import IsoDate
from app.foundation.editing import apply_patch
from app.foundation.people.records import Team
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.services.lookups import DEFINED_KEY
from app.foundation.services.records import Criticality, Service
from app.foundation.services.records import ServiceState as State
from app.kernel.access.audience_rules import to_everybody_or_staff
from app.kernel.access.kinds import KindAccess, Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, role, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
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
from app.kernel.actions.rules import Rules, ValueTaken

#: The policy of managing the catalogue.
KEEPER = admin | role(Role.service_level_manager) | rule

Customers = Annotated[
    tuple[Annotated[Reference, ForeignRef("team", GivenDuty.custom)], ...],
    Field(max_length=LONGEST_LIST, description="The teams that it is for: their keys or ids."),
    BoundedList,
]


RatingPercent = Annotated[int, Field(strict=True, ge=0, le=100)]


class ServiceFields(Payload, of=Service):
    """Fields of a service that can be edited."""

    name_en: ShortText
    name_zh: ShortText
    description_en: Paragraph | None = None
    description_zh: Paragraph | None = None
    criticality: Criticality
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.ownership, quiet=True)]
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = None
    customers: Customers = ()
    calendar: Annotated[RecordKey, KeyRef("calendar", must_exist=True)] | None = None
    rating_percent: RatingPercent | None = None


class ProposeService(ServiceFields, of=Service):
    """A proposed service."""

    key: RecordKey


class EditService(Patch, ServiceFields):
    """Fields to change; fields left out stay unchanged."""


def propose(service: Service, body: ProposeService, ctx: ActionContext) -> None:
    """Propose a service."""
    copy_fields(service, body, ctx)


def edit(service: Service, body: EditService, ctx: ActionContext) -> None:
    """Edit the service: its description, owner, team or customers."""
    apply_patch(service, body, ctx)


async def customer_named_twice(
    reads: ReadContext, service: Service, body: ProposeService | EditService, ctx: ActionContext
) -> None:
    """Refuse if a customer occurs twice."""
    earlier = set()
    for n, team in enumerate(ctx.refs(Team, "customers")):
        if team.id in earlier:
            raise WrongValue(pointer=f"/customers/{n}", because="there_already")
        earlier.add(team.id)


class PromiseService(Payload):
    """The promises of an agreement about services when it was signed, renewed or ended."""

    agreement: Annotated[Reference, ForeignRef("sla")] = Field(description="Agreement with the promises.")
    number: ShortText = Field(description="Number of the agreement.")
    replaces: UUID | None = Field(
        default=None, description="Identifier of the agreement that this one replaces, if any."
    )
    services: Annotated[tuple[Annotated[RecordKey, KeyRef("service", retired=True)], ...], BoundedList] = (
        Field(
            default=(),
            max_length=LONGEST_LIST,
            description="Keys of the services that the agreement is about.",
        )
    )
    customer: UUID | None = Field(default=None, description="Team of the customer; null for all customers.")
    calendar: Annotated[RecordKey, KeyRef("calendar", retired=True)] = Field(
        description="Key of the agreement's calendar."
    )
    valid_from: IsoDate = Field(description="First day on which the agreement is valid.")
    valid_to: IsoDate | None = Field(
        default=None, description="Last day on which the agreement is valid; null if it has no end."
    )
    ended: bool = Field(default=False, description="True if the agreement has ended.")
    targets: Annotated[
        tuple[Annotated[dict[str, Any], WithJsonSchema({"type": "object"})], ...], BoundedList
    ] = Field(default=(), max_length=LONGEST_LIST, description="Targets that the agreement promises.")


def promise(service: Service, body: PromiseService, ctx: ActionContext) -> None:
    """Promise the service's levels, as an agreement defines them. An agreement that has ended promises
    nothing.
    """
    own = str(ctx.required_ref(Record, "agreement").id)
    replaced = None if body.replaces is None else str(body.replaces)
    last_day = (date.fromisoformat(body.valid_from) - timedelta(days=1)).isoformat()
    promises = [
        {**promise, "valid_to": last_day} if promise["agreement"] == replaced else promise
        for promise in service.promises or ()
        if promise["agreement"] != own
    ]
    if not body.ended and service.key in body.services:
        promises.append({"agreement": own} | {name: to_json_value(getattr(body, name)) for name in PROMISED})
    service.promises = jsonb_ordered(promises) or None


#: Fields of an agreement's promise that are shown.
PROMISED = ("number", "customer", "calendar", "valid_from", "valid_to", "targets")


def go_live(service: Service, body: EmptyPayload, ctx: ActionContext) -> None:
    """Go live with the service: everybody may see it from then on."""


def retire(service: Service, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the service: it is no longer available. Its history stays."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="service", plural="services", zh="服务", record=Service, access=KindAccess(administrative=True),
    visible=to_everybody_or_staff(state=State.live),
        lookup=Lookup(
        searched_fields=("key", "name_en", "name_zh", "description_en", "description_zh"),
        retired={State.retired: "service_retired"},
        defined_name=DEFINED_KEY,
    ),
    rules=Rules(constraints={"service_key_key": ValueTaken("key")}),
    rows=(
        #      action   中文     from                          to              who     event
        action(propose, "提议", NEW_RECORD,                   State.proposed, KEEPER, "service.proposed", wrong=(customer_named_twice,)),
        action(edit,    "编辑", [State.proposed, State.live], STAYS,          KEEPER, "service.edited",   wrong=(customer_named_twice,)),
        action(go_live, "上线", [State.proposed],             State.live,     KEEPER, "service.went_live"),
        action(retire,  "下线", [State.proposed, State.live], State.retired,  KEEPER, "service.retired"),
        action(promise, "承诺", State,                        STAYS,          rule,   "service.promised"),
        *succession_rows("service", State),
    ),
)
# fmt: on
