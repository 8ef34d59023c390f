"""Scenarios of the demo's problems: templates with causes and workarounds, and how far each problem has
come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from app.common.children import Visibility
from app.common.people import rule_caller
from app.common.priorities.priority import Impact, Urgency
from app.demo.data.cmdb_data import SERVICES
from app.demo.data.organisation import HEAD_OF_IT, PROBLEM_MANAGER
from app.demo.script import DemoRun, Script, source_of
from app.demo.scripts.incident_scripts import IncidentScenario, Member, Participants
from app.demo.scripts.request_scripts import RecordScenario
from app.kernel.actions.payloads import Reason
from app.processes.problems.payloads import (
    AcceptProblemCandidate,
    AcceptRiskProblem,
    BeginFixProblem,
    CloseProblem,
    DetectProblemCandidate,
    DocumentWorkaroundProblem,
    IdentifyCauseProblem,
    InvestigateProblem,
    RaiseProblem,
    ResolveProblem,
)
from app.processes.problems.records import (
    CandidateDimension,
    CauseCategory,
    ProblemCandidate,
    ProblemOrigin,
    Technique,
)

DETECTOR = rule_caller("detect_recurring_incidents")
INCIDENT_WINDOW = timedelta(days=45)
MOST_INCIDENTS = 8


class Progress(IntEnum):
    """The furthest step that a problem reaches."""

    raised = 1
    investigated = 2
    known_error = 3
    fixing = 4
    removed = 5
    accepted = 6


@dataclass(frozen=True)
class ProblemTemplate:
    """A problem. It is raised `ago` days before the end of the history; `trend`: from a problem candidate
    that a rule has detected.
    """

    title: str
    service: str
    ago: int
    progress: Progress
    technique: Technique
    category: CauseCategory
    cause: str
    symptoms: str
    workaround: str
    trend: bool = False


PROBLEM_TEMPLATES = (
    ProblemTemplate(
        "Orders are slow at month end",
        "erp-sales",
        338,
        Progress.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "Reports of accounting lock the table of orders.",
        "Orders take half a minute on the last days of a month.",
        "Run the reports after 18:00.",
    ),
    ProblemTemplate(
        "仓库单据偶发无法打印",
        "erp-warehouse",
        310,
        Progress.removed,
        Technique.five_whys,
        CauseCategory.software,
        "打印服务的连接池耗尽后不再恢复。",
        "点击打印后无反应，约一小时一次。",
        "重启打印服务，约两分钟。",
        trend=True,
    ),
    ProblemTemplate(
        "Remote access drops at noon",
        "vpn",
        291,
        Progress.removed,
        Technique.change_analysis,
        CauseCategory.configuration,
        "A time-out of the new firewall is shorter than that of the clients.",
        "Drops after exactly 30 minutes.",
        "Have the client renew every 20 minutes.",
    ),
    ProblemTemplate(
        "夜间备份经常超时",
        "backup",
        262,
        Progress.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "备份窗口与月度归档重叠。",
        "备份作业运行超过六小时。",
        "把归档任务推迟到周六。",
        trend=True,
    ),
    ProblemTemplate(
        "Customers see an old certificate",
        "portal",
        247,
        Progress.removed,
        Technique.five_whys,
        CauseCategory.process,
        "Nobody renews certificates of the second node.",
        "The browser warns every second time.",
        "Load the page again.",
    ),
    ProblemTemplate(
        "生产计划与库存不一致",
        "erp-production",
        229,
        Progress.removed,
        Technique.fault_tree,
        CauseCategory.software,
        "接口在夏令时切换当天重复传送。",
        "同一工单出现两次。",
        "手工删除重复工单。",
    ),
    ProblemTemplate(
        "Docking stations lose the screen",
        "workplace-berlin",
        205,
        Progress.removed,
        Technique.change_analysis,
        CauseCategory.supplier,
        "Firmware 1.4 of the vendor.",
        "The second screen goes dark for seconds.",
        "Unplug the dock for ten seconds.",
        trend=True,
    ),
    ProblemTemplate(
        "Wi-Fi is weak in the canteen",
        "wifi-suzhou",
        183,
        Progress.accepted,
        Technique.ishikawa,
        CauseCategory.environment,
        "The hall was built without cabling for more access points.",
        "Below 1 Mbit/s at noon.",
        "Use the cable at the counter.",
    ),
    ProblemTemplate(
        "报表平台内存不足",
        "reporting",
        168,
        Progress.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "部分报表一次读取全年数据。",
        "月初上午报表超时。",
        "按季度分段查询。",
        trend=True,
    ),
    ProblemTemplate(
        "Errors after the big release of sales orders",
        "erp-sales",
        141,
        Progress.removed,
        Technique.change_analysis,
        CauseCategory.change,
        "The release was tested with the data of one site only.",
        "Saving fails for orders with several currencies.",
        "Enter each currency as an order of its own.",
        trend=True,
    ),
    ProblemTemplate(
        "发布后仓库接口中断",
        "erp-warehouse",
        133,
        Progress.removed,
        Technique.five_whys,
        CauseCategory.change,
        "发布清单遗漏了接口账户的新密码。",
        "早上之后没有新数据。",
        "由应用支持手工触发传送。",
    ),
    ProblemTemplate(
        "Mail gateway queues at nine",
        "mail",
        46,
        Progress.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "All sites fetch the address book at the same minute.",
        "Mail from outside comes 20 minutes late.",
        "Restart the queue.",
    ),
    ProblemTemplate(
        "车间系统响应缓慢",
        "mes",
        88,
        Progress.fixing,
        Technique.fault_tree,
        CauseCategory.hardware,
        "存储控制器降级运行。",
        "换班时页面需要半分钟。",
        "换班前十分钟先登录。",
        trend=True,
    ),
    ProblemTemplate(
        "Searches in customer records time out",
        "crm",
        71,
        Progress.known_error,
        Technique.timeline,
        CauseCategory.software,
        "An index is missing since the last update.",
        "Searching by town takes a minute.",
        "Search by customer number.",
    ),
    ProblemTemplate(
        "图纸偶发只读",
        "plm",
        16,
        Progress.known_error,
        Technique.five_whys,
        CauseCategory.configuration,
        "签出锁在断网后不释放。",
        "保存时提示只读。",
        "由服务台释放锁，约五分钟。",
    ),
    ProblemTemplate(
        "Packets are lost between the sites",
        "wan",
        39,
        Progress.known_error,
        Technique.ishikawa,
        CauseCategory.supplier,
        "The carrier's detour by Frankfurt.",
        "Calls break up in the afternoon.",
        "Use the conference bridge.",
        trend=True,
    ),
    ProblemTemplate(
        "Entries of yesterday are missing in the morning",
        "hr",
        22,
        Progress.investigated,
        Technique.timeline,
        CauseCategory.software,
        "…",
        "…",
        "…",
    ),
    ProblemTemplate(
        "采购订单保存报错",
        "erp-purchasing",
        9,
        Progress.investigated,
        Technique.timeline,
        CauseCategory.software,
        "…",
        "…",
        "…",
    ),
    ProblemTemplate(
        "Printers vanish from the list",
        "print-hamburg",
        3,
        Progress.raised,
        Technique.timeline,
        CauseCategory.software,
        "…",
        "…",
        "…",
    ),
)
#: Problem candidates that are declined: the category, days before the end of the history, and the reason.
DECLINED_CANDIDATES = (
    ("access-locked", 300, "Newcomers after the holidays; a reminder was sent. 节后新员工较多，已发提醒。"),
    ("usage-how-to", 220, "A course is planned. 已安排培训。"),
    ("hardware-accessory", 95, "Headsets are at the end of their life, and being replaced. 耳机到期更换中。"),
)


class ProblemScenario(RecordScenario):
    """The demo script of one problem: the incidents it comes from, its manager and its engineer."""

    template: ProblemTemplate
    incidents: tuple[str, ...]
    manager: Member
    engineer: Member

    @classmethod
    def from_templates(
        cls,
        maker: DemoRun,
        cast: Participants,
        end: datetime,
        lives: Sequence[IncidentScenario],
        incident_ids: Mapping[int, UUID],
    ) -> Iterator[ProblemScenario]:
        """Return the scenarios of all templates, each with incidents of the problem's service shortly
        before. `lives`: the incidents' scenarios; `incident_ids`: the incidents' ids by the numbers of their
        arrivals.
        """
        for n, trouble in enumerate(PROBLEM_TEMPLATES, start=1):
            opened = (end - timedelta(days=trouble.ago)).replace(hour=9, minute=3 * n)
            story = cls(maker, cast, end, "problem", f"problem-{n}", opened)
            story.template = trouble
            story.manager = cast.heads[PROBLEM_MANAGER]
            team = cast.staff[SERVICES[trouble.service].team]
            story.engineer = team[n % len(team)]
            incidents = [
                str(incident_ids[life.opening.n])
                for life in lives
                if life.service == trouble.service
                and opened - INCIDENT_WINDOW < life.opening.arrived_at < opened - timedelta(hours=6)
                and life.opening.n in incident_ids
                and not life.is_cancelled
            ]
            story.incidents = tuple(incidents[-MOST_INCIDENTS:])
            yield story

    async def play(self) -> None:
        """Play the problem up to its furthest step, at most to the lessons learnt at its closing."""
        trouble, team = self.template, SERVICES[self.template.service].team
        await self._raise()
        if trouble.progress < Progress.investigated:
            return None
        self.advance_days(1, self.manager)
        investigated = InvestigateProblem(team=team, assignee=self.engineer.id)
        await self.act(self.manager, "investigate", investigated)
        if trouble.progress < Progress.known_error:
            return None
        await self._find_cause()
        if trouble.progress is Progress.accepted:
            return await self._accept_risk()
        if trouble.progress >= Progress.fixing:
            await self._fix()
        return None

    async def _raise(self) -> None:
        trouble = self.template
        if trouble.trend and self.incidents:
            return await self._accept_candidate()
        incident = bool(self.incidents)
        body = RaiseProblem(
            title=trouble.title,
            description="See the incidents. 详见关联事件。",
            origin=ProblemOrigin.incident if incident else ProblemOrigin.review,
            service=trouble.service,
            affected_services=(trouble.service,),
            affected_customers=("logistics", "sales-asia"),
            affected_users=40,
            tried="Restarted. 已重启。",
            incidents=self.incidents,
            impact=Impact("2"),
            urgency=Urgency("2"),
        )
        return await self.act(self.manager, "raise", body)

    async def _accept_candidate(self) -> None:
        """Have the rule detect a problem candidate, and the problem manager accept it as the problem."""
        trouble = self.template
        name, source = f"{self.name}-candidate", source_of(self.opened, self.end)
        script = Script(self.maker, name, self.opened - timedelta(hours=20), source)
        candidacy = DetectProblemCandidate(
            dimension=CandidateDimension.service,
            value=trouble.service,
            since_at=self.opened - INCIDENT_WINDOW,
        )
        candidate = await script.act(DETECTOR, "problem_candidate", "detect", None, candidacy)
        script.now = self.now
        body = AcceptProblemCandidate(
            title=trouble.title,
            description="See the incidents. 详见关联事件。",
            affected_services=(trouble.service,),
            affected_customers=("plant-suzhou",),
            affected_users=60,
            tried="Restarted. 已重启。",
            incidents=self.incidents,
        )
        await script.act(self.manager.caller, "problem_candidate", "accept", candidate, body)
        stands = await script.load_record("problem_candidate", candidate)
        assert isinstance(stands, ProblemCandidate)
        self.record = stands.problem_id

    async def _find_cause(self) -> None:
        trouble = self.template
        self.advance_days(4, self.engineer)
        workaround = DocumentWorkaroundProblem(
            symptoms=trouble.symptoms, workaround=trouble.workaround, workaround_visibility=Visibility.public
        )
        await self.act(self.engineer, "document_workaround", workaround)
        self.advance_days(5, self.engineer)
        cause = IdentifyCauseProblem(
            technique=trouble.technique,
            cause=trouble.cause,
            cause_category=trouble.category,
            evidence="Shown in the test system. 在测试环境重现。",
        )
        await self.act(self.engineer, "identify_cause", cause)

    async def _accept_risk(self) -> None:
        self.advance_days(10, self.manager)
        until = self.now + timedelta(days=365)
        body = AcceptRiskProblem(reason="The hall is rebuilt next year. 明年改造。", until_at=until)
        await self.act(self.cast.heads[HEAD_OF_IT], "accept_risk", body)

    async def _fix(self) -> None:
        self.advance_days(5, self.manager)
        # The change is one of another tool: what looks like a number of ours has to be there.
        number = f"OPS-{self.template.ago:04}"
        if self.template.progress is Progress.fixing:
            await self.act(self.manager, "begin_fix", BeginFixProblem(fixing_change=number))
            return
        reason = "The setting is corrected on the spot. 现场调整配置即可。"
        await self.act(self.manager, "begin_fix", BeginFixProblem(no_change_reason=reason))
        self.advance_days(12, self.manager)
        prevention = "The cause is removed, and watched. 根因已消除并加入监控。"
        await self.act(self.manager, "resolve", ResolveProblem(prevention=prevention))
        self.advance_days(10, self.manager)
        lessons = "Ask who else does it at the same time. 变更前确认并行任务。"
        await self.act(self.manager, "close", CloseProblem(lessons=lessons))


async def decline_candidates(maker: DemoRun, cast: Participants, end: datetime) -> None:
    """Play the problem candidates that the problem manager declines."""
    for category, ago, why in DECLINED_CANDIDATES:
        opened = end - timedelta(days=ago)
        script = Script(maker, f"declined-{category}", opened, source_of(opened, end))
        candidacy = DetectProblemCandidate(
            dimension=CandidateDimension.category, value=category, since_at=opened - timedelta(days=30)
        )
        candidate = await script.act(DETECTOR, "problem_candidate", "detect", None, candidacy)
        script.now += timedelta(days=2)
        await script.act(
            cast.heads[PROBLEM_MANAGER].caller, "problem_candidate", "decline", candidate, Reason(reason=why)
        )
