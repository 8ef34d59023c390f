"""How services fare: what is down or degraded, since when, and what maintenance is planned next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.records.shapes import OutputModel
from app.common.people import Caller
from app.common.records import CodeEnum
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.processes.changes.calendar.sentences import StatusSentences, TimeZoneName
from app.processes.changes.records import HOLDING, ChangeState
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENTS
from app.processes.incidents.records import OPEN, Effect

#: More services than this are not shown.
MOST_SERVICES = 2_000

# A live service is for everybody to see.
SERVICES = """
select id, key, name_en, name_zh from fold.service where state = 'live' order by key limit %s"""
# By service the worst confirmed effect, else the worst reported one, since when, and the incident behind it,
# if the caller may see one. Service that was restored for now counts as back, though the incident is open.
INTERRUPTIONS = """
select distinct on (service) service, effect = 'down' as down, confirmed, since, incident from (
  select i.service, i.effect, i.effect_reported_at is null as confirmed,
    min(coalesce(i.began_at, i.opened_at)) as since,
    (array_agg(i.number order by coalesce(i.began_at, i.opened_at), i.number)
      filter (where {condition}))[1] as incident
  from fold.incident i
  where i.state = any(%(open)s) and i.effect = any(%(effects)s) and i.service is not null
    and i.service_restored_at is null
  group by 1, 2, 3
) by_effect
order by service, confirmed desc, effect = 'down' desc"""
VISIBLE_INCIDENT = """exists (
  select from log.stream_head h where h.stream = 'incident/' || i.id and h.audience && %(tokens)s)"""
# By service since when it is maintained, and the next window that is not over.
MAINTENANCE = """
select u.service, min(c.started_at) filter (where c.state = %(implementing)s) as since,
  (array_agg(c.window_from_at order by c.window_from_at, c.id) filter (where c.window_until_at > %(now)s))[1]
    as from_at,
  (array_agg(c.window_until_at order by c.window_from_at, c.id) filter (where c.window_until_at > %(now)s))[1]
    as until_at
from fold.change c cross join lateral (
  select distinct unnest(c.services || coalesce(c.ci_services, '{}'))) as u(service)
where c.state = any(%(holding)s)
group by u.service"""


class ServiceCondition(CodeEnum):
    """The condition of a service."""

    operational = "operational", "Operational", "正常"
    degraded = "degraded", "Degraded", "性能下降"
    down = "down", "Down", "中断"
    reported = "reported", "Problem reported", "有人反映故障"
    maintenance = "maintenance", "Under maintenance", "维护中"


#: The conditions behind which there is an incident.
INTERRUPTED = frozenset({ServiceCondition.degraded, ServiceCondition.down, ServiceCondition.reported})


class PlannedMaintenance(OutputModel):
    """The next maintenance of a service."""

    from_at: datetime = Field(description="Beginning of the maintenance.")
    until_at: datetime = Field(description="End of the maintenance.")
    message: str = Field(description="Label for customers, in the requested language.")


class ServiceStatusOut(OutputModel):
    """The condition of a service."""

    id: UUID
    key: str = Field(description="Key of the service.")
    name_en: str = Field(description="Name of the service in English.")
    name_zh: str = Field(description="Name of the service in Chinese.")
    condition: ServiceCondition
    label: str = Field(description="Label of the condition, in the requested language.")
    condition_since: datetime | None = Field(
        description="Time since which the condition lasts; null while the service is operational."
    )
    message: str = Field(description="Label for customers, in the requested language.")
    incident: str | None = Field(
        description="Number of the incident behind the condition; null if no incident is behind it, or "
        "if the caller may not see it."
    )
    planned: PlannedMaintenance | None = Field(
        description="Current or next planned maintenance; null if not planned."
    )


class ServiceStatusList(OutputModel):
    """The condition of each live service."""

    items: list[ServiceStatusOut] = Field(description=f"Services by key; at most {MOST_SERVICES}.")


class ServiceStatusQuery(BaseModel):
    """The query of the conditions of services."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    tz: TimeZoneName = None


async def service_status(
    ledger: Ledger, caller: Caller, words: StatusSentences, now: datetime
) -> list[dict[str, Any]]:
    """Return the condition of each live service, by key, and the incidents behind it that the caller sees,
    in these words.
    """
    services = await ledger.db.rows(SERVICES, (MOST_SERVICES,))
    interruptions = await _interruptions(ledger, caller)
    parameters = {
        "implementing": ChangeState.implementing.value,
        "holding": sorted(state.value for state in HOLDING),
        "now": now,
    }
    maintained = {row["service"]: row for row in await ledger.db.rows(MAINTENANCE, parameters)}
    return [
        {
            **service,
            **_status(interruptions.get(service["key"]), maintained.get(service["key"]), words),
            "planned": _planned(maintained.get(service["key"]), words, now),
        }
        for service in services
    ]


async def _interruptions(ledger: Ledger, caller: Caller) -> dict[str, Mapping[str, Any]]:
    parameters: dict[str, Any] = {
        "open": sorted(state.value for state in OPEN),
        "effects": [Effect.down.value, Effect.degraded.value],
    }
    condition = "true"
    if not sees_every_record(caller, INCIDENTS, agents_see=ledger.settings.agents_see):
        condition, parameters["tokens"] = VISIBLE_INCIDENT, sorted(tokens(caller, INCIDENTS))
    rows = await ledger.db.rows(INTERRUPTIONS.format(condition=condition), parameters)
    return {row["service"]: row for row in rows}


def _status(
    broken: Mapping[str, Any] | None, maintained: Mapping[str, Any] | None, words: StatusSentences
) -> dict[str, Any]:
    """Return the condition of a service with its sentences: a confirmed interruption is named before
    maintenance, and one that users only report after it.
    """
    condition, code, since = ServiceCondition.operational, "operational", None
    if broken is not None and broken["confirmed"]:
        condition = ServiceCondition.down if broken["down"] else ServiceCondition.degraded
        code, since = condition.value, broken["since"]
    elif maintained is not None and maintained["since"] is not None:
        condition, since = ServiceCondition.maintenance, maintained["since"]
        code = condition.value
    elif broken is not None:
        condition, since = ServiceCondition.reported, broken["since"]
        code = "down_reported" if broken["down"] else "degraded_reported"
    return {
        "condition": condition.value,
        "label": condition.label(words.language),
        "condition_since": None if since is None else instant(since),
        "message": words.sentence(code, **({} if since is None else {"since": since})),
        "incident": broken["incident"] if broken is not None and condition in INTERRUPTED else None,
    }


def _planned(
    maintained: Mapping[str, Any] | None, words: StatusSentences, now: datetime
) -> dict[str, Any] | None:
    """Return the maintenance with its sentence: one that has begun is not only planned."""
    if maintained is None or maintained["from_at"] is None:
        return None
    begin, end = maintained["from_at"], maintained["until_at"]
    message = words.sentence("planned", begin=begin, end=end)
    if maintained["since"] is not None and begin <= now:
        message = words.sentence("maintenance_until", since=maintained["since"], end=end)
    return {"from_at": instant(begin), "until_at": instant(end), "message": message}
