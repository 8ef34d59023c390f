"""Checks of actions on applications for changes of processes, beyond state and role."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.common.records import Record
from app.foundation.decisions.records import Decision, DecisionState
from app.foundation.documents.records import DocumentState
from app.foundation.people.records import Team
from app.foundation.process_definitions.records import DefinitionState, ProcessDefinition
from app.foundation.process_names import process_named
from app.governance.process_changes.payloads import ApplyProcessChange, PublishProcessChange
from app.governance.process_changes.records import ProcessChange
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS

#: The kinds of records from which changes of processes follow, each with the states in which none does: the
#: record is not finished yet, or was given up.
ORIGINS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "audit": frozenset({"open"}),
        "change": frozenset({"draft", "rejected", "cancelled"}),
        "corrective_action": frozenset({"dropped"}),
        "document": frozenset(set(DocumentState) - {DocumentState.published}),
        "finding": frozenset({"withdrawn"}),
        "improvement": frozenset({"rejected", "reverted"}),
        "improvement_assessment": frozenset({"open"}),
        "improvement_suggestion": frozenset({"declined", "merged"}),
        "incident": frozenset({"cancelled"}),
        "kpi_signal": frozenset({"withdrawn"}),
        "meeting": frozenset({"called", "cancelled"}),
        "problem": frozenset({"cancelled"}),
        "process_assessment": frozenset({"open"}),
        "process_change": frozenset({"applied", "under_review"}),
        "quality_assessment": frozenset({"open", "cancelled"}),
        "release": frozenset({"cancelled"}),
        "request": frozenset({"cancelled"}),
        "risk": frozenset({"closed"}),
        "sla": frozenset({"superseded", "terminated", "expired"}),
        "survey": frozenset({"planned", "running", "cancelled"}),
        "training": frozenset({"planned", "cancelled"}),
    }
)


async def teams_invalid(
    reads: ReadContext, change: ProcessChange, body: ApplyProcessChange, ctx: ActionContext
) -> None:
    """Refuse a team that is named twice, or that has no head to decide."""
    earlier = set()
    for n, team in enumerate(ctx.refs(Team, "teams")):
        if team.id in earlier:
            raise WrongValue(pointer=f"/teams/{n}", because="each_once")
        if team.lead_id is None:
            raise WrongValue({"team": team.key or ""}, pointer=f"/teams/{n}", because="team_without_lead")
        earlier.add(team.id)


async def origin_missing(
    reads: ReadContext, change: ProcessChange, body: ApplyProcessChange, ctx: ActionContext
) -> None:
    """Refuse an application by a person without its origin and without the reason for having none, or with
    both (`origin_or_reason`).
    """
    if ctx.command.follows or ctx.caller.is_machine:
        return
    if (body.origin is None) == (body.no_origin_reason is None):
        raise WrongValue(pointer="/origin", because="origin_or_reason")


async def origin_leads_nowhere(
    reads: ReadContext, change: ProcessChange, body: ApplyProcessChange, ctx: ActionContext
) -> None:
    """Refuse a record of a kind from which no change follows (`no_origin_of_changes`), one about another
    process (`origin_of_other_process`), and one that is not finished yet or has ended without a change
    (`origin_not_open`).
    """
    origin: Any = ctx.ref(Record, "origin")
    if origin is None:
        return
    words = {"number": origin.display_name}
    if origin.KIND not in ORIGINS:
        raise WrongValue(words, pointer="/origin", because="no_origin_of_changes")
    processes = _processes_of(origin)
    if processes and process_named(body.process) not in processes:
        raise WrongValue(words, pointer="/origin", because="origin_of_other_process")
    if origin.state in ORIGINS[origin.KIND]:
        raise WrongValue(words, pointer="/origin", because="origin_not_open")


def _processes_of(origin: Any) -> set[str]:
    """Return the processes that the record is about; empty if it does not say."""
    if origin.KIND == "kpi_signal":
        return set(KPIS[origin.kpi].processes) if origin.kpi in KPIS else set()
    process = getattr(origin, "process", None)
    return set() if process is None else {process_named(process)}


async def decided_already(reads: ReadContext, change: ProcessChange, ctx: ActionContext) -> str | None:
    """Refuse once the heads are asked (`process_change_asked`) or approve it (`process_change_approved`)."""
    if change.approved_at is not None:
        return "process_change_approved"
    decisions = await reads.children(Decision, change, state=DecisionState.open.value)
    return "process_change_asked" if decisions else None


async def not_approved(reads: ReadContext, change: ProcessChange, ctx: ActionContext) -> str | None:
    """Refuse a change that the heads have not approved (`process_change_not_approved`)."""
    return "process_change_not_approved" if change.approved_at is None else None


async def definition_does_not_fit(
    reads: ReadContext, change: ProcessChange, body: PublishProcessChange, ctx: ActionContext
) -> None:
    """Refuse a definition of another process, or one that is not published; and an edition that was drafted
    before the approval, or that does not name the application. An application to retire the process takes the
    edition that was retired by it.
    """
    definition = ctx.required_ref(ProcessDefinition, "definition")
    if definition.process != change.process:
        raise WrongValue({"process": str(change.process)}, pointer="/definition", because="defines_another")
    names_it = str(change.id) in (definition.process_change_ids or ())
    if change.retires:
        if definition.state is not DefinitionState.retired or not names_it:
            raise WrongValue({"number": change.number}, pointer="/definition", because="not_retired_by_it")
        return
    if definition.state is not DefinitionState.published:
        raise WrongValue(pointer="/definition", because="not_published")
    assert change.approved_at is not None, "only approved changes are published"
    if definition.drafted_at is None or definition.drafted_at < change.approved_at:
        raise WrongValue(pointer="/definition", because="drafted_before_approval")
    if not names_it:
        raise WrongValue({"number": change.number}, pointer="/definition", because="names_no_application")
