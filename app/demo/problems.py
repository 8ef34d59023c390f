"""What was behind incidents in the demo's year: what is known of it, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID

from app.common.children import Visibility
from app.common.people import rule
from app.common.priority import Impact, Urgency
from app.demo.asking import Story
from app.demo.estate import SERVICES
from app.demo.life import Cast, Life, Member
from app.demo.organisation import HEAD_OF_IT, PROBLEMS
from app.demo.script import Maker, Script, source_of
from app.kernel.bodies import Reason
from app.processes.problems.candidates import AcceptProblemCandidate, DetectProblemCandidate
from app.processes.problems.lifecycle import (
    AcceptRiskProblem,
    BeginFixProblem,
    CloseProblem,
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

DETECTOR = rule("detect_recurring_incidents")
BEFORE = timedelta(days=45)
MOST_INCIDENTS = 8


class Way(IntEnum):
    """How far it comes at most."""

    raised = 1
    investigated = 2
    known = 3
    fixing = 4
    removed = 5
    accepted = 6


@dataclass(frozen=True)
class Cause:
    """What is behind it. It is raised so many days before the end of the history; `trend`: out of a
    candidate that a rule has found.
    """

    title: str
    service: str
    ago: int
    way: Way
    technique: Technique
    category: CauseCategory
    cause: str
    symptoms: str
    workaround: str
    trend: bool = False


ALL = (
    Cause(
        "Orders are slow at month end",
        "erp-sales",
        338,
        Way.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "Reports of accounting lock the table of orders.",
        "Orders take half a minute on the last days of a month.",
        "Run the reports after 18:00.",
    ),
    Cause(
        "仓库单据偶发无法打印",
        "erp-warehouse",
        310,
        Way.removed,
        Technique.five_whys,
        CauseCategory.software,
        "打印服务的连接池耗尽后不再恢复。",
        "点击打印后无反应，约一小时一次。",
        "重启打印服务，约两分钟。",
        trend=True,
    ),
    Cause(
        "Remote access drops at noon",
        "vpn",
        291,
        Way.removed,
        Technique.change_analysis,
        CauseCategory.configuration,
        "A time-out of the new firewall is shorter than that of the clients.",
        "Drops after exactly 30 minutes.",
        "Have the client renew every 20 minutes.",
    ),
    Cause(
        "夜间备份经常超时",
        "backup",
        262,
        Way.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "备份窗口与月度归档重叠。",
        "备份作业运行超过六小时。",
        "把归档任务推迟到周六。",
        trend=True,
    ),
    Cause(
        "Customers see an old certificate",
        "portal",
        247,
        Way.removed,
        Technique.five_whys,
        CauseCategory.process,
        "Nobody renews certificates of the second node.",
        "The browser warns every second time.",
        "Load the page again.",
    ),
    Cause(
        "生产计划与库存不一致",
        "erp-production",
        229,
        Way.removed,
        Technique.fault_tree,
        CauseCategory.software,
        "接口在夏令时切换当天重复传送。",
        "同一工单出现两次。",
        "手工删除重复工单。",
    ),
    Cause(
        "Docking stations lose the screen",
        "workplace-berlin",
        205,
        Way.removed,
        Technique.change_analysis,
        CauseCategory.supplier,
        "Firmware 1.4 of the vendor.",
        "The second screen goes dark for seconds.",
        "Unplug the dock for ten seconds.",
        trend=True,
    ),
    Cause(
        "Wi-Fi is weak in the canteen",
        "wifi-suzhou",
        183,
        Way.accepted,
        Technique.ishikawa,
        CauseCategory.environment,
        "The hall was built without cabling for more access points.",
        "Below 1 Mbit/s at noon.",
        "Use the cable at the counter.",
    ),
    Cause(
        "报表平台内存不足",
        "reporting",
        168,
        Way.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "部分报表一次读取全年数据。",
        "月初上午报表超时。",
        "按季度分段查询。",
        trend=True,
    ),
    Cause(
        "Errors after the release of July",
        "erp-sales",
        141,
        Way.removed,
        Technique.change_analysis,
        CauseCategory.change,
        "The release was tested with the data of one site only.",
        "Saving fails for orders with several currencies.",
        "Enter each currency as an order of its own.",
        trend=True,
    ),
    Cause(
        "发布后仓库接口中断",
        "erp-warehouse",
        133,
        Way.removed,
        Technique.five_whys,
        CauseCategory.change,
        "发布清单遗漏了接口账户的新密码。",
        "早上之后没有新数据。",
        "由应用支持手工触发传送。",
    ),
    Cause(
        "Mail gateway queues at nine",
        "mail",
        46,
        Way.removed,
        Technique.timeline,
        CauseCategory.capacity,
        "All sites fetch the address book at the same minute.",
        "Mail from outside comes 20 minutes late.",
        "Restart the queue.",
    ),
    Cause(
        "车间系统响应缓慢",
        "mes",
        88,
        Way.fixing,
        Technique.fault_tree,
        CauseCategory.hardware,
        "存储控制器降级运行。",
        "换班时页面需要半分钟。",
        "换班前十分钟先登录。",
        trend=True,
    ),
    Cause(
        "Searches in customer records time out",
        "crm",
        71,
        Way.known,
        Technique.timeline,
        CauseCategory.software,
        "An index is missing since the last update.",
        "Searching by town takes a minute.",
        "Search by customer number.",
    ),
    Cause(
        "图纸偶发只读",
        "plm",
        16,
        Way.known,
        Technique.five_whys,
        CauseCategory.configuration,
        "签出锁在断网后不释放。",
        "保存时提示只读。",
        "由服务台释放锁，约五分钟。",
    ),
    Cause(
        "Packets are lost between the sites",
        "wan",
        39,
        Way.known,
        Technique.ishikawa,
        CauseCategory.supplier,
        "The carrier's detour by Frankfurt.",
        "Calls break up in the afternoon.",
        "Use the conference bridge.",
        trend=True,
    ),
    Cause(
        "Entries of yesterday are missing in the morning",
        "hr",
        22,
        Way.investigated,
        Technique.timeline,
        CauseCategory.software,
        "…",
        "…",
        "…",
    ),
    Cause(
        "采购订单保存报错",
        "erp-purchasing",
        9,
        Way.investigated,
        Technique.timeline,
        CauseCategory.software,
        "…",
        "…",
        "…",
    ),
    Cause(
        "Printers vanish from the list",
        "print-hamburg",
        3,
        Way.raised,
        Technique.timeline,
        CauseCategory.software,
        "…",
        "…",
        "…",
    ),
)
#: Of what recurred and was found to be nothing: the category, when, and why.
DECLINED = (
    ("access-locked", 300, "Newcomers after the holidays; a reminder was sent. 节后新员工较多，已发提醒。"),
    ("usage-how-to", 220, "A course is planned. 已安排培训。"),
    ("hardware-accessory", 95, "Headsets are at the end of their life, and being replaced. 耳机到期更换中。"),
)


class Finding(Story):
    """A problem."""

    trouble: Cause
    incidents: tuple[str, ...]
    manager: Member
    engineer: Member

    @classmethod
    def all(
        cls, maker: Maker, cast: Cast, end: datetime, lives: Sequence[Life], made: Mapping[int, UUID]
    ) -> Iterator[Finding]:
        """All of them, with the incidents that show each: those of its service shortly before."""
        for n, trouble in enumerate(ALL, start=1):
            opened = (end - timedelta(days=trouble.ago)).replace(hour=9, minute=3 * n)
            story = cls(maker, cast, end, "problem", f"problem-{n}", opened)
            story.trouble = trouble
            story.manager = cast.heads[PROBLEMS]
            team = cast.staff[SERVICES[trouble.service].team]
            story.engineer = team[n % len(team)]
            shown = [
                str(made[life.opening.n])
                for life in lives
                if life.service == trouble.service
                and opened - BEFORE < life.opening.at < opened - timedelta(hours=6)
                and life.opening.n in made
            ]
            story.incidents = tuple(shown[-MOST_INCIDENTS:])
            yield story

    async def live(self) -> None:
        """From what recurs to what is learnt of it, as far as it comes."""
        trouble, team = self.trouble, SERVICES[self.trouble.service].team
        await self._raise()
        if trouble.way < Way.investigated:
            return None
        self.days_later(1, self.manager)
        investigated = InvestigateProblem(team=team, assignee=self.engineer.id)
        await self.do(self.manager, "investigate", investigated)
        if trouble.way < Way.known:
            return None
        await self._know()
        if trouble.way is Way.accepted:
            return await self._accept()
        if trouble.way >= Way.fixing:
            await self._fix()
        return None

    async def _raise(self) -> None:
        trouble = self.trouble
        if trouble.trend and self.incidents:
            return await self._accepted()
        incident = bool(self.incidents)
        body = RaiseProblem(
            title=trouble.title,
            description=f"{trouble.title}: see the incidents. 详见关联事件。",
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
        return await self.do(self.manager, "raise", body)

    async def _accepted(self) -> None:
        """The rule finds it, and whoever manages problems accepts that."""
        trouble = self.trouble
        name, source = f"{self.name}-candidate", source_of(self.opened, self.end)
        script = Script(self.maker, name, self.opened - timedelta(hours=20), source)
        found = DetectProblemCandidate(
            dimension=CandidateDimension.service, value=trouble.service, since_at=self.opened - BEFORE
        )
        candidate = await script.act(DETECTOR, "problem_candidate", "detect", None, found)
        script.now = self.now
        body = AcceptProblemCandidate(
            title=trouble.title,
            description=f"{trouble.title}: see the incidents. 详见关联事件。",
            affected_services=(trouble.service,),
            affected_customers=("plant-suzhou",),
            affected_users=60,
            tried="Restarted. 已重启。",
            incidents=self.incidents,
        )
        await script.act(self.manager.caller, "problem_candidate", "accept", candidate, body)
        stands = await script.as_it_stands("problem_candidate", candidate)
        assert isinstance(stands, ProblemCandidate)
        self.record = stands.problem_id

    async def _know(self) -> None:
        trouble = self.trouble
        self.days_later(4, self.engineer)
        said = DocumentWorkaroundProblem(
            symptoms=trouble.symptoms, workaround=trouble.workaround, workaround_visibility=Visibility.public
        )
        await self.do(self.engineer, "document_workaround", said)
        self.days_later(5, self.engineer)
        cause = IdentifyCauseProblem(
            technique=trouble.technique,
            cause=trouble.cause,
            cause_category=trouble.category,
            evidence="Shown in the test system. 在测试环境重现。",
        )
        await self.do(self.engineer, "identify_cause", cause)

    async def _accept(self) -> None:
        self.days_later(10, self.manager)
        until = self.now + timedelta(days=365)
        body = AcceptRiskProblem(reason="The hall is rebuilt next year. 明年改造。", until_at=until)
        await self.do(self.cast.heads[HEAD_OF_IT], "accept_risk", body)

    async def _fix(self) -> None:
        self.days_later(5, self.manager)
        number = f"CHG-{self.now.year}-{self.trouble.ago:04}"
        await self.do(self.manager, "begin_fix", BeginFixProblem(fixing_change=number))
        if self.trouble.way is Way.fixing:
            return
        self.days_later(12, self.manager)
        prevention = "The cause is removed, and watched. 根因已消除并加入监控。"
        await self.do(self.manager, "resolve", ResolveProblem(prevention=prevention))
        self.days_later(10, self.manager)
        lessons = "Ask who else does it at the same time. 变更前确认并行任务。"
        await self.do(self.manager, "close", CloseProblem(lessons=lessons))


async def decline(maker: Maker, cast: Cast, end: datetime) -> None:
    """What recurred, and was found to be nothing."""
    for category, ago, why in DECLINED:
        opened = end - timedelta(days=ago)
        script = Script(maker, f"declined-{category}", opened, source_of(opened, end))
        found = DetectProblemCandidate(
            dimension=CandidateDimension.category, value=category, since_at=opened - timedelta(days=30)
        )
        made = await script.act(DETECTOR, "problem_candidate", "detect", None, found)
        script.now += timedelta(days=2)
        await script.act(
            cast.heads[PROBLEMS].caller, "problem_candidate", "decline", made, Reason(reason=why)
        )
