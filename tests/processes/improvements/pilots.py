"""Those who carry out an improvement project, and how far they bring it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Role, rule_caller
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kpis.effects.content import EffectResult, EffectScale, EffectSide, as_stored
from app.kpis.effects.lifecycle import EffectWindow, MeasuredEffect, MeasureKpiEffect
from app.kpis.statistics.effects.codes import (
    EffectMethod,
    EffectVerdict,
    IntervalMethod,
    PromiseVerdict,
    TestMethod,
)
from app.log.ids import uuid7
from app.processes.improvements.effects.measurement import MeasuredTarget, MeasuredTargets
from app.processes.improvements.effects.payloads import MeasureEffectsImprovement
from app.processes.improvements.effects.records import MeasurementOccasion
from tests import boards
from tests.client import Api, Client, Json
from tests.people import context
from tests.processes.improvement_suggestions.samples import offered

AHEAD = "2199-01-01T00:00:00Z"
AT = "/v1/improvements"
TOPICS = ("what_is_new", "what_differs", "own_duty", "how_to_do_it")
KPI = "incident_resolution_seconds"
STEPS = (
    *("name_owner", "organise", "inform_and_train", "pilot", "publish", "cut_over", "manage_daily"),
    *("optimise", "fix"),
)
WORD: Mapping[str, Any] = {
    "tools": "None that has stayed.",
    "reception": "Well, after a week.",
    "rollout_advice": "Team by team.",
    "institutionalise": "The new form.",
    "further_pilot": "Not now.",
    "legacy": "Four key users.",
    "early_reason": "The first weeks have shown it.",
}


def ago(**time: float) -> str:
    """The instant so long ago."""
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


def a_result(verdict: EffectVerdict = EffectVerdict.improved) -> Json:
    """The stored result of an effect with that verdict: half an hour less."""
    side = EffectSide(value=7200.0, cases=20, compared=7000.0, low=None, high=None, exposure=None)
    result = EffectResult(
        method=EffectMethod.duration,
        method_version=1,
        scale=EffectScale.difference,
        before=side,
        after=side,
        control_before=None,
        control_after=None,
        effect=-1800.0,
        low=-2400.0,
        high=-1200.0,
        level=0.95,
        interval_by=IntervalMethod.order_statistics,
        relative_change=-0.25,
        difference_of_medians=-1800.0,
        test=TestMethod.mann_whitney,
        p_value=0.01,
        verdict=verdict,
        promised=None,
        warnings=[],
    )
    stored: Json = as_stored(result.model_dump(mode="json"))
    return stored


MEMBERS = """
select m.person_id from fold.membership m join fold.team t on t.id = m.team_id
where t.key = 'network' order by m.person_id"""


#: What makes it a major one, although it promises less than half.
MAJOR: Json = {"criteria": ["complex"], "size_reason": "It changes who decides."}


@dataclass
class Project:
    """A quality manager, the project's manager and sponsor, three of the committee, an executor, an owner.

    Two of the committee who are asked agree in all, which decides it.
    """

    api: Api
    quality: Client
    manager: Client
    sponsor: Client
    first: Client
    second: Client
    third: Client
    executor: Client
    owner: Client
    admin: Client
    #: The day of all steps that a plan does not move, so that another plan leaves completed ones as they are.
    planned_at: str = field(default_factory=ago)

    async def selected(self) -> str:
        """The address of an improvement that was selected."""
        suggestion = await offered(self.executor)
        record = await self.quality.post_ok(
            AT,
            {
                "title": "Ask for the site first",
                "suggestions": [suggestion["id"]],
                "reason": "It cannot wait.",
                "scope": "process",
                "process": "incident",
                "aspect": "activity",
            },
        )
        return f"{AT}/{record['id']}"

    async def proposed(self) -> str:
        """One with one target KPI."""
        path = await self.selected()
        target = {
            "name": "restore",
            "kpi": KPI,
            "before": {"from": "2026-01-01", "to": "2026-04-01"},
            "promised": {"change": "-0.3"},
            "judged_by": "By the median.",
            "baseline_reason": "The relay is new.",
        }
        texts = ("scope_and_goal", "benefit_inside", "benefit_outside", "method", "steps", "resources")
        texts_of = {name: f"Of {name}." for name in (*texts, "judgement", "outside_plan_reason")}
        await self.quality.post_ok(f"{path}/propose", {**texts_of, "targets": [target]})
        return path

    async def approved(self, kind: str = "reengineering") -> str:
        """One that the committee has approved and classified."""
        path = await self.proposed()
        weighed = ("goals", "practice", "present_state", "cost", "resources", "time")
        weights = {f"weighed_{name}": f"Of {name}." for name in weighed}
        await self.quality.post_ok(f"{path}/submit", {**weights, **self.question()})
        await self.decide(path)
        size = MAJOR if kind == "reengineering" else {"to_pilot": True}
        body = {"kind": kind, "impact": "2", "urgency": "2", **size}
        await self.asks(path, "classify", body)
        return path

    async def planned(self, kind: str = "reengineering") -> str:
        """One whose plan is approved."""
        path = await self.approved(kind)
        charter = {
            "sponsor": self.sponsor.id,
            "project_manager": self.manager.id,
            "members": [self.executor.id],
            "resources": "Two engineers.",
            "budget": "12000.00",
            "currency": "CNY",
        }
        await self.asks(path, "charter", charter)
        plan = {
            "work": "Write it, try it.",
            "milestones": [{"title": "Tried", "due_at": AHEAD}],
            "pilot_scope": {"team": ["network"]},
            "pilot_begins_at": ago(),
            "pilot_ends_at": (datetime.now(UTC) + timedelta(days=100)).isoformat(),
            "pilot_agreement": "Both desks agree.",
            "data_gathering": "From the log.",
            "expected": [{"target": "restore", "promised": {"change": "-0.3"}}],
        }
        await self.manager.post_ok(f"{path}/plan", plan)
        record = await self.asks(path, "approve_plan")
        assert record["state"] == "plan_approved"
        return path

    async def training(self, kind: str, *, upto: str = "license", **more: Any) -> str:
        """A training that was brought so far: its number. Its executors get licences for incidents."""
        plan = {
            "title": "The new way",
            "year": 2027,
            "kind": kind,
            "method": "classroom",
            "process": "incident",
            "skills": ["triage"],
            "material": "The slides.",
            "persons": [self.executor.id],
            "everybody": True,
            "planned_at": ago(),
            **more,
        }
        record = await self.quality.post_ok("/v1/trainings", plan)
        number: str = record["number"]
        path = f"/v1/trainings/{number}"
        marks = dict.fromkeys(more.get("topics", TOPICS), 90)
        bodies: dict[str, Json] = {
            "hold": {"attended": [self.executor.id], "contents": "What is new."},
            "examine": {"results": [{"person": self.executor.id, "marks": marks}], "closed_book": True},
            "license": {},
        }
        for action, body in bodies.items():
            if upto == "plan":
                break
            await self.quality.post_ok(f"{path}/{action}", body)
            if action == upto:
                break
        return number

    async def absent(self, *but: str) -> list[Json]:
        """The members of the team in scope besides these and the executor, each with a day to sit."""
        members = await self.api.ledger.db.rows(MEMBERS)
        passed = {self.executor.id, *but}
        ids = [str(member["person_id"]) for member in members]
        due_at = (datetime.now(UTC) + timedelta(days=20)).isoformat()
        return [{"person": person, "due_at": due_at} for person in ids if person not in passed]

    async def readiness(self, **changes: Any) -> Json:
        """All that must be ready for a pilot."""
        key_users = await self.training("key_user", upto="hold")
        executors = await self.training("executor")
        return {
            "told": "Both desks.",
            "key_user_training": key_users,
            "executor_training": executors,
            "duties": "The desk asks first.",
            "external_numbers": ["SOP-12"],
            "executor": self.executor.id,
            **changes,
        }

    async def piloting(self, kind: str = "reengineering") -> str:
        """One that is piloted."""
        path = await self.planned(kind)
        await self.sponsor.post_ok(f"{path}/kick_off")
        record = await self.manager.post_ok(f"{path}/start_pilot", await self.readiness())
        assert record["state"] == "piloting"
        return path

    async def measured(
        self,
        path: str,
        verdict: EffectVerdict = EffectVerdict.improved,
        *,
        occasion: MeasurementOccasion = MeasurementOccasion.pilot,
        promise: PromiseVerdict | None = PromiseVerdict.reached,
        stays: bool | None = None,
        days: int = 0,
    ) -> int:
        """The log position at which an effect with that verdict was measured, so many days from now."""
        now, improvement = datetime.now(UTC) + timedelta(days=days), await self.quality.read(path)
        ledger: Any = self.api.ledger
        position = await self.api.head()
        windows = (now - timedelta(days=60), now - timedelta(days=30), now - timedelta(days=30), now)
        first, second, third, last = (window.isoformat() for window in windows)
        effect = MeasuredEffect(
            kpi=KPI,
            windows=windows,
            zone="UTC",
            currency="CNY",
            reopen_days=7,
            position=position,
            seed=position,
            resamples=1000,
            verdict=verdict.value,
            result=a_result(verdict),
            measured_at=now,
        )
        question = MeasureKpiEffect(
            kpi=KPI,
            before=EffectWindow.model_validate({"from": first, "to": second}),
            after=EffectWindow.model_validate({"from": third, "to": last}),
        )
        target = MeasuredTarget(
            name="restore",
            question=question,
            effect_id=uuid7(),
            effect=effect,
            value="-1800.0",
            promised="-1500.0",
            promise=promise,
            is_kept=stays,
        )
        measured = MeasuredTargets(
            occasion=occasion,
            pilot_round=improvement["pilot_rounds"] if occasion is MeasurementOccasion.pilot else None,
            from_at=windows[2],
            until_at=windows[3],
            position=position,
            targets=(target,),
        )
        lifecycle, body = ledger.lifecycles["improvement"], MeasureEffectsImprovement()
        row, name = lifecycle["measure_effects"], path.rpartition("/")[2]
        metadata = context(rule_caller("measure_benefits"), now)
        await perform(ledger, Command(lifecycle, row, name, body, metadata, prepared=(measured,)))
        return position

    async def reported(
        self, verdict: EffectVerdict = EffectVerdict.improved, kind: str = "reengineering"
    ) -> tuple[str, int]:
        """One whose pilot is reported, and the log position of its measured effect."""
        path = await self.piloting(kind)
        position = await self.measured(path, verdict)
        record = await self.manager.post_ok(f"{path}/report_pilot", dict(WORD))
        assert record["state"] == "pilot_reported"
        return path, position

    async def rolling_out(self, verdict: EffectVerdict = EffectVerdict.improved, **more: Any) -> str:
        """One whose pilot was passed."""
        path, position = await self.reported(verdict)
        await self.quality.post_ok(f"{path}/ask_judgement", self.judgement(position, **more))
        improvement = await self.decide(path)
        assert improvement["state"] == "rolling_out"
        return path

    async def planned_rollout(self, *, cutover_at: str | None = None, **dues: str) -> str:
        """One whose rollout is planned: cut over and managed daily until today, unless said."""
        path = await self.rolling_out()
        await self.manager.post_ok(f"{path}/roll_out", self.rollout(cutover_at=cutover_at, **dues))
        return path

    def rollout(self, *, cutover_at: str | None = None, **dues: str) -> Json:
        """The plan of a rollout of the team of networks; the cutover is today, unless said."""
        due = {
            **dict.fromkeys(STEPS[:6], self.planned_at),
            "cut_over": cutover_at or self.planned_at,
            "manage_daily": cutover_at or self.planned_at,
            **dues,
        }
        return {
            "advice": "Team by team, as the report says.",
            "schedule_reason": "The law applies today.",
            "scope": "The first line.",
            "departments": ["Service desk"],
            "contributions": "A day of training each.",
            "schedule": "All in June.",
            "told": "By mail and in meetings.",
            "teams": ["network"],
            "steps": [
                {
                    "step": step,
                    "owner": self.of_step(step).id,
                    **({"due_at": due[step]} if step in due else {}),
                }
                for step in STEPS
                if step != "pilot"
            ],
        }

    def of_step(self, step: str) -> Client:
        """The owner of the step: the process owner leads the first ones."""
        return self.owner if step in STEPS[:2] else self.executor

    def question(self) -> Json:
        """A question to the committee."""
        return {"question": "Shall we?"}

    def judgement(self, position: int, judgement: str = "passed", **more: Any) -> Json:
        """A question about the pilot."""
        return {**self.question(), "judgement": judgement, "position": position, **more}

    async def decide(self, path: str, verdict: str = "approve") -> Json:
        """The improvement after the committee has voted on its latest decision."""
        return await boards.decide((self.first, self.second, self.third), path, verdict)

    async def asks(self, path: str, action: str, body: Json | None = None, verdict: str = "approve") -> Json:
        """The improvement after the committee has decided what the quality manager puts to it."""
        await self.quality.post_ok(f"{path}/{action}", body)
        return await self.decide(path, verdict)


async def project_of(api: Api) -> Project:
    """Those who carry out improvements in this application."""
    await api.team("network")
    project = Project(
        api,
        await api.client("Quality", Role.quality_manager),
        await api.client("Manager", Role.project_manager),
        # Of the management, and one of those who may date back.
        await api.client("Sponsor", Role.management, Role.service_level_manager),
        await api.client("First", Role.committee_member),
        await api.client("Second", Role.committee_member),
        await api.client("Third", Role.committee_member),
        await api.client("Executor", Role.engineer, teams=("network",)),
        await api.client("Owner", Role.process_owner),
        await api.client("Admin", Role.admin),
    )
    for client, grade in ((project.sponsor, "management"), (project.owner, "senior")):
        answer = await project.admin.patch(
            f"/v1/persons/{client.id}", json={"grade": grade}, headers={"If-Match": "*"}
        )
        assert answer.status_code == 200, answer.text
    return project


async def refusal(client: Client, path: str, body: Json) -> tuple[int, list[tuple[str, str]] | str]:
    """The status of a refused POST, and its wrong values with their codes, or its code."""
    answer = await client.post(path, json=body)
    document = answer.json()
    assert answer.status_code >= 400, document
    errors = [(error["pointer"].removeprefix("/"), error["code"]) for error in document.get("errors") or []]
    return answer.status_code, errors or document["code"]


async def sentences(client: Client, path: str, body: Json) -> tuple[str, str]:
    """What is said of a refusal in English and in Chinese."""
    texts = []
    for language in ("en", "zh"):
        document = (await client.post(path, json=body, headers={"Accept-Language": language})).json()
        texts.append(
            "; ".join(error["message"] for error in document.get("errors") or []) or document["detail"]
        )
    return texts[0], texts[1]


async def event_types(client: Client, path: str) -> list[str]:
    """The types of the events of the improvement, the oldest first."""
    return [event["type"] for page in await client.pages(f"{path}/events") for event in page]


def name_of(path: str) -> UUID:
    """The id in the address."""
    return UUID(path.rpartition("/")[2])
