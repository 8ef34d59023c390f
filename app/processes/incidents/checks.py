"""What forbids an action on an incident, beyond state and role. Each is the sentence that refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.common.children import Visibility
from app.common.people import Person, PersonState, Role, Team
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.processes.incidents.records import Incident
from app.processes.incidents.records import IncidentState as State

if TYPE_CHECKING:
    from app.processes.incidents.lifecycle import (
        AssignIncident,
        CommentIncident,
        HoldIncident,
        ReportIncident,
        ResolveIncident,
    )

# A leap year: whoever tells of an outage a year later is still believed.
LONGEST_UNREPORTED_DAYS = 366


async def began_later(look: Look, incident: Incident, body: ReportIncident, at: Moment) -> str | None:
    """What is reported cannot begin afterwards."""
    if body.began_at is not None and body.began_at > at.occurred_at:
        raise WrongValue(pointer="/began_at", because="after_the_report")
    return None


async def began_long_before(look: Look, incident: Incident, body: ReportIncident, at: Moment) -> str | None:
    """What began years ago is a slip of the pen, and would outweigh all else in the times of outages."""
    if body.began_at is not None and body.began_at < at.occurred_at - timedelta(days=LONGEST_UNREPORTED_DAYS):
        words = {"days": str(LONGEST_UNREPORTED_DAYS)}
        raise WrongValue(words, pointer="/began_at", because="long_before_the_report")
    return None


async def wakes_up_before(look: Look, incident: Incident, body: HoldIncident, at: Moment) -> str | None:
    """A time to look again lies ahead."""
    if body.wake_up_at is not None and body.wake_up_at <= at.occurred_at:
        raise WrongValue(pointer="/wake_up_at", because="not_ahead")
    return None


async def nobody_has_seen_it(look: Look, incident: Incident, body: ResolveIncident, at: Moment) -> str | None:
    """Only a monitoring tool or a rule resolves what no person has looked at (the row *resolve*)."""
    if incident.state is State.new and not at.caller.is_rule and Role.integration not in at.caller.names:
        return "nobody_has_seen_it"
    return None


async def restored_at_another_time(
    look: Look, incident: Incident, body: ResolveIncident, at: Moment
) -> str | None:
    """Service comes back after it went, and not in the future. Where nobody has said when it went, it went
    when the incident was opened.
    """
    restored = body.service_restored_at
    if restored is None:
        return None
    if restored > at.occurred_at:
        raise WrongValue(pointer="/service_restored_at", because="after_the_resolution")
    if incident.began_at is not None and restored < incident.began_at:
        raise WrongValue(pointer="/service_restored_at", because="before_it_began")
    if incident.began_at is None and incident.opened_at is not None and restored < incident.opened_at:
        words = {"since": incident.opened_at.isoformat()}
        raise WrongValue(words, pointer="/service_restored_at", because="before_it_was_opened")
    return None


async def too_late_to_reopen(look: Look, incident: Incident, body: Any, at: Moment) -> str | None:
    """After the agreed days a new incident is reported instead."""
    ended = incident.resolved_at or incident.closed_at
    if ended is not None and at.occurred_at > ended + timedelta(days=at.reopen_days):
        return "too_late_to_reopen"
    return None


async def cannot_take_it(look: Look, incident: Incident, body: AssignIncident, at: Moment) -> str | None:
    """Work is given to somebody who is there, and who belongs to the team that is named with them."""
    team, person = at.the(Team, "team"), at.the(Person, "person")
    if person is not None and person.state is PersonState.erased:
        raise WrongValue(pointer="/person", because="person_erased")
    if person is not None and team is not None and not await look.membership(person, team):
        raise WrongValue({"team": str(team.key)}, pointer="/person", because="not_in_the_team")
    return None


async def internal_is_for_staff(
    look: Look, incident: Incident, body: CommentIncident, at: Moment
) -> str | None:
    """What only staff may read, only staff may write."""
    if body.visibility is Visibility.internal and not at.caller.is_staff_for(incident):
        raise WrongValue(pointer="/visibility", because="internal_is_for_staff")
    return None
