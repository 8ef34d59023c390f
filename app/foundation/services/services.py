"""Services: what IT does for its customers.

proposed ─► live ─► retired
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.people import SEE_EVERYTHING, Person, Role
from app.common.records import KeyOf, Refers
from app.foundation.editing import take
from app.foundation.people.givable import can_work, still_there
from app.foundation.people.records import Team, TeamState
from app.foundation.services.records import Criticality, Service
from app.foundation.services.records import ServiceState as State
from app.kernel.bodies import LONGEST_LIST, Body, Few, Key, Line, Nothing, Paragraph, Patch, Reference
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import EVERYBODY, STAFF
from app.kernel.who import admin, role, rule

#: Who keeps the catalogue.
KEEPER = admin | role(Role.service_level_manager) | rule

Customers = Annotated[
    tuple[Annotated[Reference, Refers("team")], ...],
    Field(max_length=LONGEST_LIST, description="The teams that it is for: their keys or ids."),
    Few,
]


class ProposeService(Body):
    """A service that there may be."""

    key: Key = Field(
        description="What incidents, roles and figures call it; unique, never changed.", examples=["mail"]
    )
    name_en: Line = Field(description="What people call it, in English.", examples=["E-mail"])
    name_zh: Line = Field(description="What people call it, in Chinese.", examples=["电子邮件"])
    description_en: Paragraph | None = Field(
        default=None, description="What everybody may know of it, in English.", examples=["Mail for all."]
    )
    description_zh: Paragraph | None = Field(
        default=None, description="What everybody may know of it, in Chinese.", examples=["全员邮箱。"]
    )
    criticality: Criticality = Field(description="How much depends on it.", examples=["high"])
    owner: Annotated[Reference, Refers("person")] = Field(
        description="Who answers for it: a person's id, or `me`.", examples=["me"]
    )
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="Who runs it: a team's key or id."
    )
    customers: Customers = ()
    calendar: Annotated[Key, KeyOf("calendar", known=True)] | None = Field(
        default=None, description="The key of the calendar of its support hours.", examples=["office-hours"]
    )


def propose(service: Service, body: ProposeService, at: Moment) -> None:
    """There may be such a service."""
    owner, team = at.named(Person, "owner"), at.the(Team, "team")
    service.key = body.key
    service.name_en = body.name_en
    service.name_zh = body.name_zh
    service.description_en = body.description_en
    service.description_zh = body.description_zh
    service.criticality = body.criticality
    service.owner_id = owner.id
    service.team_id = None if team is None else team.id
    service.customers = _customers(at)
    service.calendar = body.calendar
    service.proposed_at = at.occurred_at


class EditService(Patch):
    """What is otherwise than it was."""

    name_en: Line = Field(
        default_factory=str, description="What people call it now, in English.", examples=["E-mail"]
    )
    name_zh: Line = Field(
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
    owner: Annotated[Reference, Refers("person")] = Field(
        default_factory=str, description="Who answers for it now: a person's id, or `me`.", examples=["me"]
    )
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="Who runs it now: a team's key or id; null: nobody."
    )
    customers: Customers = ()
    calendar: Annotated[Key, KeyOf("calendar", known=True)] | None = Field(
        default=None,
        description="The key of the calendar of its support hours.",
        examples=["round-the-clock"],
    )


def edit(service: Service, body: EditService, at: Moment) -> None:
    """It is called otherwise, run by others, or for others."""
    take(service, body, at, but=("customers",))
    if "customers" in body.model_fields_set:
        service.customers = _customers(at)


def _customers(at: Moment) -> list[str] | None:
    return [str(team.id) for team in at.every(Team, "customers")] or None


async def those_are_there(
    look: Look, service: Service, body: ProposeService | EditService, at: Moment
) -> None:
    """Who answers for a service and who runs it can do so; its customers are there, each once."""
    still_there(at.the(Person, "owner"), "/owner")
    can_work(at.the(Team, "team"))
    seen = set()
    for n, team in enumerate(at.every(Team, "customers")):
        if team.state is TeamState.retired:
            raise WrongValue(pointer=f"/customers/{n}", because="team_retired")
        if team.id in seen:
            raise WrongValue(pointer=f"/customers/{n}", because="there_already")
        seen.add(team.id)


def go_live(service: Service, body: Nothing, at: Moment) -> None:
    """It is there to be used, and everybody may know of it."""
    service.went_live_at = at.occurred_at


def retire(service: Service, body: Nothing, at: Moment) -> None:
    """It is there no more; what was said of it stays."""
    service.retired_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="service", plural="services", zh="服务", record=Service, states=State,
    audience=lambda service: (EVERYBODY if service.state is State.live else STAFF,), sees_all=SEE_EVERYTHING,
    columns={"everybody": (), "staff": ()}, open_to_all="r.state = 'live'",
    retired={State.retired: "service_retired"},
    constraints={"service_key_key": Taken("key")},
    rows=(
        #      action   中文     from                          to              who     event
        action(propose, "提议",  FROM_NOTHING,                 State.proposed, KEEPER, "service.proposed",  wrong=(those_are_there,)),
        action(edit,    "编辑",  [State.proposed, State.live], STAYS,          KEEPER, "service.edited",    wrong=(those_are_there,)),
        action(go_live, "上线",  [State.proposed],             State.live,     KEEPER, "service.went_live"),
        action(retire,  "下线",  [State.proposed, State.live], State.retired,  KEEPER, "service.retired"),
    ),
)
# fmt: on
