"""The demo's process audits of three teams over three months, and what they have found."""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.data.organisation import (
    APPLICATIONS_SUPERVISOR,
    DESK_SUPERVISOR,
    NETWORK_SUPERVISOR,
    TEAM_LEADS,
)

#: The process that is audited.
PROCESS = "incident"


@dataclass(frozen=True)
class AuditedTeam:
    """A team that is audited: its key, who supervises the process there, and its head."""

    team: str
    supervisor: str
    head: str


DESK = AuditedTeam("service-desk", DESK_SUPERVISOR, TEAM_LEADS["service-desk"])
NETWORK = AuditedTeam("network", NETWORK_SUPERVISOR, TEAM_LEADS["network"])
APPLICATIONS = AuditedTeam("applications", APPLICATIONS_SUPERVISOR, TEAM_LEADS["applications"])


@dataclass(frozen=True)
class AuditTemplate:
    """An audit of a month: the days of the following month on which the team checked itself, on which the
    summary was written and countersigned, and on which a sample was drawn and the audit concluded.
    """

    audited: AuditedTeam
    months_ago: int
    checked: float = 8
    summarised: float = 12
    countersigned: float = 14
    drawn: float = 18
    concluded: float = 22

    @property
    def name(self) -> str:
        """The name that distinguishes its idempotency keys."""
        return f"{self.audited.team}-{self.months_ago}"


#: The network team was late with a self-check, and the lead of the applications once with a signature.
AUDITS = (
    AuditTemplate(DESK, 3),
    AuditTemplate(NETWORK, 3, checked=17, summarised=19, countersigned=21),
    AuditTemplate(APPLICATIONS, 3, checked=11),
    AuditTemplate(DESK, 2, checked=6),
    AuditTemplate(NETWORK, 2, checked=10),
    AuditTemplate(APPLICATIONS, 2, countersigned=27.5, concluded=28.2),
    AuditTemplate(DESK, 1),
    AuditTemplate(NETWORK, 1, checked=14, summarised=20, countersigned=24, concluded=25.5),
    AuditTemplate(APPLICATIONS, 1, checked=12, summarised=23, countersigned=24.5, concluded=26),
)
#: The days of the following month at whose end self-check and summary are due.
SELF_CHECK_DAY, SUMMARY_DAY = 15, 25
SAMPLE_SIZE = 10
SELF_CHECK = {
    "measures": [
        {"text": "每周例会回顾超时事件。Incidents that took too long are looked at each week."},
        {"text": "新员工两周内完成流程培训。Newcomers are trained within two weeks."},
    ],
    "deviations": [{"text": "夜间有几起未及时确认。Some were not acknowledged in time at night."}],
    "design_faults": [
        {"fault": "form", "text": "关闭表单没有原因一栏。The form for closing does not ask for the cause."}
    ],
}
SUMMARY = {
    "low_performers": "夜间确认偏慢，主要在交接班前后。Slow at night, mostly around the change of shifts.",
    "measures": "交接班前清空待确认队列。Nothing waits unacknowledged when the shift changes.",
}
CONCLUSION = (
    "流程总体受控，夜间交接需改进。The process is in hand; hand-overs at night have to become better."
)


@dataclass(frozen=True)
class FindingTemplate:
    """A finding, raised so many days after the audited month; of one without an audit, before the end."""

    name: str
    audited: AuditedTeam
    months_ago: int | None
    title: str
    kind: str
    severity: str
    description: str
    person: str | None
    owner: str
    raised: float
    due_after: float = 21
    self_found: bool = False
    objection: str | None = None
    verdict_reason: str | None = None
    correction: str | None = None
    verification: str | None = None


MISSING_SOLUTION = "关闭时没有记录解决方法 Closed without a solution"
REPEATED = "missing-solution-again"
FINDINGS = (
    FindingTemplate(
        "missing-solution",
        NETWORK,
        3,
        MISSING_SOLUTION,
        "violation",
        "major",
        "三起事件只写了“已处理”。Three incidents say no more than “done”.",
        "Tomasz Nowak",
        "Tomasz Nowak",
        19,
        correction="已补写，并在例会说明。They were written down, and it was a topic of the meeting.",
        verification="三起均已补全。All three are complete.",
    ),
    FindingTemplate(
        REPEATED,
        NETWORK,
        2,
        MISSING_SOLUTION,
        "violation",
        "major",
        "又有两起没有解决方法。Two more have none.",
        "Tomasz Nowak",
        "Tomasz Nowak",
        19,
        correction="关闭前由同事检查。A colleague looks at each before it is closed.",
    ),
    FindingTemplate(
        "late-escalation",
        DESK,
        2,
        "升级晚于规定 Escalated later than the rule says",
        "violation",
        "minor",
        "一起 P2 事件两小时后才升级。A P2 was escalated after two hours.",
        "Paul Richter",
        "Paul Richter",
        20,
        objection="当时专线中断，值班电话不通。The line was down, and nobody on call could be reached.",
        verdict_reason="中断记录属实。The log of the outage says so.",
    ),
    FindingTemplate(
        "closing-form",
        APPLICATIONS,
        2,
        "关闭表单没有原因一栏 The form for closing does not ask for the cause",
        "design_fault",
        "minor",
        "团队自查发现，并已提出变更。The team has found it itself, and asked for the change.",
        None,
        "Aisha Rahman",
        19,
        self_found=True,
        correction="表单已增加一栏。The form asks for it now.",
        verification="新表单已使用。The new form is in use.",
    ),
    FindingTemplate(
        "hand-over-record",
        DESK,
        None,
        "两个夜班没有交接记录 Two nights without a record of the hand-over",
        "record_missing",
        "major",
        "抽查发现，交接表缺两页。Two pages of the book are missing.",
        "Sofia Rossi",
        "Sofia Rossi",
        4,
    ),
)
#: Days after a finding on which it is objected to and decided, and on which it is corrected and verified.
OBJECTED_AFTER, DECIDED_AFTER, CORRECTED_AFTER, VERIFIED_AFTER = 2, 4, 6, 8
#: Evidence of a finding for which no case was drawn.
NO_CASE = "抽样记录 Record of the draw"
