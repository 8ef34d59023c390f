"""Changes that may have caused an incident, and incidents that a change may have caused: computed when asked
for. An incident is suspected of a change if it began within 48 hours after a step of it, and has an item
or a service in common with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.records.shapes import OutputModel
from app.common.priorities.priority import Priority
from app.common.records import CodeEnum
from app.foundation.cis.dependencies import needed_cis, needing_cis
from app.log.canonical import instant
from app.platform.db import Database, Row
from app.processes.changes.records import Change, ChangeState, ChangeType


class Suspicion(CodeEnum):
    """The reason to suspect a change as the cause of an incident."""

    same_item = "same_item", "The same item", "同一配置项"
    needed_item = "needed_item", "An item that it needs", "所依赖的配置项"
    same_service = "same_service", "The same service", "同一服务"


#: Weight of each reason: the likeliest first, then what is nearest in time.
WEIGHTS = {Suspicion.same_item: 4, Suspicion.needed_item: 2, Suspicion.same_service: 1}
#: Time after a step of a change within which an incident is suspected, and how many are shown.
SUSPECTED_FOR, MOST_SUSPECTED = timedelta(hours=48), 10
#: Most candidates that are read for each field in common, before those that the caller may not see are left
#: out.
MOST_CANDIDATES = 200
HOUR = timedelta(hours=1)
#: Returns whether the caller may see records of that audience.
VisibilityTest = Callable[[list[str]], bool]


class SuspectedOut(OutputModel):
    """The reasons of a suspicion, and whether it is confirmed."""

    because: list[Suspicion] = Field(
        description="Things that the change and the incident have in common, the most important first."
    )
    hours_since: float = Field(
        description="Number of hours from the last step of the change to the beginning of the incident."
    )
    confirmed: bool = Field(description="True if the change is already linked as the cause.")


class SuspectedChangeOut(SuspectedOut):
    """A change that may have caused an incident."""

    id: UUID
    number: str = Field(description="Number by which people know the change.")
    title: str | None = Field(description="Title of the change; null if an imported history has no title.")
    type: ChangeType | None = Field(
        description="Type of the change; null if an imported history has no type."
    )
    state: ChangeState
    started_at: datetime | None = Field(
        description="Time at which the implementation began; null if it has not."
    )
    implemented_at: datetime | None = Field(
        description="Time at which the change was implemented; null if it was not."
    )
    backed_out_at: datetime | None = Field(
        description="Time at which the change was backed out; null if it was not."
    )


class SuspectedChanges(OutputModel):
    """The changes that may have caused an incident."""

    items: list[SuspectedChangeOut] = Field(
        description="Changes that may have caused the incident, the most likely first; at most "
        f"{MOST_SUSPECTED}."
    )


class SuspectedIncidentOut(SuspectedOut):
    """An incident that a change may have caused."""

    id: UUID
    number: str = Field(description="Number by which people know the incident.")
    title: str | None = Field(description="Title of the incident; null if an imported history has no title.")
    state: str = Field(description="Current state of the incident.")
    priority: Priority | None = Field(description="Priority of the incident; null if it is not set.")
    opened_at: datetime = Field(description="Time at which the incident was opened.")


class SuspectedIncidents(OutputModel):
    """The incidents that a change may have caused."""

    items: list[SuspectedIncidentOut] = Field(
        description="Incidents that the change may have caused, the most likely first; at most "
        f"{MOST_SUSPECTED}."
    )


STEPS = ("started_at", "implemented_at", "backed_out_at")
# The changes of two days are few; each branch has its own index.
RECENT = " union ".join(
    f"select id from fold.change where {step} > %(since)s and {step} <= %(began_at)s" for step in STEPS
)
CHANGES = f"""
select c.id, c.number, c.title, c.type, c.state, c.started_at, c.implemented_at, c.backed_out_at, h.audience,
  (select max(step) from unnest(array[c.started_at, c.implemented_at, c.backed_out_at]) as s (step)
   where step <= %(began_at)s) as step_at,
  coalesce(c.ci_ids && %(touched)s::text[], false) as same_item,
  coalesce(c.ci_ids && %(needed)s::text[], false) as needed_item,
  coalesce(%(service)s = any(c.services), false) as same_service,
  exists (select from fold.link l where l.record = 'change/' || c.id and l.other = %(incident)s
    and l.kind = 'causes') as confirmed
from ({RECENT}) as w join fold.change c using (id) join log.stream_head h on h.stream = 'change/' || c.id
where c.ci_ids && (%(touched)s::text[] || %(needed)s::text[]) or %(service)s = any(c.services)"""
CI_OF_KEY = "select id from fold.ci where key = %s"


async def suspected_changes(db: Database, incident: Any, sees: VisibilityTest) -> list[dict[str, Any]]:
    """Return the changes that may have caused the incident, the likeliest first, as far as the caller sees
    them.
    """
    began_at = incident.began_at or incident.opened_at
    if began_at is None or (incident.ci is None and incident.service is None):
        return []
    touched = [row["id"] for row in await db.rows(CI_OF_KEY, (incident.ci,))] if incident.ci else []
    needed = (await needed_cis(db.rows, touched)).ids if touched else ()
    parameters = {
        "began_at": began_at,
        "since": began_at - SUSPECTED_FOR,
        "touched": [str(ci_id) for ci_id in touched],
        "needed": [str(ci_id) for ci_id in needed],
        "service": incident.service,
        "incident": incident.row_key,
    }
    changes = [row for row in await db.rows(CHANGES, parameters) if sees(row["audience"])]
    return [
        {
            **{name: row[name] for name in ("id", "number", "title", "type", "state")},
            **{name: _instant(row[name]) for name in STEPS},
            **_suspected(row, began_at - row["step_at"]),
        }
        for row in _likeliest(changes, lambda row: began_at - row["step_at"])
    ]


# Each field in common has its own index and a limit: a service may have many incidents in two days.
INCIDENT_BRANCH = """
(select id, '{because}' as because from fold.incident
 where {name} = any(%({because})s) and {begun}
 order by opened_at, id limit {most})"""
# An incident begins before it is reported, and may be reported long after.
BEGUN = (
    "opened_at >= %(since)s and opened_at <= %(until)s and coalesce(began_at, opened_at) >= %(since)s",
    "began_at >= %(since)s and began_at <= %(until)s and opened_at > %(until)s",
)
INCIDENTS = """
select i.id, i.number, i.title, i.state, i.priority, i.opened_at, i.began_at, h.audience,
  t.step_at,
  'same_item' = any(f.because) as same_item, 'needed_item' = any(f.because) as needed_item,
  'same_service' = any(f.because) as same_service,
  exists (select from fold.link l where l.record = %(change)s and l.other = 'incident/' || i.id
    and l.kind = 'causes') as confirmed
from (select u.id, array_agg(u.because) as because from ({branches}) as u group by u.id) as f
join fold.incident i on i.id = f.id join log.stream_head h on h.stream = 'incident/' || i.id
cross join lateral (
  select max(step) as step_at from unnest(%(steps)s::timestamptz[]) as s (step)
  where step <= coalesce(i.began_at, i.opened_at)
) as t
where coalesce(i.began_at, i.opened_at) <= t.step_at + %(suspected_for)s"""
KEYS = "select id, key from fold.ci where id = any(%s)"


async def suspected_incidents(db: Database, change: Change, sees: VisibilityTest) -> list[dict[str, Any]]:
    """Return the incidents that the change may have caused, the likeliest first, as far as the caller sees
    them.
    """
    steps = sorted(step for name in STEPS if (step := getattr(change, name)) is not None)
    if not steps:
        return []
    touched = [UUID(ci_id) for ci_id in change.ci_ids or ()]
    needing = (await needing_cis(db.rows, touched)).ids
    keys = {row["id"]: row["key"] for row in await db.rows(KEYS, ([*touched, *needing],))}
    common = {
        Suspicion.same_item: [keys[ci_id] for ci_id in touched],
        Suspicion.needed_item: [keys[ci_id] for ci_id in needing],
        Suspicion.same_service: list(change.services or ()),
    }
    parameters = {
        "since": steps[0],
        "until": steps[-1] + SUSPECTED_FOR,
        "steps": steps,
        "suspected_for": SUSPECTED_FOR,
        "change": change.row_key,
        **{because.value: values for because, values in common.items()},
    }
    rows = await db.rows(suspected_incidents_query(), parameters)
    incidents = [row for row in rows if sees(row["audience"])]
    return [
        {
            **{name: row[name] for name in ("id", "number", "title", "state", "priority")},
            "opened_at": instant(row["opened_at"]),
            **_suspected(row, _since_step(row)),
        }
        for row in _likeliest(incidents, _since_step)
    ]


def _since_step(incident: Row) -> timedelta:
    began_at: datetime = incident["began_at"] or incident["opened_at"]
    since: timedelta = began_at - incident["step_at"]
    return since


def suspected_incidents_query() -> str:
    """Return the SQL that selects incidents with an item or a service in common with a change."""
    branches = " union all ".join(
        INCIDENT_BRANCH.format(
            because=because.value,
            name="service" if because is Suspicion.same_service else "ci",
            begun=begun,
            most=MOST_CANDIDATES,
        )
        for because in Suspicion
        for begun in BEGUN
    )
    return INCIDENTS.format(branches=branches)


def _likeliest(rows: Iterable[Row], since: Callable[[Row], timedelta]) -> Sequence[Row]:
    ordered = sorted(
        rows, key=lambda row: (-sum(WEIGHTS[reason] for reason in _reasons(row)), since(row), row["id"])
    )
    return ordered[:MOST_SUSPECTED]


def _reasons(row: Row) -> list[Suspicion]:
    return [suspicion for suspicion in Suspicion if row[suspicion.value]]


def _suspected(row: Row, since: timedelta) -> dict[str, Any]:
    return {
        "because": [suspicion.value for suspicion in _reasons(row)],
        "hours_since": round(since / HOUR, 1),
        "confirmed": row["confirmed"],
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else instant(value)
