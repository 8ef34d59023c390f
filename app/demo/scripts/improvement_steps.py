"""Steps of the demo's improvements: each is one or several commands of the people who take it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.common.people import Caller
from app.demo.data import improvement_data as data
from app.demo.data.improvement_data import ImprovementTemplate, PilotTemplate
from app.demo.data.organisation import (
    BUSINESS_HEAD,
    CURRENCY,
    HEAD_OF_IT,
    PROJECT_MANAGER,
    SECURITY_LEAD,
)
from app.demo.programme import ProgrammeScript, question
from app.demo.scripts.programme_scripts import (
    ProgrammeRecords,
)
from app.foundation.people.lookups import active_members
from app.kernel.actions.payloads import EmptyPayload
from app.kpis.baselines.freezing import freeze_baselines
from app.log.canonical import instant
from app.processes.improvements.committee.payloads import (
    ApprovePlanImprovement,
    CharterImprovement,
    ClassifyImprovement,
)
from app.processes.improvements.effects.measuring import measure_targets
from app.processes.improvements.effects.payloads import (
    AgreeToEvaluationImprovement,
    EvaluateImprovement,
    MeasureEffectsImprovement,
    StandardiseImprovement,
)
from app.processes.improvements.pilot.payloads import (
    AskJudgementImprovement,
    LogPilotFeedbackImprovement,
    LogPilotIssueImprovement,
    ReportPilotImprovement,
    SolvePilotIssueImprovement,
    StartPilotImprovement,
)
from app.processes.improvements.pilot.records import FeedbackStance, PilotIssue
from app.processes.improvements.project.payloads import PlanImprovement
from app.processes.improvements.proposal.payloads import (
    FinishImprovement,
    ImplementImprovement,
    ProposeImprovement,
    SelectImprovement,
    SubmitImprovement,
)
from app.processes.improvements.rollout.payloads import CompleteRolloutStepImprovement, RollOutImprovement
from app.ticketing.projects.actions import MilestoneProgress, ReportProgress
from app.ticketing.projects.records import Milestone

#: When each step of a rollout is due, in days before the end of the history; negative ones lie ahead.
ROLLOUT_STEPS = {
    "name_owner": 19.0,
    "organise": 16.0,
    "inform_and_train": 10.0,
    "publish": 6.0,
    "cut_over": -10.0,
    "manage_daily": -40.0,
    "optimise": None,
    "fix": None,
}
CUTOVER = -10.0
NETWORK_TEAM = "select id from fold.team where key = 'network'"
MOST_LISTED = 100
#: The steps that the process owner leads.
LED_BY_OWNER = ("name_owner", "organise")
PRIORITY = {"impact": "2", "urgency": "2"}


@dataclass
class ImprovementScript(ProgrammeScript):
    """The script of one improvement."""

    template: ImprovementTemplate = field(kw_only=True)
    records: ProgrammeRecords = field(kw_only=True)

    async def open(self, *, minor: bool) -> None:
        """Propose the improvement; the committee approves and classifies it."""
        before_end = self.programme.before_end
        await self.propose(minor=minor)
        await self.vote(before_end(self.template.selected - 1))
        if not minor:
            await self.ask_class(self.template.selected - 1.3)
            await self.vote(before_end(self.template.selected - 1.5))

    async def ask_class(self, days_ago: float) -> None:
        """Ask the committee to class the improvement as a major one."""
        size = {"kind": "reengineering", "criteria": ["several_teams"], "size_reason": data.WHY_MAJOR}
        body = ClassifyImprovement.model_validate(size | PRIORITY)
        await self.act(self.programme.before_end(days_ago), self.programme.quality, "classify", body)

    async def propose(self, *, minor: bool = True) -> None:
        """Select, propose and submit the improvement: the committee is asked."""
        template, before_end = self.template, self.programme.before_end
        suggestion = self.records.suggestions[template.name]
        selection = SelectImprovement.model_validate(
            {
                "title": template.title,
                "suggestions": [str(suggestion)],
                "reason": data.SELECTION_REASON,
                "scope": "process",
                "process": "incident",
                "aspect": template.aspect,
            }
        )
        quality = self.programme.quality
        await self.act(before_end(template.selected), quality, "select", selection)
        ledger = self.programme.maker.ledger
        proposal = self._proposal()
        present = await freeze_baselines(ledger, proposal.targets, self.script.now)
        if not all(baseline.cases for baseline in present.baselines):
            # A short history has no cases so long ago.
            proposal = self._proposal(baseline_reason=data.NO_CASES_BEFORE)

        async def frozen() -> tuple[object, ...]:
            return (await freeze_baselines(ledger, proposal.targets, self.script.now),)

        await self.act(before_end(template.selected - 0.3), quality, "propose", proposal, prepare=frozen)
        when = before_end(template.selected - 0.6)
        fields = question(f"{template.title}?", when) | data.WEIGHED
        # The class of a minor one is on the ballot of its proposal.
        fields |= {"kind": "activity", **PRIORITY} if minor else {}
        await self.act(when, quality, "submit", SubmitImprovement.model_validate(fields))

    def _proposal(self, **more: str) -> ProposeImprovement:
        template = self.template
        target = {
            "name": template.target,
            "kpi": template.kpi,
            "before": self.programme.window(template.baseline).model_dump(mode="json", by_alias=True),
            "scope": dict(template.scope),
            "promised": {"change": template.promised},
            "judged_by": "以实测效果判断。By the measured effect.",
            **more,
        }
        served: dict[str, str] = {
            "outside_plan_reason": "计划制定后才出现。It came up after the plan was made."
        }
        if template.plan_target is not None:
            served = {"plan": str(self.records.plan), "plan_target": template.plan_target}
        return ProposeImprovement.model_validate(
            {
                "scope_and_goal": template.goal,
                "benefit_inside": template.why,
                "benefit_outside": template.benefit,
                "method": template.method,
                "steps": template.steps,
                "resources": "两人，各一半时间。Two people, half of their time.",
                "judgement": "以目标指标与使用者意见判断。By its target KPI, and by those who work with it.",
                "targets": [target],
                **served,
                "planned_cost": "6000.00",
                "currency": CURRENCY,
            }
        )

    async def implement(self, days_ago: float) -> None:
        """Implement a minor improvement; it is in effect from `days_ago` on."""
        template, before_end = self.template, self.programme.before_end
        # The process owner agrees to the evaluation, so somebody else implements.
        by = self.programme.callers[SECURITY_LEAD]
        body = ImplementImprovement(plan=template.steps)
        await self.act(before_end(days_ago + 0.5), by, "implement", body)
        await self.act(before_end(days_ago), by, "finish", FinishImprovement(what=template.method))

    async def measure(self, days_ago: float, by: Caller) -> None:
        """Measure the effect on the target KPIs at that time."""
        ledger = self.programme.maker.ledger

        async def measured() -> tuple[object, ...]:
            await self.programme.follow()
            return (await measure_targets(ledger, await self.current_record(), self.script.now),)

        body = MeasureEffectsImprovement()
        await self.act(self.programme.before_end(days_ago), by, "measure_effects", body, prepare=measured)

    async def evaluate(self, days_ago: float, *, reached: bool) -> None:
        """Measure and judge a minor improvement."""
        await self.measure(days_ago, self.programme.quality)

        async def judgement() -> EvaluateImprovement:
            return EvaluateImprovement(
                position=(await self.current_record()).evaluation.measured_position,
                goal_reached=reached,
                scope_reached=True,
                benefit_reached=reached,
                reached=reached,
                comment="以实测效果为准。The measured effect decides.",
                reason="使用者一致认为有改善。Those who work with it say so.",
                agreed_by=str(self.programme.owner.person_id),
            )

        evaluated_at = self.programme.before_end(days_ago - 0.5)
        await self.act(evaluated_at, self.programme.quality, "evaluate", judgement)
        agreed_at = self.programme.before_end(days_ago - 0.6)
        await self.act(agreed_at, self.programme.owner, "agree_to_evaluation", AgreeToEvaluationImprovement())

    async def standardise(self, days_ago: float, teams: tuple[str, ...]) -> None:
        """Standardise the improvement."""
        body = StandardiseImprovement(external_numbers=(f"WI-{self.name}",), teams=teams)
        await self.act(self.programme.before_end(days_ago), self.programme.quality, "standardise", body)

    async def run_pilot(self, pilot: PilotTemplate) -> None:
        """Charter and plan the project, run its pilot, and report it."""
        before_end, manager = self.programme.before_end, self.programme.project_manager
        await self.plan(pilot)
        await self.ask_plan_approval(pilot.approved + 0.3)
        await self.vote(before_end(pilot.approved))
        executor = self.programme.person(pilot.trained[0])
        trained = self.records.trainings[self.name]
        ready = StartPilotImprovement.model_validate(
            {
                "told": "相关团队例会与邮件通知。The teams concerned, in their meetings and by mail.",
                "key_user_training": str(trained.key_users),
                "executor_training": str(trained.executors),
                "duties": "当班人员负责记录。Whoever is on duty keeps the record.",
                "external_numbers": [f"WI-{self.name}"],
                "executor": executor,
            }
        )
        await self.act(before_end(pilot.begins + 1), self.programme.sponsor, "kick_off", EmptyPayload())
        await self.act(before_end(pilot.begins), manager, "start_pilot", ready)
        await self._log(pilot)
        await self.measure(pilot.ends, manager)
        report = ReportPilotImprovement.model_validate(data.PILOT_REPORT)
        await self.act(before_end(pilot.ends - 0.5), manager, "report_pilot", report)

    async def ask_charter(self, pilot: PilotTemplate) -> None:
        """Ask the committee to charter the project."""
        person = self.programme.person
        charter = CharterImprovement(
            sponsor=person(BUSINESS_HEAD),
            project_manager=person(PROJECT_MANAGER),
            members=tuple(map(person, pilot.trained)),
            resources="两名骨干。Two key users.",
            budget="12000.00",
            currency=CURRENCY,
        )
        asked_at = self.programme.before_end(pilot.approved + 1)
        await self.act(asked_at, self.programme.quality, "charter", charter)

    async def plan(self, pilot: PilotTemplate) -> None:
        """Have the project chartered, and plan it."""
        before_end = self.programme.before_end
        await self.ask_charter(pilot)
        await self.vote(before_end(pilot.approved + 0.8))
        plan = PlanImprovement.model_validate(
            {
                "work": self.template.steps,
                "milestones": [
                    {"title": "试点完成 Piloted", "due_at": instant(before_end(pilot.ends))},
                    {"title": "推广完成 Rolled out", "due_at": instant(before_end(-60))},
                ],
                "report_every_days": 30,
                "pilot_scope": {"team": [pilot.team]},
                "pilot_control": {"team": list(pilot.control)},
                "pilot_begins_at": instant(before_end(pilot.begins)),
                "pilot_ends_at": instant(before_end(pilot.ends)),
                "pilot_length_reason": "工单量足以在此期间得出结论。Enough cases come in that time.",
                "pilot_agreement": "相关部门已书面同意。The departments have agreed in writing.",
                "data_gathering": "取自事件日志。From the event log.",
                "expected": [
                    {"target": self.template.target, "promised": {"change": self.template.promised}}
                ],
            }
        )
        await self.act(before_end(pilot.approved + 0.5), self.programme.project_manager, "plan", plan)

    async def ask_plan_approval(self, days_ago: float) -> None:
        """Ask the committee to approve the plan of the project."""
        asked_at = self.programme.before_end(days_ago)
        await self.act(asked_at, self.programme.project_manager, "approve_plan", ApprovePlanImprovement())

    async def _log(self, pilot: PilotTemplate) -> None:
        """Log an issue of the pilot, which is solved, and the feedback of two people."""
        before_end, manager = self.programme.before_end, self.programme.project_manager
        issue = LogPilotIssueImprovement(
            title="表单重复询问 The form asks twice", text="同一问题出现两次。The same question comes twice."
        )
        await self.act(before_end(pilot.begins - 6), manager, "log_pilot_issue", issue)

        async def solution() -> SolvePilotIssueImprovement:
            (logged_issue,) = await self.script.children(self.kind, self.record_id, PilotIssue)
            return SolvePilotIssueImprovement(
                issue=logged_issue.id, solution="已删除重复项。The second one is gone."
            )

        await self.act(before_end(pilot.begins - 8), manager, "solve_pilot_issue", solution)
        stances = (
            (FeedbackStance.in_favour, "更快找到原因。The cause is found sooner."),
            (FeedbackStance.in_favour, "希望扩大范围。Others should have it, too."),
        )
        for n, (person, (stance, text)) in enumerate(zip(pilot.trained, stances, strict=True)):
            feedback = LogPilotFeedbackImprovement(
                person=self.programme.person(person), stance=stance, text=text
            )
            await self.act(before_end(pilot.begins - 12 - n), manager, "log_pilot_feedback", feedback)

    async def judge(self, pilot: PilotTemplate, judgement: str, **more: object) -> None:
        """Have the committee judge the pilot by its measured effect."""
        await self.ask_judgement(pilot, judgement, **more)
        await self.vote(self.programme.before_end(pilot.judged))

    async def ask_judgement(self, pilot: PilotTemplate, judgement: str, **more: object) -> None:
        """Ask the committee to judge the pilot by its measured effect."""
        when = self.programme.before_end(pilot.judged + 1)

        async def pilot_question() -> AskJudgementImprovement:
            fields = question(f"{self.template.title}: {judgement}?", when)
            position = (await self.current_record()).evaluation.measured_position
            return AskJudgementImprovement.model_validate(
                {**fields, "judgement": judgement, "position": position, **more}
            )

        await self.act(when, self.programme.quality, "ask_judgement", pilot_question)

    async def report_progress(self, days_ago: float, done: int, text: str) -> None:
        """Report the progress of the project."""

        async def body() -> ReportProgress:
            milestones = await self.script.children(self.kind, self.record_id, Milestone)
            first, second = sorted(milestones, key=lambda milestone: milestone.due_at or self.programme.end)
            return ReportProgress(
                milestones=(
                    MilestoneProgress(milestone=first.id, done=100),
                    MilestoneProgress(milestone=second.id, done=done),
                ),
                expected_at=self.programme.before_end(-60),
                text=text,
                cost_to_date="4300.00",
            )

        await self.act(
            self.programme.before_end(days_ago), self.programme.project_manager, "report_progress", body
        )

    async def _yet_to_sit(self, pilot: PilotTemplate) -> list[dict[str, str]]:
        """Return the members of the team in scope who were not trained, with a day by which they sit."""
        trained = {self.programme.person(name) for name in (*pilot.trained, data.SECOND_SITTING)}
        members = await active_members(
            self.programme.maker.ledger.db.rows,
            [row["id"] for row in await self.programme.maker.ledger.db.rows(NETWORK_TEAM)],
            MOST_LISTED,
        )
        due_at = instant(self.programme.before_end(-20))
        return [{"person": str(member), "due_at": due_at} for member in members if str(member) not in trained]

    async def roll_out(self, pilot: PilotTemplate) -> None:
        """Plan the rollout, and complete its steps up to the publication; the cutover lies ahead."""
        before_end, owner = self.programme.before_end, self.programme.person(HEAD_OF_IT)
        manager = self.programme.project_manager
        steps = [
            {"step": name, "owner": owner if name in LED_BY_OWNER else str(manager.person_id)}
            | ({} if days is None else {"due_at": instant(before_end(days))})
            for name, days in ROLLOUT_STEPS.items()
        ]
        plan = RollOutImprovement.model_validate(
            {
                "advice": "按试点报告逐团队推广。Team by team, as the report of the pilot says.",
                "scope": "全部现场的网络事件。Incidents of the network at every site.",
                "departments": ["网络 Network", "服务台 Service desk"],
                "teams": ["network"],
                "contributions": "每人半天培训。Half a day of training each.",
                "schedule": "两个月内完成。Within two months.",
                "told": "邮件与例会。By mail, and in meetings.",
                "steps": steps,
            }
        )
        await self.act(before_end(pilot.judged - 6), manager, "roll_out", plan)
        training = self.records.trainings[self.name].executors
        announcements = [
            {"medium": medium, "announced_at": instant(before_end(days)), "reach": reach}
            for medium, days, reach in (("邮件 Mail to all teams", 14, 180), ("例会 Team meetings", 12, 42))
        ]
        evidence: dict[str, dict[str, Any]] = {
            "name_owner": {"evidence": "部门会议任命。Named at the department's meeting.", "owner": owner},
            "organise": {
                "evidence": "已建立项目组。The group is there.",
                "goals": "解决时间减半。Half the time to resolve.",
                "weekly_plan": "每周一个现场。A site each week.",
            },
            "inform_and_train": {
                "evidence": "参加者全部通过，其余成员补考。All who sat have passed; the others sit later.",
                "announcements": announcements,
                "absent": await self._yet_to_sit(pilot),
                "training": str(training),
            },
            "publish": {
                "evidence": "已在内网发布。It is on the intranet.",
                "external_numbers": [f"WI-{self.name}"],
                "effective_at": instant(before_end(CUTOVER)),
            },
        }
        for name, fields in evidence.items():
            days = ROLLOUT_STEPS[name]
            assert days is not None
            body = CompleteRolloutStepImprovement.model_validate({"step": name, **fields})
            by = self.programme.owner if name in LED_BY_OWNER else manager
            await self.act(before_end(days + 1), by, "complete_rollout_step", body)
