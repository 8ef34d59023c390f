"""What is marked as for staff only reaches nobody else: neither in the record nor in its events."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from app.api.records.shapes import OutputModel, Renderer
from app.common.people import Caller, Role, RoleGrant
from app.common.records import StaffOnly, empty
from app.kernel.access.redaction import Viewer
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.context import ActionContext, ActionSettings
from app.kernel.actions.describe import hidden_names
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import Payload
from app.kernel.commands.decide import decide
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident, IncidentState
from tests.builders import AGENT, KEY, NOW, REOPEN_DAYS
from tests.cases import each_case


class Costly(Incident):
    """An incident that has cost something."""

    cents: Annotated[int | None, StaffOnly()] = None


class CostOut(OutputModel):
    """As clients see it."""

    title: str | None
    service: str | None
    cents: int | None


class CostIncident(Payload):
    """What it has cost."""

    cents_more: Annotated[int, StaffOnly()]


def cost(incident: Any, body: CostIncident, ctx: ActionContext) -> None:
    """It has cost something."""
    incident.cents = body.cents_more


COSTING = replace(
    LIFECYCLE,
    record=Costly,
    rows=(
        *LIFECYCLE.rows,
        action(cost, "费用", IncidentState, STAYS, staff, "incident.cost_told", staff_only=True),
    ),
)


def costly() -> Costly:
    record = empty(Costly, uuid7())
    record.__dict__.update(state=IncidentState.new, title="Mail is lost", service="mail", cents=700)
    return record


@each_case(
    ("held", "shown"),
    [
        ((), None),
        ((RoleGrant(Role.requester),), None),
        ((RoleGrant(Role.integration),), None),
        ((RoleGrant(Role.agent),), 700),
        ((RoleGrant(Role.auditor),), 700),
        ((RoleGrant(Role.engineer, service="mail"),), 700),
        ((RoleGrant(Role.engineer, service="erp"),), None),
        ((RoleGrant(Role.engineer, process="incident"),), 700),
        ((RoleGrant(Role.engineer, process="problem"),), None),
    ],
)
async def test_a_field_is_null_for_all_who_are_not_staff_for_the_record(
    ledger: Ledger, held: tuple[RoleGrant, ...], shown: int | None
) -> None:
    person = uuid7()
    caller = Caller(f"person:{person}", person, held)
    renderer = Renderer(ledger, COSTING, CostOut, caller, "en")
    answer = await renderer.render_one(costly())
    assert answer == {"title": "Mail is lost", "service": "mail", "cents": shown}


def test_in_events_it_is_left_out_of_what_was_said_and_of_what_was_set() -> None:
    hidden = hidden_names(COSTING, Viewer.other)
    assert {"cents", "cents_more"} <= hidden
    assert {"cents", "cents_more"}.isdisjoint(hidden_names(COSTING, Viewer.staff))


def test_the_event_of_an_action_for_staff_is_for_staff_whatever_it_says() -> None:
    ctx = ActionContext(AGENT, NOW, NOW, ActionSettings(REOPEN_DAYS))
    decision = decide(
        COSTING, COSTING["cost"], costly(), CostIncident(cents_more=9), ctx, version=2, encrypt=KEY.encrypt
    )
    assert decision.staff_only
