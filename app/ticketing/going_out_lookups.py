"""Conditions for going out into production: changes that are approved and not undone, and no freeze.
Processes do not import one another: changes and freezes are known by their rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import CodeEnum
from app.foundation.environments import is_production
from app.kernel.access.reads import Reading

#: The states in which a change may go out; a closed one, which has gone out, if it was successful.
READY_STATES = frozenset({"approved", "scheduled", "implementing", "implemented"})
SUCCESSFUL = frozenset({"successful", "successful_with_issues"})


class GoingOutObstacle(CodeEnum):
    """The reason why a deployment to production is not permitted."""

    unknown_change = "unknown_change", "Unknown change", "没有此变更"
    change_not_open = "change_not_open", "Change not approved", "变更不可上线"
    outside_its_window = "outside_its_window", "Outside the change's window", "在变更窗口之外"
    release_without_go = "release_without_go", "Release without a go", "发布未获批准"
    frozen = "frozen", "A freeze without an exception", "处于冻结期且无例外"
    told_in_freeze = "told_in_freeze", "Reported during a freeze", "在冻结期内登记"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that keeps a deployment from going out: a change or the release, by its number and state, or
    a freeze, by its title; from when until when, if it has a window.
    """

    because: GoingOutObstacle
    change: str | None = None
    state: str | None = None
    freeze: str | None = None
    release: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None

    @property
    def name(self) -> str:
        """The number of the change or release, or the title of the freeze."""
        return self.freeze or self.change or self.release or ""


#: The states of a release after its deployment, unless it was undone.
WENT_OUT = frozenset({"deployed", "supported", "closed"})

# The window that the change holds: a change that started outside its window holds a later one.
CHANGES = """
select number, state, outcome, type, coalesce(booked_from_at, window_from_at) as window_from_at,
  coalesce(booked_until_at, window_until_at) as window_until_at
from fold.change where id = any(%s::uuid[]) order by number"""
# The freezes of what is deployed in that interval, without those that all its changes are excepted from, or
# were scheduled over.
FREEZES = """
select f.title, f.from_at, f.until_at from schedule.freeze_window w join fold.freeze f on f.id = w.freeze_id
where w.during && tstzrange(%(begin)s::timestamptz, %(end)s::timestamptz, '[]') and (
  not exists (select from fold.change c where c.id = any(%(changes)s::uuid[]))
    and schedule.concerns(w, array[%(service)s]::text[], '{}')
  or exists (
    select from fold.change c where c.id = any(%(changes)s::uuid[])
      and schedule.concerns(w,
        array[%(service)s]::text[] || c.services || coalesce(c.ci_services, '{}'),
        coalesce(c.ci_classes, array(select i.ci_class from fold.ci i where i.id::text = any(c.ci_ids))))
      and not 'freeze/' || f.id
        = any(coalesce(c.overrides, '{}') || coalesce(c.excepted_freezes, '{}'))
      and not exists (select from fold.freeze_exception x
        where x.record = 'freeze/' || f.id and x.change_id = c.id and x.granted_at is not null)))
order by f.from_at, f.id"""


async def obstacles_of_changes(
    read: Reading, changes: Iterable[str | UUID], when: datetime
) -> list[Obstacle]:
    """Return what keeps these changes from going out then: their states as they are now, and their windows.
    Emergencies start without a window; every other change is scheduled first.
    """
    obstacles = []
    for row in await read(CHANGES, ([str(change) for change in changes],)):
        begin, end = row["window_from_at"], row["window_until_at"]
        has_gone_out = row["state"] == "closed" and row["outcome"] in SUCCESSFUL
        if row["state"] not in READY_STATES and not has_gone_out:
            obstacles.append(Obstacle(GoingOutObstacle.change_not_open, row["number"], row["state"]))
        elif begin is None and row["type"] == "emergency":
            continue
        elif begin is None or not begin <= when < end:
            because = GoingOutObstacle.outside_its_window
            obstacles.append(Obstacle(because, row["number"], row["state"], from_at=begin, until_at=end))
    return obstacles


@dataclass(frozen=True, slots=True)
class GoingOutTime:
    """The interval of a deployment, and the time of its report (None: beforehand). The interval is the
    reporter's statement, so a freeze at the time of the report counts as well.
    """

    begin: datetime
    end: datetime
    told_at: datetime | None = None


async def freezes_in_the_way(
    read: Reading, service: str | None, changes: Iterable[str | UUID], time: GoingOutTime
) -> list[Obstacle]:
    """Return the freezes of the service, or of things that one of these changes touches, that the change is
    not excepted from: those at the interval (`frozen`), or at the time of its report (`told_in_freeze`).
    """
    parameters = {"service": service, "changes": [str(change) for change in changes]}
    frozen = await _freezes(read, {**parameters, "begin": time.begin, "end": time.end})
    if frozen or time.told_at is None:
        return frozen
    at_report = await _freezes(read, {**parameters, "begin": time.told_at, "end": time.told_at})
    return [replace(freeze, because=GoingOutObstacle.told_in_freeze) for freeze in at_report]


async def _freezes(read: Reading, parameters: dict[str, Any]) -> list[Obstacle]:
    return [
        Obstacle(
            GoingOutObstacle.frozen, freeze=row["title"], from_at=row["from_at"], until_at=row["until_at"]
        )
        for row in await read(FREEZES, parameters)
    ]


def obstacles_of_release(environment: str, release: Any) -> list[Obstacle]:
    """Return whether the release, if there is one, keeps its deployment from going out: it has no go, or was
    cancelled or undone.
    """
    if release is None or not is_production(environment) or release.state in WENT_OUT:
        return []
    if release.state == "ready" and release.go:
        return []
    because = GoingOutObstacle.release_without_go
    return [Obstacle(because, release=str(release.number), state=str(release.state))]


async def obstacles_of_deployment(
    read: Reading, environment: str, service: str | None, changes: Sequence[str | UUID], time: GoingOutTime
) -> list[Obstacle]:
    """Return all that keeps the deployment of these changes from going out then."""
    if not is_production(environment):
        return []
    return [
        *await obstacles_of_changes(read, changes, time.begin),
        *await freezes_in_the_way(read, service, changes, time),
    ]
