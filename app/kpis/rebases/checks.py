"""Checks of re-basings: people judged by a KPI do not restart its limits, and nobody does so at any time."""

from __future__ import annotations

from datetime import timedelta

from app.foundation.people.records import Team
from app.foundation.process_definitions.lookups import editions_of
from app.foundation.process_definitions.records import DefinitionState
from app.foundation.services.records import Service
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Reason
from app.kernel.actions.refusals import ConflictingDuty, WrongValue, caller_check
from app.kpis.catalogue import KPIS
from app.kpis.facts.tables import EXTENT
from app.kpis.rebases.payloads import AddKpiRebase
from app.kpis.rebases.records import KpiRebase

#: Nobody knows the usual variation after a change that is planned later.
FURTHEST_AHEAD = timedelta(days=366)
#: Parts in what the KPI counts; those who have one are judged by it.
IN_TEAM = RecordDuty("member or lead of the team that the KPI judges", "该指标所评价团队的成员或负责人", ())
OF_SERVICE = RecordDuty("owner of the service that the KPI judges", "该指标所评价服务的负责人", ())
OF_PROCESS = RecordDuty(
    "owner or executor of the process that the KPI judges", "该指标所评价流程的负责人或执行人", ()
)
NEWEST = """
select max(begins_at) from fold.kpi_rebase where state = 'active' and kpi = %(kpi)s
and service is not distinct from %(service)s and team_id is not distinct from %(team_id)s"""
RESTARTS_GUARD = Unguarded(
    "Charts show both of two restarts at once, and new cases are later than the first."
)


async def restart_unfounded(
    reads: ReadContext, rebase: KpiRebase, body: AddKpiRebase, ctx: ActionContext
) -> None:
    """Refuse a restart without a reason (`missing`), one more than a year ahead (`too_far_ahead`), one
    before the first case was recorded (`restart_before_cases`), and one that is not later than the last in
    its scope (`restart_not_later`).
    """
    if body.reason is None:
        raise WrongValue(pointer="/reason", because="missing")
    latest = ctx.now + FURTHEST_AHEAD
    if body.begins_at > latest:
        raise WrongValue({"until": latest}, pointer="/begins_at", because="too_far_ahead")
    first = await reads.value(_first_case(body.kpi), guard=RESTARTS_GUARD)
    if first is not None and body.begins_at < first:
        raise WrongValue({"first": first}, pointer="/begins_at", because="restart_before_cases")
    team = ctx.ref(Team, "team")
    scope = {"kpi": body.kpi, "service": body.service, "team_id": None if team is None else team.id}
    newest = await reads.value(NEWEST, scope, guard=RESTARTS_GUARD)
    if newest is not None and body.begins_at <= newest:
        raise WrongValue({"last": newest}, pointer="/begins_at", because="restart_not_later")


def _first_case(kpi: str) -> str:
    """Return the query for the time of the first recorded case of the KPI's processes."""
    tables = [f"kpi.{process}_{fact}" for process in KPIS[kpi].processes for fact in EXTENT.get(process, ())]
    firsts = " union all ".join(f"select min(at) as at from {table}" for table in tables)
    return f"select min(at) from ({firsts or 'select null::timestamptz as at'}) as firsts"


@caller_check
async def judged_by_it(
    reads: ReadContext, rebase: KpiRebase, body: AddKpiRebase | Reason, ctx: ActionContext
) -> None:
    """Refuse to restart limits, or to take that back, for a member or lead of the team, the owner of the
    service, and the owner or executor of the process, that the KPI judges in this scope.
    """
    added = body if isinstance(body, AddKpiRebase) else None
    key = str(rebase.kpi if added is None else added.kpi)
    service = rebase.service if added is None else added.service
    team: Team | None = ctx.ref(Team, "team")
    if rebase.team_id is not None:
        loaded = await reads.record(Team.KIND, str(rebase.team_id))
        team = None if loaded is None else loaded.record
    person_id = ctx.caller.person_id
    if team is not None and (team.id in ctx.caller.teams or team.lead_id == person_id):
        raise ConflictingDuty(IN_TEAM)
    if service is not None:
        owners = [loaded.record.owner_id for loaded in await reads.by_key(Service.KIND, service)]
        if person_id in owners:
            raise ConflictingDuty(OF_SERVICE)
    for process in KPIS[key].processes:
        for edition in await editions_of(reads, process):
            if edition.state is DefinitionState.published and person_id in (
                edition.owner_id,
                edition.executor_id,
            ):
                raise ConflictingDuty(OF_PROCESS)
