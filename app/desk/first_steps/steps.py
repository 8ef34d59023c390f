"""The first steps of a new installation, as data. A step is done once the records that it asks for exist:
progress is counted, and stored nowhere (pure).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.common.faces import BilingualLabel
from app.common.people import Role
from app.foundation.people.records import TeamKind


@dataclass(frozen=True, slots=True)
class StepForm:
    """A form that a step leads to: the text of its button, the kind of the record, and the action; its
    address, if that is not the usual one; and the inputs that are filled in.
    """

    label: BilingualLabel
    kind: str
    action: str
    path: str = ""
    inputs: tuple[tuple[str, BilingualLabel], ...] = ()


@dataclass(frozen=True, slots=True)
class UnfinishedRecords:
    """Records that still lack something before they count: their list, and the sentence that describes it."""

    query: str
    sentence: BilingualLabel


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A step: its name and purpose, the required records with their filters and least number, and its forms,
    the usual one first.

    `optional`: the desk works without the step. `unfinished` are records that were begun. `role` is the role
    that the forms need, if administrators lack it; they can grant it to themselves.
    """

    name: str
    label: BilingualLabel
    purpose: BilingualLabel
    kind: str
    query: str
    forms: tuple[StepForm, ...]
    least: int = 1
    optional: bool = False
    unfinished: UnfinishedRecords | None = None
    role: Role | None = None


#: The position of a rule that applies after all others.
LAST_POSITION = "9999"
#: The form by which people are invited.
INVITE = "/desk/administration/people/invite"
#: The form by which services are added.
NEW_SERVICE = "/desk/administration/services/new"
#: The form by which the first agreement is prepared.
FIRST_AGREEMENT = "/desk/administration/agreements/first"


def _form(en: str, zh: str, kind: str, action: str = "add") -> StepForm:
    return StepForm(BilingualLabel(en, zh), kind, action)


def _same(text: str) -> BilingualLabel:
    return BilingualLabel(text, text)


def _default_team(en: str, zh: str, process: str, name: BilingualLabel) -> StepForm:
    """Return the form of the rule that gives a team the tickets of the process that no other rule does."""
    texts = {"process": _same(process), "name": name, "position": _same(LAST_POSITION)}
    return StepForm(
        BilingualLabel(en, zh),
        "assignment_rule",
        "add",
        inputs=tuple((f"/{member}", text) for member, text in texts.items()),
    )


FIRST_STEPS: tuple[FirstStep, ...] = (
    FirstStep(
        "teams",
        BilingualLabel("Teams", "团队"),
        BilingualLabel(
            "Tickets go to a team, and its members take them from there. One team is enough to begin with, "
            "such as “Service desk”. Then choose the team that gets new incidents and requests: without a "
            "rule, they wait for anybody.",
            "工单先派给团队，再由成员领取。开始时建一个团队即可，例如“服务台”。然后选择由哪个团队接收新的事件和请求："
            "没有规则时，工单不属于任何团队。",
        ),
        "team",
        "state=active",
        (
            _form("Add a team", "添加团队", "team"),
            _default_team(
                "Choose the team for new incidents",
                "选择接收新事件的团队",
                "incident",
                BilingualLabel("All other incidents", "其余事件"),
            ),
            _default_team(
                "Choose the team for new requests",
                "选择接收新请求的团队",
                "request",
                BilingualLabel("All other requests", "其余请求"),
            ),
        ),
    ),
    FirstStep(
        "people",
        BilingualLabel("People", "人员"),
        BilingualLabel(
            "Invite at least one colleague, with their roles and team. A colleague without a role can report "
            "incidents and ask for services. You get a message with a key to send to each.",
            "至少邀请一位同事，并选择其角色和团队。没有角色的同事也可以上报事件、提出服务请求。"
            "邀请后会得到一条含密钥的消息，请转发给对方。",
        ),
        "person",
        "state=active&kind=human",
        (
            StepForm(BilingualLabel("Invite a person", "邀请人员"), "person", "add", INVITE),
            _form("Make a key for somebody", "为同事创建密钥", "key", "make"),
        ),
        least=2,
    ),
    FirstStep(
        "calendar",
        BilingualLabel("Service hours", "服务时间"),
        BilingualLabel(
            "A calendar says when your desk works: hours per weekday, and holidays. Time limits of tickets "
            "run only in these hours.",
            "日历规定服务台的工作时间：每周各天的时段以及节假日。工单的时限只在这些时间内计算。",
        ),
        "calendar",
        "state=active",
        (_form("Add a calendar", "添加日历", "calendar"),),
    ),
    FirstStep(
        "services",
        BilingualLabel("Services", "服务"),
        BilingualLabel(
            "A service is what people name when something is broken, such as mail or printing. Two or three "
            "are enough to begin with.",
            "服务就是同事报障时会说到的东西，例如邮件、打印。开始时有两三个即可。",
        ),
        "service",
        "state=live",
        (StepForm(BilingualLabel("Add a service", "添加服务"), "service", "propose", NEW_SERVICE),),
        unfinished=UnfinishedRecords(
            "state=proposed",
            BilingualLabel(
                "Some services are not in use yet. Open each and choose “Go live”.",
                "有些服务尚未启用。请逐个打开并选择“上线”。",
            ),
        ),
    ),
    FirstStep(
        "agreement",
        BilingualLabel("First agreement", "第一份服务协议"),
        BilingualLabel(
            "A service level agreement says how fast you respond to tickets and resolve them. Without one, "
            "tickets have no due time.",
            "服务级别协议规定响应和解决工单的时限。没有协议时，工单没有到期时间。",
        ),
        "sla",
        "state=signed,under_review",
        (
            StepForm(
                BilingualLabel("Prepare an agreement", "准备协议"),
                "sla",
                "record_requirement",
                FIRST_AGREEMENT,
            ),
            StepForm(
                BilingualLabel("Add a team of customers", "添加客户团队"),
                "team",
                "add",
                inputs=(("/kind", _same(TeamKind.customer.value)),),
            ),
        ),
        optional=True,
        unfinished=UnfinishedRecords(
            "state=requirement,drafted,negotiating,in_review",
            BilingualLabel(
                "An agreement waits for its signatures. Open it and sign; the other side signs, too.",
                "有协议等待签署。请打开并继续下一步：双方各自签署。",
            ),
        ),
        role=Role.service_level_manager,
    ),
    FirstStep(
        "source",
        BilingualLabel("First webhook source", "第一个集成来源"),
        BilingualLabel(
            "A tool that already knows of incidents, such as a monitoring system, can send them here by "
            "itself. Add a source for the tool, and enter its address and secret there.",
            "监控系统等工具可以把发现的事件自动发送到这里。先为该工具添加来源，再把来源的地址和密钥填到工具中。",
        ),
        "webhook_source",
        "state=active",
        (_form("Add a source", "添加来源", "webhook_source"),),
        optional=True,
    ),
)
