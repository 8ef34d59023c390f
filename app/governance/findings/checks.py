"""Checks of actions on findings, beyond state and role."""

from __future__ import annotations

import re

from app.common.records import Record
from app.foundation.process_names import PROCESS_KINDS
from app.governance.findings.lookups import found_since, had_case, self_check_names_something
from app.governance.findings.payloads import RaiseFinding
from app.governance.findings.records import Finding, FindingKind
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: Numbers of records; other evidence can be the same in findings about different records.
NUMBER = re.compile(r"[A-Z]{2,4}-\d{4}-\d+")
#: Beginning of the numbers of applications for changes of processes.
CHANGE_NUMBERS = "PCH-"


async def finding_invalid(
    reads: ReadContext, finding: Finding, body: RaiseFinding, ctx: ActionContext
) -> None:
    """Refuse a due time that is past, cases of another team, a violation without an answerable person, and a
    self-found matter that no self-check contains, and what was found already that day.
    """
    if not ctx.counts_from < body.due_at:
        raise WrongValue(pointer="/due_at", because="not_ahead")
    await _check_cases_of_team(reads, body, ctx)
    if body.kind is FindingKind.violation and body.person is None:
        raise WrongValue(pointer="/person", because="missing")
    if body.self_found:
        await _check_found_by_team(reads, body, ctx)
    else:
        await _check_found_once(reads, body, ctx)


async def _check_cases_of_team(reads: ReadContext, body: RaiseFinding, ctx: ActionContext) -> None:
    """Refuse cases of the process as evidence against a team that never had them."""
    if body.process not in PROCESS_KINDS:
        return
    team = ctx.required_ref(Record, "team")
    for n, name in enumerate(body.evidence):
        case = await reads.record(body.process, name)
        team_id = None if case is None else getattr(case.record, "team_id", None)
        if case is None or team_id in (None, team.id):
            continue
        if await had_case(reads, case.record.row_key, team.id):
            continue
        words = {"number": name}
        raise WrongValue(words, pointer=f"/evidence/{n}", because="case_of_another_team")


async def _check_found_once(reads: ReadContext, body: RaiseFinding, ctx: ActionContext) -> None:
    """Refuse a second finding of one kind about the same person and record on the same day, whose points
    would count twice (`found_already`).
    """
    person, team = ctx.ref(Record, "person"), ctx.required_ref(Record, "team")
    midnight = ctx.occurred_at.astimezone(ctx.settings.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    parameters = {
        "team": team.id,
        "process": body.process,
        "kind": body.kind.value,
        "person": None if person is None else person.id,
        "evidence": [name for name in body.evidence if NUMBER.fullmatch(name)],
        "since": midnight,
    }
    first = await found_since(reads, parameters)
    if first is not None:
        named = next(n for n, name in enumerate(body.evidence) if name in first["evidence"])
        raise WrongValue({"number": first["number"]}, pointer=f"/evidence/{named}", because="found_already")


async def _check_found_by_team(reads: ReadContext, body: RaiseFinding, ctx: ActionContext) -> None:
    """Refuse unless the self-check of the audit names a deviation or fault, or the evidence names an
    application for a change of the process.
    """
    audit = ctx.ref(Record, "audit")
    if audit is not None and await self_check_names_something(reads, audit.row_key):
        return
    for name in body.evidence:
        if not name.startswith(CHANGE_NUMBERS):
            continue
        loaded = await reads.record("process_change", name)
        if loaded is not None and loaded.record.process == body.process:
            return
    raise WrongValue(pointer="/self_found", because="not_in_self_check")


async def objection_decided(reads: ReadContext, finding: Finding, ctx: ActionContext) -> str | None:
    """Refuse a second objection of the same person (`objection_decided`): the verdict on the first stands."""
    return "objection_decided" if str(ctx.caller.person_id) in objectors(finding) else None


def objectors(finding: Finding) -> list[str]:
    """Return the ids of the persons who have objected; earlier releases kept only one."""
    first = [] if finding.objector_id is None else [str(finding.objector_id)]
    return list(finding.objector_ids or first)
