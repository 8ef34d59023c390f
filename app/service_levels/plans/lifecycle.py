"""Lifecycle of yearly plans of agreements: which services get one, who negotiates it, when it is reviewed.

drafted ─► adopted
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Person, Role
from app.common.records import ForeignRef, KeyRef, Record
from app.common.times.clocks import AgreementType
from app.foundation.people.eligibility import is_active_person
from app.foundation.people.records import Team
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_relation, quality_manager, role, service_level_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    Title,
    Year,
    at_most_entries,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import CheckFailed, Rules
from app.service_levels.plans.face import FACE
from app.service_levels.plans.records import PlanEntry, ServiceLevelPlan
from app.service_levels.plans.records import PlanState as State

MOST_ENTRIES = 200


class PlannedAgreement(PayloadPart, of=PlanEntry):
    """A service that gets an agreement in the year."""

    service: Annotated[RecordKey, KeyRef("service", must_exist=True)]
    agreement_type: AgreementType = AgreementType.sla
    customer: Annotated[Reference, ForeignRef("team", GivenDuty.custom)] | None = None
    negotiator: Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] = (
        Field(description="Person who negotiates the agreement.")
    )
    series: Annotated[Reference, ForeignRef("meeting")] | None = None


Entries = Annotated[tuple[PlannedAgreement, ...], at_most_entries(MOST_ENTRIES)]


class DraftServiceLevelPlan(Payload, of=ServiceLevelPlan):
    """The plan of a year."""

    title: Title
    year: Year
    entries: Entries = Field(
        min_length=1, max_length=MOST_ENTRIES, description="Services that get agreements."
    )


def draft(plan: ServiceLevelPlan, body: DraftServiceLevelPlan, ctx: ActionContext) -> None:
    """Draft a service level plan: the services that get agreements in a year, and their negotiators."""
    assert ctx.assigned.number is not None, "plans have numbers"
    plan.number = ctx.assigned.number
    plan.title, plan.year = body.title, body.year
    plan.owner_id = ctx.caller.person_id
    _add_entries(plan, body.entries, ctx)


class ReviseServiceLevelPlan(Payload):
    """The entries of the plan, which replace earlier ones."""

    entries: Entries = Field(
        min_length=1, max_length=MOST_ENTRIES, description="Services that get agreements."
    )


def revise(plan: ServiceLevelPlan, body: ReviseServiceLevelPlan, ctx: ActionContext) -> None:
    """Revise the plan: its new entries replace the earlier ones."""
    for entry in ctx.prepared(KnownEntries).entries:
        ctx.outcome.remove(entry)
    _add_entries(plan, body.entries, ctx)


def _add_entries(plan: ServiceLevelPlan, entries: tuple[PlannedAgreement, ...], ctx: ActionContext) -> None:
    for n, entry in enumerate(entries):
        customer, series = ctx.ref(Team, f"entries/{n}/customer"), ctx.refs(Record, f"entries/{n}/series")
        ctx.outcome.add(
            PlanEntry(
                id=ctx.new_id(),
                record=plan.row_key,
                service=entry.service,
                agreement_type=entry.agreement_type,
                customer_id=None if customer is None else customer.id,
                person_id=ctx.required_ref(Person, f"entries/{n}/negotiator").id,
                series_id=series[0].id if series else None,
                planned_at=ctx.occurred_at,
            )
        )


def adopt(plan: ServiceLevelPlan, body: EmptyPayload, ctx: ActionContext) -> None:
    """Adopt the plan: it is the plan of its year."""
    plan.adopted_by_id = ctx.caller.person_id


@dataclass(frozen=True, slots=True)
class KnownEntries:
    """The entries that the plan has."""

    entries: tuple[PlanEntry, ...]


async def known_entries(
    reads: ReadContext, plan: ServiceLevelPlan, body: object, ctx: ActionContext
) -> KnownEntries:
    """Find the entries of the plan."""
    return KnownEntries(tuple(await reads.children(PlanEntry, plan)))


async def invalid_entries(
    reads: ReadContext,
    plan: ServiceLevelPlan,
    body: DraftServiceLevelPlan | ReviseServiceLevelPlan,
    ctx: ActionContext,
) -> None:
    """Refuse an agreement that is planned twice."""
    keys = set()
    for n, entry in enumerate(body.entries):
        customer = ctx.ref(Team, f"entries/{n}/customer")
        planned = (entry.service, entry.agreement_type, None if customer is None else customer.id)
        if planned in keys:
            raise WrongValue(pointer=f"/entries/{n}/service", because="each_once")
        keys.add(planned)


async def negotiator_left(reads: ReadContext, plan: ServiceLevelPlan, ctx: ActionContext) -> str | None:
    """Refuse a plan that names a negotiator who has left (`negotiator_left`)."""
    for entry in await reads.children(PlanEntry, plan):
        if not await is_active_person(reads, entry.person_id):
            return "negotiator_left"
    return None


PLANNERS = service_level_manager
plan_owner = process_relation("plan_owner", "the owner of the plan", "该计划的负责人", "owner_id")
ADOPTERS = service_level_manager | quality_manager | role(Role.management)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="service_level_plan", plural="service_level_plans", zh="服务级别计划", record=ServiceLevelPlan, code="SLP",
    visible=(to_staff(), to_persons("owner_id")),
    children=(PlanEntry,), face=FACE,
    rules=Rules(constraints={"service_level_plan_adopted_key": CheckFailed("year_is_planned")}),
    rows=(
        #      action  中文     from             to             who       event
        action(draft,  "起草", NEW_RECORD,      State.drafted, PLANNERS, "service_level_plan.drafted", wrong=(invalid_entries,)),
        action(revise, "修订", [State.drafted], STAYS,         PLANNERS | plan_owner, "service_level_plan.revised",
               prepare=(known_entries,), wrong=(invalid_entries,)),
        action(adopt,  "通过", [State.drafted], State.adopted, ADOPTERS.in_person(), "service_level_plan.adopted",
               unless=(negotiator_left,)),
        *succession_rows("service_level_plan", State),
    ),
)
# fmt: on
