"""The demo's improvement programme: its texts, its dates in days before the end of the history, and the
effects that are planted in the incidents (pure).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The window of days before the end of the history, the older end first.
Window = tuple[float, float]
KPI = "first_resolution_seconds"
#: Names of the demo's improvements, which distinguish their idempotency keys.
FINISHED, PILOTED, REVERTED, FADED, ROLLED_OUT = "finished", "piloted", "reverted", "faded", "rolled-out"
#: The improvement whose proposal waits for the committee.
PROPOSED = "proposed"


@dataclass(frozen=True)
class PlantedEffect:
    """A team takes `factor` of its usual time for incidents that arrive in the window."""

    team: str
    window: Window
    factor: float


#: Effects of the improvements on incidents. The month of the failed release lies 92 to 154 days ago. Helpful
#: effects are large enough to be found whenever a demo is made. The pilot that is extended makes cases take
#: slightly longer while it is new, so that chance shows neither a benefit nor a larger harm.
PLANTED = (
    PlantedEffect("service-desk", (58, 0), 0.12),
    PlantedEffect("workplace", (50, 0), 1.1),
    PlantedEffect("network", (80, 0), 0.08),
    PlantedEffect("platform", (185, 120), 0.1),
)


def planted_factor(team: str, days_ago: float) -> float:
    """Return the factor on the team's time for an incident that arrives so many days before the end."""
    for planted in PLANTED:
        begin, end = planted.window
        if planted.team == team and end <= days_ago < begin:
            return planted.factor
    return 1.0


@dataclass(frozen=True)
class ImprovementTemplate:
    """An improvement: its texts, its target KPI with the promise, and when it was selected and approved."""

    name: str
    title: str
    aspect: str
    description: str
    why: str
    goal: str
    method: str
    steps: str
    benefit: str
    target: str
    promised: str
    baseline: Window
    selected: float
    kpi: str = KPI
    scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = "staff"
    plan_target: str | None = None


FADED_IMPROVEMENT = ImprovementTemplate(
    name=FADED,
    title="平台告警直达值班人员 Platform alerts reach whoever is on duty",
    aspect="tool",
    description="告警先进入公共邮箱，由当班人员人工转派。Alerts go to a shared mailbox, from there by hand.",
    why="夜间告警常常等到早班才有人看。At night an alert waits until the morning shift.",
    goal="平台类事件的解决时间减半。Incidents of the platform take half the time.",
    method="按值班表直接派单。Alerts are assigned by the rota.",
    steps="先接入存储告警，再接入数据库告警。Storage first, then the databases.",
    benefit="业务系统夜间中断更短。Night outages become shorter.",
    target="platform-faster",
    promised="-0.4",
    baseline=(240, 190),
    selected=189,
    scope={"team": ("platform",)},
    source="internal_review",
)
FINISHED_IMPROVEMENT = ImprovementTemplate(
    name=FINISHED,
    title="服务台知识卡片 Answer cards for the service desk",
    aspect="activity",
    description="常见问题没有统一答复，坐席各自查找。Each agent looks up the same answers anew.",
    why="账号与权限类来电占服务台工作的一半。Half of the desk's calls are about accounts and rights.",
    goal="服务台事件的解决时间缩短三分之一。The desk resolves its incidents in two thirds of the time.",
    method="为二十类常见来电编写卡片。A card for each of the twenty most usual calls.",
    steps="一周编写，一周试用。A week to write them, a week to try them.",
    benefit="来电者当场得到答复。Callers are helped while they are on the line.",
    target="desk-faster",
    promised="-0.33",
    # A month holds a few very long cases: shorter baselines show no evidence in the mean.
    baseline=(130, 62),
    selected=61,
    scope={"team": ("service-desk",)},
    plan_target="restore-faster",
)
REVERTED_IMPROVEMENT = ImprovementTemplate(
    name=REVERTED,
    title="结案前双人复核 A second look before an incident is resolved",
    aspect="activity",
    description="结案前由另一名工程师复核。A second engineer checks before an incident is resolved.",
    why="每月都有事件被重新打开。Every month some incidents are reopened.",
    goal="重开的事件减少一半。Half as many incidents are reopened.",
    method="结案前填写复核清单。A checklist is signed before resolving.",
    steps="全部团队同时开始。All teams begin on one day.",
    benefit="用户不必再次报修。Nobody has to report the same trouble twice.",
    target="reopened-less",
    promised="-0.5",
    baseline=(90, 62),
    selected=61,
    kpi="reopened_share",
    source="satisfaction_survey",
)
ROLLED_OUT_IMPROVEMENT = ImprovementTemplate(
    name=ROLLED_OUT,
    title="网络事件先查拓扑 Look at the topology first",
    aspect="efficiency",
    description="网络事件逐台设备排查。Network incidents are traced device by device.",
    why="大部分时间用于定位故障设备。Most of the time goes into finding the device.",
    goal="网络事件的解决时间减半。Incidents of the network take half the time.",
    method="先看拓扑与最近变更，再上设备。Topology and latest changes first, then the devices.",
    steps="先在网络组试点，再推广到各现场。Piloted by the network team, then at every site.",
    benefit="工厂停线时间缩短。Plants stand still for less time.",
    target="network-faster",
    promised="-0.4",
    # The network has few incidents: in fewer days, chance decides whether the mean shows evidence.
    baseline=(245, 157),
    selected=96,
    scope={},
    plan_target="restore-faster",
)
PILOTED_IMPROVEMENT = ImprovementTemplate(
    name=PILOTED,
    title="现场支持改为远程优先 Remote support before a visit",
    aspect="design_principle",
    description="桌面类事件一律上门处理。Every incident of the workplace begins with a visit.",
    why="路上的时间比修复更长。The way takes longer than the repair.",
    goal="桌面类事件的解决时间缩短三成。Incidents of the workplace take 30 % less time.",
    method="先远程连接，不成再上门。A remote session first; a visit if that fails.",
    steps="先在桌面支持组试点，再到各地。Piloted by the workplace team, then at every site.",
    benefit="员工少等半小时。People wait half an hour less.",
    target="workplace-faster",
    promised="-0.3",
    baseline=(90, 62),
    selected=61,
    source="kpi_trend",
    plan_target="restore-faster",
)

PROPOSED_IMPROVEMENT = ImprovementTemplate(
    name=PROPOSED,
    title="应用事件共享复现步骤 Steps to reproduce are shared",
    aspect="efficiency",
    description="同一故障由不同工程师重复复现。Each engineer reproduces the same fault anew.",
    why="复现占应用团队处理时间的一半。Half of the team's time goes into reproducing faults.",
    goal="应用类事件的解决时间缩短两成。Incidents of the applications take 20 % less time.",
    method="在工单中附上复现录屏。A recording of the steps is attached to the ticket.",
    steps="先在应用支持组试用一个月。The applications team tries it for a month.",
    benefit="业务部门更快恢复工作。Departments go on with their work sooner.",
    target="applications-faster",
    promised="-0.2",
    baseline=(34, 4),
    selected=1.4,
    source="kpi_trend",
)

IMPROVEMENTS = (
    FADED_IMPROVEMENT,
    ROLLED_OUT_IMPROVEMENT,
    FINISHED_IMPROVEMENT,
    REVERTED_IMPROVEMENT,
    PILOTED_IMPROVEMENT,
    PROPOSED_IMPROVEMENT,
)


@dataclass(frozen=True)
class PilotTemplate:
    """A pilot: its teams and those that it is compared with, and when it is planned, run and judged."""

    team: str
    control: tuple[str, ...]
    trained: tuple[str, ...]
    approved: float
    begins: float
    ends: float
    judged: float


PILOT_OF_WORKPLACE = PilotTemplate(
    team="workplace",
    control=("applications", "platform"),
    trained=("陈伟", "Julia Brandt"),
    approved=57,
    begins=50,
    ends=22,
    judged=19,
)
#: The extended pilot: further teams, and days before the end of the history (negative: ahead).
EXTENDED_TEAMS, EXTENDED_WINDOW = ("workplace", "applications"), (14.0, -75.0)
EXTENDED_CONTROL = ("platform",)
PILOT_OF_NETWORK = PilotTemplate(
    team="network",
    control=("applications", "workplace"),
    trained=("孙浩", "Tomasz Nowak"),
    approved=90,
    begins=80,
    ends=30,
    judged=27,
)
#: Why those that promise less than half are major ones all the same.
WHY_MAJOR = "涉及多个团队和全部现场。Several teams and every site take part."
WEIGHED = {
    "weighed_goals": "符合年度计划的目标。It serves a goal of the annual plan.",
    "weighed_practice": "同行已有成熟做法。Others have practised it for years.",
    "weighed_present_state": "现状见提案中的基线。For the present state see the frozen baseline.",
    "weighed_cost": "以现有人员完成。It is done by those who are here.",
    "weighed_resources": "人员与工具均已到位。People and tools are there.",
    "weighed_time": "一个季度内见效。It shows within a quarter.",
}
PILOT_REPORT = {
    "tools": "远程连接偶有中断，已更新客户端。Sessions broke off now and then; the client was updated.",
    "reception": "第一周有疑虑，之后普遍接受。Doubts in the first week, few after it.",
    "rollout_advice": "按团队逐步推广。Team by team.",
    "institutionalise": "纳入作业指导书与新员工培训。Put it into the work instruction, and train newcomers.",
    "further_pilot": "扩大到第二个团队更有把握。A second team would make it surer.",
    "legacy": "两名骨干和一份模板。Two key users, and a template.",
}


@dataclass(frozen=True)
class SuggestionTemplate:
    """A suggestion that somebody offers, so many days before the end of the history."""

    name: str
    by: str
    title: str
    aspect: str
    source: str
    description: str
    why: str
    process: str | None
    #: The scores by each of the two assessors, and what became of it.
    scores: tuple[tuple[int, ...], ...] = ()
    reason: str | None = None


SELECTED_SUGGESTION = SuggestionTemplate(
    "hand-over",
    "Tomasz Nowak",
    "夜班书面交接 A written hand-over of the night shift",
    "activity",
    "staff",
    "夜班交接只靠口头。The night shift hands over by word of mouth.",
    "上周有两起事件早班并不知情。Two incidents of last week were unknown to the morning shift.",
    "incident",
    ((4, 4, 5, 5, 5, 4), (4, 5, 4, 4, 5, 4)),
)
#: Offered before the last month's assessment, which declines and defers them.
DECLINED_SUGGESTION = SuggestionTemplate(
    "call-back",
    "Sofia Rossi",
    "每个事件结案前电话回访 Call back before every resolution",
    "activity",
    "satisfaction_survey",
    "结案前逐一电话确认。Everybody is called before their incident is resolved.",
    "有用户表示并未解决。Some say that nothing was solved.",
    "incident",
    ((2, 3, 2, 1, 5, 2), (2, 2, 2, 2, 4, 2)),
    "满意度调查已覆盖，且工作量过大。The survey asks already, and it would take an agent all day.",
)
DEFERRED_SUGGESTION = SuggestionTemplate(
    "one-portal",
    "Emily Carter",
    "一个入口提交所有申请 One portal for all requests",
    "platform",
    "business_need",
    "申请分散在三个系统。Requests are made in three systems.",
    "新同事不知道从哪里提交。Newcomers do not know where to ask.",
    None,
    ((4, 5, 3, 2, 2, 2), (5, 4, 3, 1, 2, 2)),
    "待门户升级后再议。To be looked at again after the upgrade of the portal.",
)
#: The reason for a verdict on what a rule suggests when the month has ended.
LATE_SUGGESTION = "月底才提出，尚未评分。It came at the end of the month, and nobody has scored it yet."
MERGED_SUGGESTION = SuggestionTemplate(
    "hand-over-form",
    "Elena Petrova",
    "交接班表单 A form for the change of shifts",
    "activity",
    "staff",
    "交接班用一张表单。One form for the change of shifts.",
    "口头交接容易遗漏。Things that are only said are forgotten.",
    "incident",
)
#: Open, and in this month's assessment.
OPEN_SUGGESTIONS = (
    SuggestionTemplate(
        "loan-devices",
        "Julia Brandt",
        "备用机当日借出 Loan devices on the same day",
        "efficiency",
        "business_need",
        "电脑维修期间没有备用机。Nobody gets another device while theirs is repaired.",
        "平均等待三天。They wait for three days.",
        "request",
        ((4, 4, 4, 3, 2, 4), (3, 4, 4, 3, 2, 4)),
    ),
    SuggestionTemplate(
        "noise",
        "郑凯",
        "合并重复告警 Fewer alerts for one cause",
        "tool",
        "kpi_trend",
        "一个故障产生几十条告警。One fault raises dozens of alerts.",
        "值班人员开始忽略告警。Those on duty begin to overlook them.",
        "incident",
        ((5, 4, 4, 3, 4, 3), (4, 5, 4, 3, 4, 3)),
    ),
    SuggestionTemplate(
        "change-notes",
        "Aisha Rahman",
        "变更说明用业务语言 Change notes in words that the business knows",
        "interface",
        "internal_review",
        "变更通知只有技术内容。What is announced of changes is technical.",
        "业务部门不清楚对自己的影响。The departments cannot tell what it means for them.",
        None,
        ((3, 3, 3, 5, 5, 5),),
    ),
)
#: Those who score the suggestions.
ASSESSORS = ("韩雪", "Ingrid Vogel")
NO_CASES_BEFORE = "当时尚未在系统中登记。Cases were not recorded here at that time."
SELECTION_REASON = "质量会议已有共识，不等月度评估。The quality meeting agreed; it need not wait."
#: Person who offered the suggestion that each improvement carries out.
PROPOSERS = {
    FADED: "Elena Petrova",
    ROLLED_OUT: "孙浩",
    FINISHED: "林晓雨",
    REVERTED: "Paul Richter",
    PILOTED: "Julia Brandt",
    PROPOSED: "黄敏",
}
#: Person who is also trained, and passes only at the second sitting.
SECOND_SITTING = "黄敏"
PLAN_TEXTS = {
    "direction": "流程更少、更熟练，以数据驱动。Fewer and better practised processes, steered by figures.",
    "vision": "上半年人人会量，下半年以数据决策。Measured by June, decided by figures in December.",
    "present_state": "事件与请求流程稳定，交接与远程支持薄弱。"
    "Incidents and requests run steadily; hand-overs and remote support are weak.",
    "best_practice": "同行以书面交接，并以实测效果评价改进。"
    "Others hand over in writing, and judge what they improve by its measured effect.",
    "drivers": "苏州工厂扩产；两个团队明年搬迁。The Suzhou plant grows; two teams move next year.",
}
#: Key, title, KPI, scope, goal and business goal of each target of the plan.
PLAN_TARGETS: tuple[tuple[str, str, str, Mapping[str, tuple[str, ...]], str, str], ...] = (
    (
        "restore-faster",
        "更快恢复 Restore faster",
        KPI,
        {"team": ("service-desk",)},
        "300",
        "来电者五分钟内恢复工作 Callers are back at work within five minutes",
    ),
    (
        "reopened-less",
        "一次解决 Solve it the first time",
        "reopened_share",
        {},
        "0.01",
        "用户不必重复报修 Nobody reports the same trouble twice",
    ),
    (
        "well-rated",
        "用户保持满意 Stay well rated",
        "csat",
        {},
        "4.4",
        "各部门愿意继续选择我们 The departments choose us again",
    ),
)
PLAN_POINTS = (
    ("夜班交接 Hand over at night", ("RPT-夜班 Report on the night shift",)),
    ("远程支持 Remote support", ("满意度调查 Satisfaction survey",)),
)
PLAN_STEPS = (
    ("试点远程支持 Pilot remote support", "田野", "06-30"),
    ("推广网络排查方法 Roll out the way to trace faults", "沈国强", "12-15"),
    ("汇总全年成效 Sum up the results of the year", "白璐", "12-31"),
)
REVIEW_REPORT = (
    "各目标的进度以本次评审的数字为准，落后的目标下季度优先跟进；双人复核未见效果，已恢复原状。"
    "The figures show how far each target is; those behind their way come first in the next quarter. "
    "The second look has not helped, and was taken back."
)
LAST_REVIEW_REPORT = (
    "上年度的目标已逐项核对，未完成的内容转入今年的计划。"
    "Each goal of last year was checked; open ones went into this year's plan."
)
LESSONS_OF_LAST_PLAN = "目标应当每季度核对。Goals are to be checked every quarter."
