"""Routes of assignment rules: `/v1/assignment_rules`, and a trial of the rules for a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.reads import mount_reads
from app.api.records.shapes import OutputModel, PersonStub, TeamStub
from app.api.requests.accept import language_for
from app.api.routes import Routes
from app.common.priorities.priority import Priority
from app.foundation.assignment.assignment_rules import LIFECYCLE
from app.foundation.assignment.proposals import LATEST_ASSIGNMENTS, active_rules, propose, turns_by_person
from app.foundation.assignment.queries import ASSIGNMENT_RULES, AssignmentRuleOut
from app.foundation.assignment.records import AssignmentRule
from app.foundation.assignment.selection import MismatchReason, TicketAttributes
from app.foundation.people import teams
from app.kernel.access.reads import load
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.payloads import Instant, RecordKey, Reference
from app.kernel.actions.refusals import WrongValue
from app.kernel.ledger import Ledger
from app.log.canonical import instant

router = Router(prefix="/v1/assignment_rules", tags=["assignment_rules"])


class AssignmentTrialQuery(BaseModel):
    """Attributes of a ticket to try the rules with."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    process: RecordKey = Field(description="Kind of the ticket, such as `incident`.")
    service: RecordKey | None = Field(default=None, description="Key of the ticket's service.")
    category: RecordKey | None = Field(default=None, description="Key of the ticket's category.")
    priority: Priority | None = Field(default=None, description="Priority of the ticket.")
    customer: Reference | None = Field(
        default=None, description="Team of the ticket's requester: a key or id."
    )
    at: Instant | None = Field(
        default=None, description="Time for which the rules are tried; if left out, now."
    )


class RuleStub(OutputModel):
    """An assignment rule, as other answers refer to it."""

    id: UUID
    name: str = Field(description="Name of the rule.")
    position: int = Field(description="Position of the rule in the order of application.")


class SkippedRule(OutputModel):
    """An earlier rule that does not match, and the reason."""

    rule: RuleStub
    reason: MismatchReason
    label: str = Field(description="Reason as a sentence, in the requested language.")


class AssignmentTrialOut(OutputModel):
    """The team and the person that a ticket would be assigned to."""

    tried_at: datetime = Field(description="Time for which the rules were tried.")
    rule: RuleStub | None = Field(description="First rule that matches; null if no rule matches.")
    team: TeamStub | None = Field(
        description="Team that would get the ticket: that of the rule, or that of the service if the process "
        "has no rule. Null if there is no such team."
    )
    person: PersonStub | None = Field(
        description="Person who would get the ticket; null if the rule chooses no person, or all are absent."
    )
    away: int = Field(
        description="Number of members of the team who are absent at that time and therefore not "
        "chosen; 0 if the rule chooses no person."
    )
    passed: list[SkippedRule] = Field(description="Rules that do not match, in order.")


@router.endpoint(
    "/try", "Try the assignment rules", AssignmentTrialOut, refused=(422,), responses=in_language()
)
async def try_assignment_rules(
    request: Request, ledger: RequestLedger, query: Annotated[AssignmentTrialQuery, Query()]
) -> Response:
    """Return the team and person that a ticket would be assigned to, and the reasons why earlier rules do not
    match. Nothing is changed. For staff.
    """
    language = language_for(request)
    if not caller_of(request).is_staff:
        raise ledger.forbidden(staff, language)
    lifecycle = ledger.lifecycles.get(query.process)
    if lifecycle is None or not lifecycle.is_ticket or "assign" not in lifecycle.by_name:
        raise WrongValue({"value": query.process}, parameter="process", because="unknown_value")
    customer = await _customer_id(ledger, query.customer)
    case = TicketAttributes(query.process, query.service, query.category, query.priority, customer)
    when = query.at or context_of(request).now

    async def load_turns(team_id: UUID) -> dict[UUID, int]:
        return turns_by_person(await ledger.db.rows(LATEST_ASSIGNMENTS, (team_id,)))

    rules = await active_rules(ledger.db, query.process)
    proposal = await propose(ledger.db, ledger.lifecycles, rules, case, when, load_turns)
    answer = {
        "tried_at": instant(when),
        "rule": None if proposal.matched.rule is None else _stub(proposal.matched.rule),
        "team": await _render_team(ledger, proposal.team_id),
        "person": await _render_person(ledger, proposal.person_id),
        "away": proposal.away,
        "passed": [
            {"rule": _stub(rule), "reason": reason.value, "label": reason.label(language)}
            for rule, reason in proposal.matched.skipped
        ],
    }
    headers = {"Content-Language": language, "Vary": "Authorization, Accept-Language"}
    return Response(to_json(answer), headers=headers, media_type="application/json")


async def _customer_id(ledger: Ledger, name: str | None) -> UUID | None:
    """Return the id of the team of that name; None for no name. Raises WrongValue for an unknown name."""
    if name is None:
        return None
    loaded = await load(ledger.db, teams.LIFECYCLE, name)
    if loaded is None:
        raise WrongValue({"value": name}, parameter="customer", because="unknown_value")
    return loaded.record.id


def _stub(rule: AssignmentRule) -> dict[str, Any]:
    return {"id": rule.id, "name": rule.name, "position": rule.position}


async def _render_team(ledger: Ledger, team_id: UUID | None) -> dict[str, Any] | None:
    if team_id is None:
        return None
    team = (await ledger.directory.teams([team_id]))[team_id]
    return {"id": team.id, "key": team.key, "name": team.name}


async def _render_person(ledger: Ledger, person_id: UUID | None) -> dict[str, Any] | None:
    if person_id is None:
        return None
    names = await ledger.directory.names([person_id])
    texts = await ledger.vault.texts(names.values())
    return {"id": person_id, "name": texts[names[person_id]]}


mount_reads(router, ASSIGNMENT_RULES)
mount_actions(router, LIFECYCLE, AssignmentRuleOut)
mount_edit(router, LIFECYCLE, AssignmentRuleOut)


ROUTES = Routes((router,), (ASSIGNMENT_RULES,))
