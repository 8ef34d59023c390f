"""The first steps of a new installation, as data. A step is done once the records that it asks for exist:
progress is counted, and stored nowhere (pure).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.common.faces import BilingualLabel


@dataclass(frozen=True, slots=True)
class StepForm:
    """A form that a step leads to: the text of its button, the kind of the record, and the action; its
    address, if that is not the usual one.
    """

    label: BilingualLabel
    kind: str
    action: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class UnfinishedRecords:
    """Records that still lack something before they count: their list, and the sentence that describes it."""

    query: str
    sentence: BilingualLabel


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A step: its name, what it is for, the records that it asks for with their filters and least number, and
    its forms, the usual one first.

    `optional`: a desk works without it. `unfinished` are records that are begun.
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


#: The form by which people are invited.
INVITE = "/desk/administration/people/invite"
#: The form by which services are added.
NEW_SERVICE = "/desk/administration/services/new"


def _form(en: str, zh: str, kind: str, action: str = "add") -> StepForm:
    return StepForm(BilingualLabel(en, zh), kind, action)


FIRST_STEPS: tuple[FirstStep, ...] = (
    FirstStep(
        "teams",
        BilingualLabel("Teams", "团队"),
        BilingualLabel(
            "Tickets go to a team, and its members take them from there. One team is enough to begin with, "
            "such as “Service desk”.",
            "工单先派给团队，再由成员领取。开始时建一个团队即可，例如“服务台”。",
        ),
        "team",
        "state=active",
        (_form("Add a team", "添加团队", "team"),),
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
        (_form("Begin an agreement", "起草协议", "sla", "record_requirement"),),
        optional=True,
        unfinished=UnfinishedRecords(
            "state=requirement,drafted,negotiating,in_review",
            BilingualLabel(
                "An agreement is in preparation. Open it for the next step, up to its signature.",
                "有协议正在准备中。请打开并继续下一步，直到签署。",
            ),
        ),
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
