"""Dated duties of the caller that no notice keeps open: steps of rollouts and plans, risks with their
actions, corrective actions, times promised on tickets, and next steps after a decision. Each is listed until
its action is performed, also while it cannot be performed yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, get_args
from uuid import UUID

from pydantic import Field

from app.api.records.shapes import OutputModel
from app.common.people import Caller
from app.common.records import CodeEnum
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.kernel.named_records import visible_streams
from app.log.canonical import instant

MOST_LISTED = 50
#: The end of a day that is stored as a text, in the zone of the organisation.
END_OF_DAY = "((c.{field}::date + 1)::timestamp at time zone %(zone)s)"


@dataclass(frozen=True, slots=True)
class DatedDuty:
    """A duty with a due time, of a record or of its child rows `row`.

    `owner` is the field with the person, `due` the SQL of the time, `open` that of the open duties, where `c`
    is the row and `r` the record. `actions` are the names of the actions that perform the duty, by the state
    of the record; a state without one has no such duty. `chosen` is the SQL of another action's name, or
    null. `fields` are the fields by which the action names the duty, with the row's column. `title` is the
    row's column that describes the duty.
    """

    kind: str
    owner: str
    due: str
    actions: Mapping[str, str]
    row: str | None = None
    open: str = "true"
    chosen: str = "null::text"
    fields: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None


_LATER_STEPS = "'optimise', 'fix'"
_UPDATES = dict.fromkeys(("new", "acknowledged", "in_progress", "on_hold"), "post_update")
_REPORTS = dict.fromkeys(("implementing", "rectifying"), "report_progress")
_PILOT_AND_ROLLOUT = ("piloting", "pilot_reported", "rolling_out", "handed_over")
_UPDATE_PROMISED, _REPORT_PROMISED = "c.next_update_due_at is not null", "c.next_report_due_at is not null"
_NOT_DECIDED = """not exists (
  select from fold.decision d where d.record = 'improvement/' || c.id and d.state = 'open')"""
#: The action after the approval of an improvement, by its class and way.
_AFTER_APPROVAL = """case when c.size is null then 'classify' when c.size = 'major' or exists (
  select from fold.improvement_proposal p where p.record = 'improvement/' || c.id and p.to_pilot)
  then 'charter' else 'implement' end"""
_APPROVED = DatedDuty(
    "improvement",
    "requester_id",
    "null::timestamptz",
    {"approved": "classify"},
    open=f"c.reported_by_id is null and {_NOT_DECIDED}",
    chosen=_AFTER_APPROVAL,
)
_TO_PUBLISH = DatedDuty(
    "process_change",
    "process_owner_id",
    "c.due_at",
    {"under_review": "publish"},
    open="c.approved_at is not null",
)
DATED_DUTIES = (
    _TO_PUBLISH,
    replace(
        _TO_PUBLISH,
        owner="reviewed_by_id",
        open="c.approved_at is not null and c.reviewed_by_id is distinct from c.process_owner_id",
    ),
    _APPROVED,
    replace(_APPROVED, owner="reported_by_id", open=_NOT_DECIDED),
    DatedDuty(
        "improvement",
        "project_manager_id",
        "null::timestamptz",
        {
            "chartered": "plan",
            "planned": "approve_plan",
            "plan_approved": "start_pilot",
            "piloting": "report_pilot",
            "pilot_reported": "ask_judgement",
        },
        open=_NOT_DECIDED,
    ),
    DatedDuty(
        "improvement",
        "owner_id",
        "c.due_at",
        {"rolling_out": "complete_rollout_step"},
        row="rollout_step",
        open=f"c.completed_at is null and c.step not in ({_LATER_STEPS})",
        fields={"step": "step"},
        title="step",
    ),
    DatedDuty(
        "improvement",
        "owner_id",
        "c.due_at",
        {"standardised": "fix"},
        row="rollout_step",
        open=f"c.completed_at is null and c.step in ({_LATER_STEPS})",
        fields={"step": "step"},
        title="step",
    ),
    DatedDuty(
        "improvement_plan",
        "person_id",
        END_OF_DAY.format(field="due_on"),
        {"running": "complete_step"},
        row="improvement_plan_step",
        open="c.done_at is null",
        fields={"step": "id"},
        title="title",
    ),
    DatedDuty(
        "risk",
        "person_id",
        "c.due_at",
        {"treated": "complete_action"},
        row="risk_action",
        open="c.done_at is null and c.dropped_at is null",
        fields={"action": "id"},
        title="title",
    ),
    DatedDuty(
        "risk",
        "owner_id",
        "c.reassess_by_at",
        {"identified": "assess", "assessed": "treat", "treated": "reassess"},
        open="(r.state <> 'treated' or c.reassess_by_at <= %(soon)s)",
    ),
    DatedDuty("corrective_action", "owner_id", "c.due_at", {"planned": "complete"}),
    # Promised times of a ticket: of the next update, the next report and the delivery.
    DatedDuty("incident", "assignee_id", "c.next_update_due_at", _UPDATES, open=_UPDATE_PROMISED),
    DatedDuty(
        "incident",
        "commander_id",
        "c.next_update_due_at",
        _UPDATES,
        open=f"{_UPDATE_PROMISED} and c.commander_id is distinct from c.assignee_id",
    ),
    DatedDuty("request", "assignee_id", "c.next_report_due_at", _REPORTS, open=_REPORT_PROMISED),
    DatedDuty(
        "request",
        "assignee_id",
        "coalesce(c.expected_at, c.planned_at)",
        dict.fromkeys(_REPORTS, "submit_for_acceptance"),
        open="coalesce(c.expected_at, c.planned_at) is not null",
    ),
    DatedDuty(
        "improvement",
        "project_manager_id",
        "c.next_report_due_at",
        dict.fromkeys(("planned", "plan_approved", *_PILOT_AND_ROLLOUT), "report_progress"),
        open=_REPORT_PROMISED,
    ),
)
_DUTY = """
(select {n} as duty, '{kind}' as kind, r.id as record, r.number, r.title as record_title, r.state, c.id,
  {due} as due_at, {title} as title, {chosen} as chosen
from fold.{row} c {joined}
where c.{owner} = (select %(me)s::uuid) and r.state = any(array[{states}]) and {open}
order by {due} nulls last, c.id limit {most})"""
_RECORD = "join {table} r on r.id = split_part(c.record, '/', 2)::uuid and c.record like '{kind}/%%'"


class DutyItem(OutputModel):
    """A step, action, risk or promised time that the caller is responsible for, and its record."""

    id: UUID = Field(
        description="Identifier of the step or action; for a risk, a corrective action or a ticket its own."
    )
    title: str | None = Field(
        description="Title of the step or action; null for a risk, a corrective action or a ticket."
    )
    due_at: datetime | None = Field(description="Time by which it is due; null if no time is set.")
    overdue: bool = Field(description="True if the due time has passed.")
    kind: str = Field(description="Kind of the record, such as `improvement`.")
    ticket: UUID = Field(description="Identifier of the record.")
    number: str = Field(description="Number by which people know the record.")
    ticket_title: str | None = Field(description="Title of the record; null if not set.")
    action: str = Field(description="Name of the action that completes it, such as `complete_step`.")
    label: str = Field(description="Label of the action, in the requested language.")
    fields: dict[str, str] = Field(description="Fields by which the action names what is completed.")


async def dated_duties(
    ledger: Ledger, caller: Caller, language: str, now: datetime, soon: datetime
) -> list[dict[str, Any]]:
    """Return the caller's dated duties in records that they may see, the earliest first. Risks that were
    treated are listed when their reassessment is due before `soon`.
    """
    values = {"me": caller.person_id, "zone": ledger.settings.time_zone, "soon": soon}
    rows = await ledger.db.rows(duties_statement(tuple(ledger.lifecycles.values())), values)
    visible = await visible_streams(ledger, caller, {f"{row['kind']}/{row['record']}" for row in rows})
    return [
        _duty_item(ledger.lifecycles[row["kind"]], row, language, now)
        for row in rows
        if f"{row['kind']}/{row['record']}" in visible
    ]


@lru_cache(maxsize=8)
def duties_statement(lifecycles: tuple[Lifecycle[Any], ...]) -> str:
    """Return the SQL of a person's dated duties."""
    by_kind = {lifecycle.kind: lifecycle for lifecycle in lifecycles}
    parts = []
    for n, duty in enumerate(DATED_DUTIES):
        lifecycle = by_kind[duty.kind]
        parts.append(
            _DUTY.format(
                n=n,
                kind=duty.kind,
                due=duty.due,
                title="null::text" if duty.title is None else f"c.{duty.title}::text",
                row=duty.row or duty.kind,
                joined=f"join {lifecycle.table} r on r.id = c.id"
                if duty.row is None
                else _RECORD.format(table=lifecycle.table, kind=duty.kind),
                owner=duty.owner,
                states=", ".join(f"'{state}'" for state in duty.actions),
                open=duty.open,
                chosen=duty.chosen,
                most=MOST_LISTED,
            )
        )
    union = " union all ".join(parts)
    return f"select * from ({union}) d order by due_at nulls last, record, id limit {MOST_LISTED}"


def _duty_item(
    lifecycle: Lifecycle[Any], row: Mapping[str, Any], language: str, now: datetime
) -> dict[str, Any]:
    duty = DATED_DUTIES[row["duty"]]
    action = lifecycle[row["chosen"] or duty.actions[row["state"]]]
    title = _title_of(lifecycle, duty, row["title"], language)
    columns = {duty.title: row["title"]} | {"id": str(row["id"])}
    return {
        "id": row["id"],
        "title": title,
        "due_at": None if row["due_at"] is None else instant(row["due_at"]),
        "overdue": row["due_at"] is not None and row["due_at"] < now,
        "kind": lifecycle.kind,
        "ticket": row["record"],
        "number": row["number"],
        "ticket_title": row["record_title"],
        "action": action.name,
        "label": action.label(language),
        "fields": {name: columns[column] for name, column in duty.fields.items()},
    }


def _title_of(lifecycle: Lifecycle[Any], duty: DatedDuty, title: str | None, language: str) -> str | None:
    """Return the title of the duty; the label of a step that is a code."""
    child = next((child for child in lifecycle.children if duty.row == child.KIND), None)
    if child is None or duty.title is None or title is None:
        return title
    types = get_args(child.model_fields[duty.title].annotation)
    codes = (code for code in types if isinstance(code, type) and issubclass(code, CodeEnum))
    return next((code(title).label(language) for code in codes), title)
