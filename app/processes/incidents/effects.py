"""Whether the effect of an incident is known or only reported: one user's report is no outage yet."""

from __future__ import annotations

from app.common.people import Role
from app.common.tickets import Channel
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload
from app.processes.incidents.records import Effect, Incident, ResolutionCode

#: Effects by which a service is interrupted.
INTERRUPTING = frozenset({Effect.down, Effect.degraded})
#: Resolutions by which there was no fault of the service.
WITHOUT_FAULT = frozenset({ResolutionCode.no_fault_found, ResolutionCode.user_error})


def note_reported_effect(incident: Incident, ctx: ActionContext) -> None:
    """Note that the effect is only reported, if a user reported it: not staff, an alert or a rule. Staff who
    write down what somebody else tells them report as that user: they have not looked yet.
    """
    caller = ctx.caller
    if Role.integration in caller.role_codes:  # a tool brings what its staff know, and mails of users
        is_of_user = incident.channel is Channel.email and incident.alert_source is None
    else:
        is_for_another = incident.reported_by_id is not None and incident.alert_source is None
        is_of_user = caller.person_id is not None and (not caller.is_staff or is_for_another)
    if is_of_user and incident.effect in INTERRUPTING:
        incident.effect_reported_at = ctx.occurred_at


def confirm_effect(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Confirm the incident's effect: the service is interrupted as users have reported."""
    incident.effect_reported_at = None


def confirm_by_resolution(incident: Incident) -> None:
    """Confirm the effect of an incident that is resolved, unless it turned out that there was no fault."""
    if incident.resolution_code not in WITHOUT_FAULT:
        incident.effect_reported_at = None


async def effect_is_known(reads: ReadContext, incident: Incident, ctx: ActionContext) -> str | None:
    """Refuse to confirm an effect that is not only reported (`effect_is_known`)."""
    return "effect_is_known" if incident.effect_reported_at is None else None
