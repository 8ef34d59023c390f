"""Improvements over cases that are drawn from a seed, with an effect that is planted in them."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.common.people import Role
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import Connection
from tests import boards
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.processes.improvement_suggestions.samples import a_suggestion
from tests.processes.improvements.pilots import AHEAD, AT, KPI, MAJOR, WORD, Project, project_of

#: In days ago: the baseline, the steps before the change, and the change. Managers date back 90 days at most.
BASELINE, STEPS_BEGIN, CHANGED = (85.0, 50.0), 49.0, 45.0
TEAMS = ("network", "storage", "desk")
#: The median of the drawn durations, in hours, and their spread as the standard deviation of the logarithm.
MEDIAN_HOURS, SPREAD = 6.0, 0.5
#: What is promised: a third less.
PROMISED = "-0.33"


def days_ago(days: float) -> str:
    """The instant so many days ago."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


@dataclass
class Dated:
    """A client whose actions are dated one after the other, beginning so many days ago."""

    client: Client
    steps: list[float]

    @property
    def id(self) -> str:
        return self.client.id

    async def read(self, path: str) -> Json:
        return await self.client.read(path)

    async def post_ok(self, path: str, body: Json | None = None) -> Json:
        self.steps[0] -= 0.001
        fields = {"occurred_at": days_ago(self.steps[0]), **(body or {})}
        return await self.client.post_ok(path, fields)


@dataclass
class Planted:
    """A project and a tool that tells of cases, with the facts of KPIs beside them."""

    api: Api
    follower: Connection
    project: Project
    tool: Client
    draw: random.Random
    baseline: tuple[float, float] = BASELINE
    steps_begin: float = STEPS_BEGIN
    changed: float = CHANGED

    async def cases(
        self, window: tuple[float, float], factors: Mapping[str, float], *, each: int = 40
    ) -> None:
        """So many cases of each team were resolved in the window, after durations that are drawn. Those of
        the team "" have none.
        """
        for team, factor in factors.items():
            for _ in range(each):
                ended = self.draw.uniform(window[1] + 0.5, window[0] - 0.5)
                hours = MEDIAN_HOURS * factor * math.exp(self.draw.gauss(0, SPREAD))
                opened = days_ago(ended + hours / 24)
                record = await self.tool.post_ok("/v1/incidents", an_incident(occurred_at=opened))
                path = f"/v1/incidents/{record['id']}"
                if team:
                    await self.tool.post_ok(f"{path}/assign", {"team": team, "occurred_at": opened})
                await self.tool.post_ok(f"{path}/resolve", RESOLVED | {"occurred_at": days_ago(ended)})

    async def follow(self) -> None:
        """The facts of KPIs are made."""
        await catch_up(self.follower, FACTS)

    async def approved(self, size: Json) -> tuple[str, list[float]]:
        """The address of an improvement that the committee approved before the change, and where its steps
        stand.
        """
        project, steps = self.project, [self.steps_begin]
        quality = Dated(project.quality, steps)
        offered = await Dated(project.owner, steps).post_ok("/v1/improvement_suggestions", a_suggestion())
        selection = {
            "title": "Ask for the site first",
            "suggestions": [offered["id"]],
            "reason": "It cannot wait.",
        }
        record = await quality.post_ok(AT, {**selection, "scope": "process", "process": "incident"})
        path = f"{AT}/{record['id']}"
        target = {
            "name": "restore",
            "kpi": KPI,
            "before": {"from": days_ago(self.baseline[0]), "to": days_ago(self.baseline[1])},
            "promised": {"change": PROMISED},
            "judged_by": "By the medians.",
            "baseline_reason": "The cases are told later.",
        }
        texts = ("scope_and_goal", "benefit_inside", "benefit_outside", "method", "steps", "resources")
        texts_of = {name: f"Of {name}." for name in (*texts, "judgement", "outside_plan_reason")}
        await self.follow()
        # The plan's owner proposes, so that the quality manager may go on with it.
        await Dated(project.owner, steps).post_ok(f"{path}/propose", {**texts_of, "targets": [target]})
        weighed = ("goals", "practice", "present_state", "cost", "resources", "time")
        question = project.question() | {f"weighed_{name}": f"Of {name}." for name in weighed}
        await self.asks(path, "submit", question, steps)
        await self.asks(path, "classify", {"impact": "2", "urgency": "2", **size}, steps)
        return path, steps

    async def asks(self, path: str, action: str, body: Json, steps: list[float]) -> Json:
        """The improvement after the committee has decided what the quality manager puts to it."""
        board = [Dated(member, steps) for member in (self.project.first, self.project.second)]
        return await boards.put_to_vote(Dated(self.project.quality, steps), path, action, body, board=board)

    async def piloted(self, scope: Mapping[str, Sequence[str]]) -> str:
        """The address of a major one whose pilot was started when the change was made."""
        path, steps = await self.approved({"kind": "reengineering", **MAJOR})
        project = self.project
        manager = Dated(project.manager, steps)
        charter = {
            "sponsor": project.sponsor.id,
            "project_manager": project.manager.id,
            "members": [project.executor.id],
            "resources": "Two engineers.",
            "budget": "12000.00",
            "currency": "CNY",
        }
        await self.asks(path, "charter", charter, steps)
        plan = {
            "work": "Write it, try it.",
            "milestones": [{"title": "Tried", "due_at": AHEAD}],
            "pilot_scope": scope,
            "pilot_begins_at": days_ago(self.changed),
            "pilot_ends_at": days_ago(-45),
            "pilot_length_reason": "Enough cases come in ten weeks.",
            "pilot_agreement": "All desks agree.",
            "data_gathering": "From the log.",
            "expected": [{"target": "restore", "promised": {"change": PROMISED}}],
        }
        await manager.post_ok(f"{path}/plan", plan)
        await self.asks(path, "approve_plan", {}, steps)
        sponsor = Dated(project.sponsor, steps)
        await sponsor.post_ok(f"{path}/kick_off", {"occurred_at": days_ago(self.changed + 1)})
        ready = await project.readiness()
        await manager.post_ok(f"{path}/start_pilot", {**ready, "occurred_at": days_ago(self.changed)})
        return path

    async def implemented(self) -> str:
        """The address of a minor one that was implemented when the change was made."""
        path, steps = await self.approved({"kind": "activity"})
        implementer = Dated(
            await self.project.api.client("Implementer", Role.process_owner, Role.integration), steps
        )
        await implementer.post_ok(f"{path}/implement", {"plan": "The form by Friday."})
        await implementer.post_ok(
            f"{path}/finish", {"what": "It asks.", "occurred_at": days_ago(self.changed)}
        )
        return path

    async def measured(self, path: str) -> tuple[Json, Json]:
        """The measurement that is made now, and its effect, computed again from its position."""
        await self.follow()
        quality = self.project.quality
        await quality.post_ok(f"{path}/measure_effects")
        (measurement,) = (await quality.read(f"{path}/measurements"))["items"]
        return measurement, await self.effect(measurement)

    async def effect(self, measurement: Json) -> Json:
        """The effect of the measurement, and whether it comes out the same again."""
        return await self.project.quality.read(f"/v1/effects/{measurement['effect_id']}")

    async def reported(self, path: str) -> None:
        """The pilot is reported."""
        await self.project.manager.post_ok(f"{path}/report_pilot", dict(WORD))


async def planted_of(api: Api, follower: Connection, seed: int) -> Planted:
    """A project whose people may date back, over teams that have no cases yet."""
    project = await project_of(api)
    for team in TEAMS[1:]:
        await api.staffed_team(team)
    project.owner = await api.client("Careful owner", Role.process_owner, Role.problem_manager)
    graded = await project.admin.patch(
        f"/v1/persons/{project.owner.id}", json={"grade": "senior"}, headers={"If-Match": "*"}
    )
    assert graded.status_code == 200, graded.text
    # Those of the committee who may date back take the places of those who may not.
    for member in (project.first, project.second):
        await project.admin.post_ok(f"/v1/persons/{member.id}/deactivate")
    project.first = await api.client("First of the board", Role.committee_member, Role.problem_manager)
    project.second = await api.client("Second of the board", Role.committee_member, Role.problem_manager)
    tool = await api.client("Monitoring", Role.integration, Role.agent)
    return Planted(api, follower, project, tool, random.Random(seed))
