"""The demo's register of risks: of each what it is, and what happened to it, in days before the end."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.data.organisation import (
    BUSINESS_HEAD,
    CHANGE_MANAGER,
    DEVELOPMENT_LEAD,
    OPERATIONS_LEAD,
    SECURITY_LEAD,
    SERVICE_LEVEL_MANAGER,
)

#: Names of the risks that something else of the demo refers to.
UNTRIED_RESTORE, ONE_LINE, ONE_EXPERT, BACKLOG, UNTESTED_RELEASE, RELOCATION = (
    *("untried-restore", "one-line", "one-expert", "backlog"),
    *("untested-release", "relocation"),
)


@dataclass(frozen=True)
class Assessed:
    """The owner assesses the risk for the first time or again. `due` is the next assessment, if earlier than
    in three months.
    """

    days: float
    likelihood: int
    impact: int
    remark: str
    controllable: bool = True
    dear: bool = False
    due: float | None = None


@dataclass(frozen=True)
class Treated:
    """The risk is treated, by its owner unless somebody else is named. Each action has a title, an owner and
    the day on which it is due.
    """

    days: float
    response: str
    actions: tuple[tuple[str, str, float], ...] = ()
    by: str | None = None
    transfer_to: str | None = None
    accepted_until: float | None = None


@dataclass(frozen=True)
class ActionDone:
    """An action against the risk is done by its owner."""

    days: float
    title: str
    outcome: str


@dataclass(frozen=True)
class ActionOverdue:
    """An action against the risk is flagged on the day on which it was due."""

    title: str


@dataclass(frozen=True)
class Occurred:
    """The risk that was warned of has happened; a person records it half a day later."""

    days: float
    by: str
    extent: str
    loss: str


@dataclass(frozen=True)
class ReassessmentMissed:
    """The owner is reminded of the next assessment of the risk, and misses it."""

    due: float


@dataclass(frozen=True)
class RiskOver:
    """The process owner closes the risk."""

    days: float
    reason: str


@dataclass(frozen=True)
class Indicator:
    """A KPI of a team that is to warn of the risk."""

    days: float
    kpi: str
    comparator: str
    threshold: str
    team: str
    window_days: int


RiskStep = (
    Assessed | Treated | ActionDone | ActionOverdue | Occurred | ReassessmentMissed | RiskOver | Indicator
)


@dataclass(frozen=True)
class RiskTemplate:
    """A risk, when it was identified, and what happened to it since then."""

    name: str
    title: str
    kind: str
    found_by: str
    cause: str
    identified_by: str
    owner: str
    identified: float
    steps: tuple[RiskStep, ...] = ()
    process: str | None = None
    services: tuple[str, ...] = ()


SECOND_LINE = "接入第二条专线 Set up a second line"
EXERCISE = "每季度演练恢复 Try to restore each quarter"
MANUAL = "编写接口手册 Write down the interfaces"
MONTH_END = "月末增派一人 One more person at month ends"
GATE = "回归测试成为放行条件 No gate without the test"
CARRIER = "专线运营商 Line carrier"
UNCHANGED_SITUATION = "情况未变。Nothing has changed."
RISKS = (
    RiskTemplate(
        UNTRIED_RESTORE,
        "数据库恢复从未演练 A database was never restored in earnest",
        "technical",
        "checklist",
        "备份每天进行，但没有人试过恢复。Backups are made each day, and nobody has tried to restore one.",
        "郑凯",
        OPERATIONS_LEAD,
        300,
        (
            Assessed(296, 3, 5, "一旦发生，停产两天以上。If it happens, plants stand for two days or more."),
            Treated(
                290,
                "reduce",
                ((EXERCISE, "Elena Petrova", 255),),
            ),
            ActionDone(
                260,
                EXERCISE,
                "四小时内恢复成功。Restored within four hours.",
            ),
            Assessed(228, 2, 5, "已演练一次。It was tried once."),
            Assessed(158, 2, 4, "已演练两次。It was tried twice."),
            Assessed(88, 1, 5, "演练已成惯例。It has become a habit."),
            Assessed(20, 1, 5, UNCHANGED_SITUATION),
        ),
        services=("databases", "backup"),
    ),
    RiskTemplate(
        ONE_LINE,
        "两地之间只有一条专线 There is one line between the sites",
        "outside",
        "brainstorming",
        "只有一家运营商，施工时常被挖断。One carrier, and diggers have cut its cable before.",
        "孙浩",
        OPERATIONS_LEAD,
        280,
        (
            Assessed(276, 4, 4, "每年约一次。About once a year."),
            Treated(270, "transfer", ((SECOND_LINE, "Tomasz Nowak", 8),), transfer_to=CARRIER),
            Assessed(205, 4, 4, UNCHANGED_SITUATION),
            Occurred(
                150,
                "Tomasz Nowak",
                "两地不通三小时，订单改为电话传递。Three hours without a line; orders went by telephone.",
                "12400.00",
            ),
            Assessed(148, 5, 4, "刚刚发生过。It has just happened."),
            Assessed(78, 4, 4, "第二条线已订购。A second line is ordered."),
            ActionOverdue(SECOND_LINE),
            Assessed(7, 4, 4, "施工延期。The works are late."),
        ),
        services=("wan", "internet"),
    ),
    RiskTemplate(
        "old-printers",
        "旧打印服务器没有备件 No spare parts for the old print server",
        "technical",
        "checklist",
        "厂商已停产，换新不划算。Its maker has stopped making it; another one is not worth the money.",
        "Julia Brandt",
        SERVICE_LEVEL_MANAGER,
        120,
        (
            Assessed(117, 3, 2, "可用其他楼层打印机。There are printers on other floors.", dear=True),
            Treated(115, "accept", accepted_until=-150),
            Assessed(45, 3, 2, UNCHANGED_SITUATION, dear=True),
        ),
        services=("print-suzhou",),
    ),
    RiskTemplate(
        ONE_EXPERT,
        "只有一人熟悉车间系统 One person alone knows the shop floor system",
        "people",
        "delphi",
        "接口没有文档，休假期间无人能改。Its interfaces are not documented; nobody else can mend them.",
        "刘洋",
        DEVELOPMENT_LEAD,
        210,
        (
            Assessed(206, 3, 3, "一年两次长假。There are two long holidays a year."),
            Treated(
                200,
                "reduce",
                (
                    (MANUAL, "刘洋", 130),
                    ("培养第二人 Train a second person", "Aisha Rahman", -30),
                ),
            ),
            ActionDone(138, MANUAL, "手册已评审。It was reviewed."),
            Assessed(136, 3, 3, UNCHANGED_SITUATION),
            Assessed(64, 4, 4, "熟悉的人提出调岗。Who knows it has asked for another post."),
        ),
        services=("mes",),
    ),
    RiskTemplate(
        "old-shop-floor",
        "车间系统的平台停止支持 The platform of the shop floor system is out of support",
        "technical",
        "audit",
        "厂商不再提供补丁，替换项目明年开始。No more patches; it is replaced next year.",
        "Jonas Berg",
        DEVELOPMENT_LEAD,
        110,
        (
            Assessed(
                106, 3, 5, "与外网隔离。It is cut off from the internet.", controllable=False, dear=True
            ),
            # Its owner could not accept a high one.
            Treated(98, "accept", by=BUSINESS_HEAD, accepted_until=-200),
            Assessed(36, 3, 5, UNCHANGED_SITUATION, controllable=False, dear=True),
        ),
        services=("mes", "erp-production"),
    ),
    RiskTemplate(
        BACKLOG,
        "应用支持积压 The applications team falls behind",
        "process",
        "event",
        "月结期间事件集中，其余工作被推迟。At the end of the month everything else waits.",
        "韩雪",
        SERVICE_LEVEL_MANAGER,
        90,
        (
            Assessed(86, 3, 3, "每月末出现。It comes at the end of each month."),
            Indicator(84, "backlog", "ge", "5", "applications", 30),
            Treated(82, "reduce", ((MONTH_END, "黄敏", 50),)),
            ActionDone(55, MONTH_END, "两个月末已执行。Done twice."),
            Assessed(14, 2, 3, "积压减少。It has become less."),
        ),
        process="incident",
    ),
    RiskTemplate(
        UNTESTED_RELEASE,
        "发布前不做回归测试 Releases go out without a regression test",
        "process",
        "event",
        "失败的发布造成大量事件。A release that failed has raised many incidents.",
        "Katrin Lorenz",
        CHANGE_MANAGER,
        125,
        (
            Assessed(124, 4, 4, "同样的发布每月一次。There is one like it each month."),
            Treated(122, "reduce", ((GATE, "Aisha Rahman", 80),)),
            ActionDone(84, GATE, "已写入模板。It is in the template."),
            Assessed(60, 1, 4, "三次发布均无事件。Three releases without an incident."),
            RiskOver(50, "放行条件已执行三次。The gate has held three times."),
        ),
        process="change",
    ),
    RiskTemplate(
        RELOCATION,
        "明年两个团队搬迁 Two teams move next year",
        "people",
        "brainstorming",
        "搬迁当周两个团队不可用。In that week neither team can work.",
        "白璐",
        OPERATIONS_LEAD,
        84,
        (
            Assessed(80, 3, 3, "日期未定。There is no date yet.", due=6),
            ReassessmentMissed(6),
        ),
    ),
    RiskTemplate(
        "phishing",
        "钓鱼邮件骗取登录信息 Phishing for sign-ins",
        "outside",
        "event",
        "两名员工上周点击了同一链接。Two people have followed the same link last week.",
        "Sofia Rossi",
        SECURITY_LEAD,
        3,
        (Assessed(2, 4, 5, "第二因素尚未覆盖所有人。Not everybody has a second factor yet."),),
        services=("sign-in", "mail"),
    ),
)
