"""The pages of administration, as data: each in its group, with one line about its purpose (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.faces import BilingualLabel
from app.common.people import Role

#: The address of the page that lists all others.
ADMINISTRATION = "/desk/administration"


@dataclass(frozen=True, slots=True)
class AdministrationPage:
    """A page of administration: its label, purpose and address, and its forms for new records, each with
    label and address. Administrators and holders of `roles` see the page.
    """

    label: BilingualLabel
    purpose: BilingualLabel
    address: str
    forms: tuple[tuple[BilingualLabel, str], ...] = ()
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class AdministrationGroup:
    """Pages of administration under a heading; `name` is that of the group in addresses."""

    name: str
    label: BilingualLabel
    pages: tuple[AdministrationPage, ...]


def page(
    label: tuple[str, str],
    purpose: tuple[str, str],
    address: str,
    *forms: tuple[str, str, str],
    roles: tuple[Role, ...] = (),
) -> AdministrationPage:
    """Return the page with labels in English and Chinese; a form is its two labels and its address."""
    return AdministrationPage(
        BilingualLabel(*label),
        BilingualLabel(*purpose),
        address,
        tuple((BilingualLabel(en, zh), form) for en, zh, form in forms),
        frozenset(roles),
    )


PEOPLE = AdministrationGroup(
    "people",
    BilingualLabel("People and teams", "人员与团队"),
    (
        page(
            ("People", "人员"),
            (
                "Who works here and asks for help, with their roles.",
                "谁在这里工作、谁会求助，以及各自的角色。",
            ),
            "/desk/person?state=active",
            ("Invite a person", "邀请人员", "/desk/administration/people/invite"),
        ),
        page(
            ("Teams", "团队"),
            ("Who works together: tickets are given to teams.", "谁与谁一起工作：工单分派给团队。"),
            "/desk/team?state=active",
            ("Add a team", "添加团队", "/desk/new/team/add"),
        ),
        page(
            ("Committees", "委员会"),
            ("Groups that decide, such as a change advisory board.", "作出决定的小组，例如变更顾问委员会。"),
            "/desk/group",
            ("Add a committee", "添加委员会", "/desk/new/group/add"),
        ),
        page(
            ("Absences", "缺勤"),
            (
                "Who is away and until when: absent people get no new work.",
                "谁不在、到何时为止：缺勤者不会收到新工作。",
            ),
            "/desk/absence",
            ("Add an absence", "登记缺勤", "/desk/new/absence/plan"),
        ),
    ),
)
ACCESS = AdministrationGroup(
    "access",
    BilingualLabel("Access", "访问"),
    (
        page(
            ("Keys", "密钥"),
            ("For signing in, and for programs that use the API.", "用于登录，以及供程序调用 API。"),
            "/desk/key?state=active",
            ("Make a key", "创建密钥", "/desk/new/key/make"),
        ),
    ),
)
TOOLS = AdministrationGroup(
    "tools",
    BilingualLabel("Tools that send tickets", "发送工单的工具"),
    (
        page(
            ("Sources", "来源"),
            (
                "Monitoring, mail and other tools that send tickets and alerts.",
                "发送工单和告警的监控、邮件和其他工具。",
            ),
            "/desk/webhook_source",
            ("Connect a tool", "接入工具", "/desk/new/webhook_source/add"),
        ),
        page(
            ("Deliveries", "推送"),
            ("What the tools have sent, and what failed.", "工具发送了什么、哪些失败了。"),
            "/dashboard/integrations",
        ),
    ),
)
OFFERS = AdministrationGroup(
    "offers",
    BilingualLabel("What people can ask for", "可申请的内容"),
    (
        page(
            ("Services", "服务"),
            (
                "What IT provides; tickets say which service they are about.",
                "IT 提供什么；工单会注明所涉及的服务。",
            ),
            "/desk/service",
            ("Add a service", "添加服务", "/desk/administration/services/new"),
            roles=(Role.service_level_manager,),
        ),
        page(
            ("Catalogue", "服务目录"),
            ("Items that people order, each with its own form.", "可以订购的项目，各有自己的表单。"),
            "/desk/catalogue_item",
            ("Build an item", "制作目录项", "/desk/administration/items/new"),
            roles=(Role.service_level_manager,),
        ),
    ),
)
RULES = AdministrationGroup(
    "rules",
    BilingualLabel("Hours and rules", "时间与规则"),
    (
        page(
            ("Calendars", "日历"),
            ("Hours of each weekday, and holidays.", "每周各天的时段和节假日。"),
            "/desk/calendar",
            ("Add a calendar", "添加日历", "/desk/new/calendar/add"),
            roles=(Role.service_level_manager,),
        ),
        page(
            ("Priorities", "优先级"),
            (
                "Which priority follows from impact and urgency.",
                "由影响度和紧急度得出的优先级。",
            ),
            "/desk/settings/priorities",
        ),
        page(
            ("Assignment rules", "分派规则"),
            ("Which team gets new tickets by itself.", "新工单自动分派给哪个团队。"),
            "/desk/assignment_rule",
            ("Add a rule", "添加规则", "/desk/new/assignment_rule/add"),
        ),
        page(
            ("Text blocks", "文本块"),
            ("Answers that are often given.", "常用的答复。"),
            "/desk/text_block",
            ("Add a text block", "添加文本块", "/desk/new/text_block/add"),
        ),
    ),
)
PROMISES = AdministrationGroup(
    "promises",
    BilingualLabel("Agreements and targets", "协议与目标"),
    (
        page(
            ("Service level agreements", "服务级别协议"),
            (
                "How fast tickets are answered and resolved, with the targets of each agreement.",
                "响应和解决工单的时限，以及各协议的目标。",
            ),
            "/desk/sla",
            ("Begin an agreement", "起草协议", "/desk/new/sla/record_requirement"),
            roles=(Role.service_level_manager,),
        ),
        page(
            ("KPI targets", "指标目标"),
            ("The value that a figure must reach.", "各项指标应达到的值。"),
            "/desk/kpi_target",
            ("Set a target", "设定目标", "/desk/new/kpi_target/add"),
            roles=(Role.quality_manager,),
        ),
    ),
)
INSTALLATION = AdministrationGroup(
    "installation",
    BilingualLabel("This installation", "本系统"),
    (
        page(
            ("First steps", "初始设置"),
            ("What a new installation needs, and what exists.", "新系统需要什么、已有什么。"),
            "/desk/first-steps",
        ),
        page(
            ("Branding", "品牌标识"),
            ("Name, logo and colour of pages and mails.", "页面与邮件的名称、徽标和主题色。"),
            "/desk/settings/branding",
        ),
        page(
            ("Mail", "邮件"),
            ("Whether mails are sent, with a test.", "是否发送邮件，并可测试。"),
            "/desk/settings/mail",
        ),
        page(("Sign-in", "登录"), ("How people sign in.", "用户如何登录。"), "/desk/settings/sign-in"),
    ),
)
#: All groups, in the order in which the page shows them.
GROUPS: tuple[AdministrationGroup, ...] = (PEOPLE, ACCESS, TOOLS, OFFERS, RULES, PROMISES, INSTALLATION)
