"""Scenarios of the demo's project requests: templates, and the course of each project from request to
training.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.common.priorities.priority import Impact, Urgency
from app.common.tickets import Channel
from app.demo.data.catalogue_data import BY_KEY
from app.demo.data.cmdb_data import DESK
from app.demo.data.organisation import CURRENCY, REQUESTERS
from app.demo.data.satisfaction_data import ASKER
from app.demo.foundations import group_of
from app.demo.script import DemoRun
from app.demo.scripts.incident_scripts import CLOSER, REOPEN_DAYS, Member, Participants
from app.demo.scripts.request_scripts import RecordScenario
from app.foundation.services.records import FulfilmentPath
from app.kernel.actions.payloads import EmptyPayload
from app.processes.requests.payloads import (
    AcceptanceCriterion,
    AcceptanceIssue,
    AssessRequest,
    BeginImplementationRequest,
    CheckQualityRequest,
    ConfirmRequirementsRequest,
    CriterionAssessment,
    ProposeSolutionRequest,
    RecordAcceptanceRequest,
    RecordTrainingRequest,
    ReportProgressRequest,
    ReviewSolutionRequest,
    SolutionRisk,
    SubmitForAcceptanceRequest,
    SubmitRequest,
)
from app.processes.requests.records import (
    AcceptanceVerdict,
    ConfirmationMethod,
    Criterion,
    Judgement,
    ReviewSide,
    ReviewVerdict,
    VerificationMethod,
)
from app.ticketing.projects.actions import MilestoneProgress
from app.ticketing.projects.planning import PlannedMilestone, PlannedTask
from app.ticketing.projects.records import Milestone
from app.ticketing.records import Task
from app.ticketing.satisfaction.ratings import RateTicket
from app.ticketing.work.tasks import CompleteTask

TEAM = "applications"
#: Fractions of a project's duration at which progress is reported; a task is completed with the second and
#: the third report.
REPORT_POINTS = (0.3, 0.48, 1.0)


@dataclass(frozen=True)
class ProjectTemplate:
    """A project that a department requests.

    It is requested `ago` days before the end of the history and takes about `weeks` to build; before that
    come `revisions` of its solution, and at the end `rounds` of acceptance that fail.
    """

    title: str
    why: str
    customer: str
    system: str
    ago: int
    weeks: int
    revisions: int = 0
    rounds: int = 0
    late: bool = False


#: The newest projects are still under way at the end of the history.
PROJECTS = (
    ProjectTemplate(
        "请假审批系统", "目前以纸质方式请假，财务无法及时核对。", "finance", "hr", 350, 8, revisions=1
    ),
    ProjectTemplate(
        "Scan goods at the gate", "Drivers wait for papers.", "logistics", "erp-warehouse", 340, 10, rounds=1
    ),
    ProjectTemplate("报价单自动生成", "每份报价单手工填写需要半小时。", "sales-asia", "erp-sales", 318, 6),
    ProjectTemplate(
        "Archive of test reports", "Reports are kept in folders.", "research", "plm", 300, 9, 1, 1, late=True
    ),
    ProjectTemplate("车间看板", "班组看不到当班进度。", "plant-suzhou", "mes", 281, 7, late=True),
    ProjectTemplate("Invoices without paper", "Customers ask for them.", "logistics", "erp-finance", 262, 12),
    ProjectTemplate(
        "供应商评分", "评分依据分散在多个表格中。", "plant-suzhou", "erp-purchasing", 240, 5, revisions=1
    ),
    ProjectTemplate("Samples by bar code", "Labels are written by hand.", "research", "plm", 214, 6),
    ProjectTemplate(
        "应收账款预警", "逾期款项发现太晚。", "finance", "erp-finance", 190, 7, rounds=1, late=True
    ),
    ProjectTemplate(
        "Delivery windows in the portal", "Customers call to ask.", "logistics", "portal", 160, 8, 2
    ),
    ProjectTemplate("移动端客户拜访记录", "拜访记录事后补录。", "sales-asia", "crm", 132, 6),
    ProjectTemplate(
        "Machine hours per project", "They are estimated today.", "research", "mes", 104, 8, rounds=1
    ),
    ProjectTemplate("工资条电子化", "每月打印两千份。", "finance", "payroll", 76, 9, revisions=1),
    ProjectTemplate("Returns in the portal", "Returns come without a number.", "logistics", "portal", 58, 10),
    ProjectTemplate("质量追溯报表", "客户审核时需要两天准备。", "plant-suzhou", "reporting", 34, 6),
    ProjectTemplate("Forecast of samples", "Material is short every spring.", "research", "reporting", 13, 8),
    ProjectTemplate("合同到期提醒", "合同到期后才发现。", "sales-asia", "crm", 4, 6),
)
FILLER_TEXT = {"en": "As discussed in the meetings, see the minutes.", "zh": "按会议纪要执行。"}


class ProjectScenario(RecordScenario):
    """The scenario of one project request."""

    project: ProjectTemplate
    requester: Member
    colleague: Member
    architect: Member
    reviewer: Member
    developers: tuple[Member, Member]
    started: datetime

    @classmethod
    def from_templates(cls, maker: DemoRun, cast: Participants, end: datetime) -> Iterator[ProjectScenario]:
        """Return the scenarios of all project templates."""
        for n, project in enumerate(PROJECTS, start=1):
            opened = (end - timedelta(days=project.ago)).replace(hour=8, minute=7 * n % 60)
            story = cls(maker, cast, end, "request", f"project-{n}", opened)
            theirs = [
                m for m, (_, key) in zip(cast.requesters, REQUESTERS, strict=True) if key == project.customer
            ]
            story.project, story.requester, story.colleague = project, theirs[1], theirs[0]
            team = cast.staff[TEAM]
            story.architect, story.reviewer = team[n % 4], team[(n + 1) % 4]
            story.developers = (team[n % 4], team[(n + 2) % 4])
            yield story

    @property
    def text(self) -> str:
        """A text in the requester's language, for fields whose content does not matter."""
        return FILLER_TEXT[self.requester.site.language]

    async def play(self) -> None:
        """Play the project from the request to the training, up to the end of the history."""
        await self._request()
        await self._analyse()
        for _ in range(self.project.revisions):
            await self._propose()
            await self._review(self.requester, ReviewSide.business, ReviewVerdict.revise)
        await self._propose()
        await self._review(self.reviewer, ReviewSide.it, ReviewVerdict.approve)
        await self._review(self.requester, ReviewSide.business, ReviewVerdict.approve)
        await self._implement()
        for _ in range(self.project.rounds):
            await self._submit_for_acceptance()
            await self._accept(AcceptanceVerdict.failed)
            await self._fix_issues()
        await self._submit_for_acceptance()
        await self._accept(AcceptanceVerdict.accepted)
        await self._train()

    async def _request(self) -> None:
        item = BY_KEY["development"]
        body = SubmitRequest.model_validate(
            {
                "title": self.project.title,
                "description": self.project.why,
                "channel": Channel.portal,
                "urgency": Urgency("3"),
                "item": item.key,
                "answers": {"system": self.project.system, "why": self.project.why},
            }
        )
        await self.act(self.requester, "submit", body)
        self.advance(240, self.requester)
        assessed = AssessRequest(
            category=item.category,
            impact=Impact("2"),
            urgency=Urgency("2"),
            path=FulfilmentPath.project,
            team=TEAM,
        )
        await self.act(self.pick_member(DESK), "assess", assessed)

    async def _analyse(self) -> None:
        self.advance_days(6, self.architect)
        criteria = (
            AcceptanceCriterion(text=f"{self.project.title} ✓", shown_by=VerificationMethod.demonstration),
            AcceptanceCriterion(text="Figures agree. 数据一致。", shown_by=VerificationMethod.data_check),
        )
        body = ConfirmRequirementsRequest(
            background=self.project.why,
            functional=self.project.title,
            performance="Fifty people at once. 支持五十人同时使用。",
            interfaces=f"{self.project.system}",
            data=self.text,
            heard=(self.requester.id,),
            criteria=criteria,
            acceptance_group=group_of(self.project.customer),
            confirmed_at=self.now,
            confirmation_method=ConfirmationMethod.meeting,
        )
        await self.act(self.architect, "confirm_requirements", body)

    async def _propose(self) -> None:
        self.advance_days(5, self.architect)
        weeks = self.project.weeks * (0.6 if self.project.late else 2.5)
        body = ProposeSolutionRequest(
            architecture=self.text,
            steps=self.text,
            resources="Two people. 两人。",
            schedule=self.text,
            planned_at=self.now + timedelta(weeks=weeks, days=14),
            risks=(SolutionRisk(risk="The other system changes. 对方系统变更。", response=self.text),),
        )
        await self.act(self.architect, "propose_solution", body)

    async def _review(self, reviewer: Member, side: ReviewSide, verdict: ReviewVerdict) -> None:
        self.advance_days(1.5, reviewer)
        again = verdict is ReviewVerdict.revise
        body = ReviewSolutionRequest(
            side=side,
            verdict=verdict,
            feasibility=Judgement.good,
            business_fit=Judgement.poor if again else Judgement.good,
            cost_and_benefit=Judgement.acceptable,
            comment=self.text if again else None,
        )
        await self.act(reviewer, "review_solution", body)

    async def _implement(self) -> None:
        self.advance_days(2, self.architect)
        due = self.now + timedelta(weeks=self.project.weeks)
        half = self.now + timedelta(weeks=self.project.weeks / 2)
        tasks = tuple(
            PlannedTask(title=title, assignee=assignee.id, team=TEAM, milestone=n, due_at=when)
            for n, title, assignee, when in (
                (1, "Build it 开发", self.developers[0], half),
                (2, "Bring the data over 迁移数据", self.developers[1], due),
            )
        )
        body = BeginImplementationRequest(
            milestones=(
                PlannedMilestone(title="It runs 可运行", due_at=half),
                PlannedMilestone(title="It is tried 已验证", due_at=due),
            ),
            tasks=tasks,
            planned_cost=f"{self.project.weeks * 4_000}.00",
            currency=CURRENCY,
        )
        await self.act(self.architect, "begin_implementation", body)
        self.started = self.now
        for part in REPORT_POINTS:
            await self._report(part)
        await self._check("Test of the whole 整体测试")

    async def _report(self, part: float) -> None:
        """Move the clock to the fraction `part` of the duration and report progress; tasks are completed a
        little before or after they are due.
        """
        slower = 1.25 if self.project.late else 0.93
        self.script.now = max(self.now, self.started + timedelta(weeks=self.project.weeks * part * slower))
        self.advance(30, self.developers[0])
        if part > REPORT_POINTS[0]:
            await self._complete()
        done = (min(100, int(part * 210)), int(part * 100))  # of the milestones, by their due dates
        expected = max(self.now, self.started + timedelta(weeks=self.project.weeks * slower)) + timedelta(
            days=7
        )

        async def body() -> ReportProgressRequest:
            milestones = await self.script.children("request", self.record_id, Milestone)
            return ReportProgressRequest(
                milestones=tuple(
                    MilestoneProgress(milestone=milestone.id, done=share)
                    for milestone, share in zip(_by_due_date(milestones), done, strict=True)
                ),
                expected_at=expected,
                cost_to_date=f"{int(self.project.weeks * 4_000 * part * slower)}.00",
                text=self.text,
            )

        await self.act(self.developers[0], "report_progress", body)

    async def _complete(self) -> None:
        """Complete the task that is due next."""
        await self.act(self.developers[0], "complete_task", self._task)

    async def _task(self) -> CompleteTask:
        tasks = await self.script.children("request", self.record_id, Task)
        left = [task for task in tasks if task.completed_at is None]
        first = min(left, key=lambda task: (task.due_at is None, task.due_at, task.title))
        return CompleteTask(task=first.id, outcome="Done. 已完成。")

    async def _check(self, checkpoint: str) -> None:
        self.advance_days(1, self.reviewer)
        body = CheckQualityRequest(checkpoint=checkpoint, passed=True, findings=self.text)
        await self.act(self.reviewer, "check_quality", body)

    async def _submit_for_acceptance(self) -> None:
        self.advance(120, self.developers[0])
        body = SubmitForAcceptanceRequest(
            manual="https://intranet.example/manuals", wanted_at=self.now + timedelta(days=6)
        )
        await self.act(self.developers[0], "submit_for_acceptance", body)

    async def _accept(self, verdict: AcceptanceVerdict) -> None:
        self.script.now += timedelta(days=6)
        self.advance(60, self.requester)
        good = verdict is AcceptanceVerdict.accepted
        due = self.now + timedelta(days=14)
        issues = () if good else (AcceptanceIssue(title="Figures differ 数据不一致", due_at=due),)

        async def body() -> RecordAcceptanceRequest:
            criteria = await self.script.children("request", self.record_id, Criterion)
            return RecordAcceptanceRequest(
                participants=(self.requester.id, self.colleague.id),
                results=tuple(
                    CriterionAssessment(
                        criterion=criterion.id,
                        shown_by=criterion.shown_by or VerificationMethod.demonstration,
                        passed=good or criterion.shown_by is VerificationMethod.demonstration,
                    )
                    for criterion in criteria
                ),
                verdict=verdict,
                issues=issues,
            )

        await self.act(self.requester, "record_acceptance", body)

    async def _fix_issues(self) -> None:
        self.advance_days(6, self.developers[0])
        await self._complete()
        await self._check("Test of the whole 整体测试")

    async def _train(self) -> None:
        delivered = self.now
        self.advance_days(2, self.developers[0])
        body = RecordTrainingRequest(audience=self.text, topics=self.text, material=self.text, attended=12)
        await self.act(self.developers[0], "record_training", body)
        # Projects are few, and all are asked about.
        await self.act(Member(ASKER, self.requester.site), "ask_rating", EmptyPayload())
        self.advance(120, self.requester)
        score = self.chance.choice((3, 4, 5, 5))
        await self.act(self.requester, "rate", RateTicket(score=score))
        self.script.now = max(self.now, delivered + timedelta(days=REOPEN_DAYS))
        await self.act(Member(CLOSER, self.requester.site), "close", EmptyPayload())


def _by_due_date(milestones: Sequence[Milestone]) -> list[Milestone]:
    return sorted(milestones, key=lambda milestone: str(milestone.due_at))
