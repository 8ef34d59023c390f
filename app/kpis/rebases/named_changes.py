"""Changes that re-basings name by the number of a record: made, in the scope, and before the restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from app.foundation.people.records import Team
from app.foundation.process_names import process_named
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.kpis.catalogue import KPIS
from app.kpis.questions.named_records import check_named_record
from app.kpis.rebases.payloads import AddKpiRebase
from app.kpis.rebases.records import KpiRebase

#: A change may show in the figures so long before its record says that it was made.
TOLERANCE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Made:
    """The fields of a kind that say when the change took effect, the first that is set, and that it was
    undone.
    """

    times: tuple[str, ...]
    undone_at: str


#: The kinds of records that are changes. Their processes are not known here, so their fields have names.
CHANGES: Mapping[str, _Made] = MappingProxyType(
    {
        "change": _Made(("implemented_at",), "backed_out_at"),
        "improvement": _Made(("cutover_at", "implemented_at"), "reverted_at"),
        "process_change": _Made(("published_at",), "refused_at"),
        "process_definition": _Made(("effective_at",), "retired_at"),
        "release": _Made(("deployed_at",), "rolled_back_at"),
    }
)
#: Kinds whose team makes the change for itself; the team of an improvement leads it for others.
BY_TEAM = ("change", "release")


async def change_not_made(
    reads: ReadContext, rebase: KpiRebase, body: AddKpiRebase, ctx: ActionContext
) -> None:
    """Refuse a number of ours of no record (`unknown_reference`) or of one that is no change (`no_change`),
    that was not made or was undone (`change_not_made`), or that touches nothing in the scope
    (`change_outside_scope`); and a restart more than a week before it took effect (`restart_before_change`).
    """
    for record in await check_named_record(reads, body.change, ctx, pointer="/change"):
        words = {"number": record.number}
        kind = CHANGES.get(record.KIND)
        if kind is None:
            raise WrongValue(words, pointer="/change", because="no_change")
        took_effect = _took_effect(record, kind)
        if took_effect is None or took_effect > ctx.now:
            raise WrongValue(words, pointer="/change", because="change_not_made")
        if not _touches(record, body, ctx.ref(Team, "team")):
            raise WrongValue(words, pointer="/change", because="change_outside_scope")
        if body.begins_at < took_effect - TOLERANCE:
            words |= {"at": took_effect}
            raise WrongValue(words, pointer="/begins_at", because="restart_before_change")


def _took_effect(record: Any, kind: _Made) -> datetime | None:
    """Return when the change took effect; None if it was not made, or was undone."""
    if getattr(record, kind.undone_at) is not None:
        return None
    if record.KIND == "process_definition" and record.published_at is None:
        return None
    times: list[datetime] = [instant for name in kind.times if (instant := getattr(record, name)) is not None]
    return times[0] if times else None


def _touches(record: Any, body: AddKpiRebase, team: Team | None) -> bool:
    """Return whether the change touches the processes of the KPI, and the service or team of the restart;
    what its record does not say may be so.
    """
    fields = vars(record)
    process = fields.get("process")
    if process is not None and process_named(process) not in KPIS[body.kpi].processes:
        return False
    services = {fields.get("service"), *(fields.get("services") or ()), *(fields.get("ci_services") or ())}
    services -= {None}
    if body.service is not None and services and body.service not in services:
        return False
    teams = set(map(str, fields.get("team_ids") or getattr(record, "notified_team_ids", None) or ()))
    if record.KIND in BY_TEAM and fields.get("team_id") is not None:
        teams.add(str(fields["team_id"]))
    return team is None or not teams or str(team.id) in teams
