"""The demo's catalogue items, with titles and forms in both languages (data)."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.common.people import Role
from app.demo.data.cmdb_data import DESK, SERVICES
from app.demo.data.organisation import HEAD_OF_IT
from app.foundation.services.records import FulfilmentPath, ItemApprovalRule

DAY = 24 * 3600


def _choice(en: str, zh: str, values: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    labels = [{"en": label_en, "zh": label_zh} for label_en, label_zh in values.values()]
    return {"type": "string", "enum": list(values), "x-enum-labels": labels, "x-label": {"en": en, "zh": zh}}


def _text(en: str, zh: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": 300, "x-label": {"en": en, "zh": zh}}


def _date(en: str, zh: str) -> dict[str, Any]:
    return {"type": "string", "format": "date", "x-label": {"en": en, "zh": zh}}


def _number(en: str, zh: str, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most, "x-label": {"en": en, "zh": zh}}


PURPOSE = _text("What for", "用途")
NEEDED_BY = _date("Needed by", "需要日期")
LOCATION = _choice(
    "Where",
    "地点",
    {
        "shanghai": ("Shanghai", "上海"),
        "suzhou": ("Suzhou", "苏州"),
        "berlin": ("Berlin", "柏林"),
        "hamburg": ("Hamburg", "汉堡"),
    },
)
PROGRAM = _choice(
    "Program",
    "软件",
    {
        "drawing": ("Drawing program", "制图软件"),
        "project": ("Project planning", "项目计划"),
        "pdf": ("PDF editor", "PDF 编辑"),
        "statistics": ("Statistics", "统计分析"),
    },
)
SYSTEM = _choice(
    "System", "系统", {service.key: (service.en, service.zh) for service in list(SERVICES.values())[:14]}
)
RIGHTS = _choice(
    "What may be done",
    "权限",
    {"read": ("Read", "查看"), "write": ("Read and write", "编辑"), "approve": ("Approve", "审批")},
)
SCREEN = _choice("Screen", "屏幕尺寸", {"13": ("13 inch", "13 英寸"), "15": ("15 inch", "15 英寸")})


@dataclass(frozen=True)
class Item:
    """A catalogue item.

    `draft_body` is the payload that drafts it, except for the persons who approve, whose names are in
    `approver_persons`. `minutes` is the usual working time; `weight` is the item's relative frequency; `form`
    are its fields in their order.
    """

    key: str
    service: str
    team: str
    category: str
    titles: tuple[str, str]
    form: Mapping[str, Any]
    minutes: int
    weight: int
    days: float
    approver_role: Role | None = None
    approver_persons: tuple[str, ...] = ()
    checklist: tuple[str, ...] = ()
    path: FulfilmentPath = FulfilmentPath.standard

    @property
    def needs_approval(self) -> bool:
        """True if the item needs an approval."""
        return self.approver_role is not None or bool(self.approver_persons)

    @property
    def draft_body(self) -> dict[str, Any]:
        """The payload that drafts the item, without the persons who approve."""
        en, zh = self.titles
        form = {"type": "object", "properties": dict(self.form), "required": list(self.form)}
        return {
            "key": self.key,
            "service": self.service,
            "title_en": en,
            "title_zh": zh,
            "delivery_standard": "Handed over and tried with whoever asked. 交付并与申请人一起验证。",
            "form": form | {"x-order": list(self.form)},
            "fulfilment_path": self.path,
            "approver_role": self.approver_role,
            "approval_rule": ItemApprovalRule.majority if self.needs_approval else None,
            "target_seconds": int(self.days * DAY),
            "default_team": self.team,
            "checklist": self.checklist,
        }

    def answers(self, chance: random.Random, when: datetime, language: str) -> dict[str, Any]:
        """Return random answers to the item's form in the requester's language."""
        return {name: _answer(field, chance, when, language) for name, field in self.form.items()}


def _answer(field: Mapping[str, Any], chance: random.Random, when: datetime, language: str) -> object:
    if "enum" in field:
        return chance.choice(field["enum"])
    if field["type"] == "integer":
        return chance.randint(1, min(field["maximum"], 3))
    if field.get("format") == "date":
        return (when.date() + timedelta(days=chance.randint(3, 21))).isoformat()
    return chance.choice(PURPOSES[language])


#: Texts for requests by language: purposes, descriptions, notes of delivery, reasons, and a comment of
#: refusal.
PURPOSES = {
    "en": (
        "For the new customer.",
        "She begins on Monday.",
        "The old one is worn out.",
        "Month-end closing.",
    ),
    "zh": ("新客户项目需要。", "新同事周一入职。", "旧的已损坏。", "月末结账使用。"),
}
DESCRIPTIONS = {
    "en": ("Please tell me if anything is missing.", "If possible this week.", "As agreed on the phone."),
    "zh": ("如有问题请与我联系。", "希望本周内完成。", "已与您电话确认。"),
}
DELIVERY_NOTES = {
    "en": ("Set up and tried together.", "Handed over at the desk.", "Done; it works after signing in anew."),
    "zh": ("已配置并一起验证。", "已在服务台领取。", "已完成，重新登录后生效。"),
}
REFUSAL_COMMENT = "There is one in the department that nobody uses. 部门内有闲置的可以先用。"
CANCEL_REASONS = {
    "en": ("I have found one in the cupboard.", "She is not coming after all."),
    "zh": ("部门里找到了一个。", "该同事不来了。"),
}
REJECT_REASON = "This is bought by the department itself. 此类物品由部门自行采购。"
REOPEN_REASONS = {
    "en": ("It is for the wrong place.", "One of the rights is missing."),
    "zh": ("地点不对。", "少了一项权限。"),
}

# fmt: off
ITEMS: Sequence[Item] = (
    Item("laptop", "workplace-shanghai", "workplace", "equipment", ("A laptop", "笔记本电脑"),
         {"screen": SCREEN, "where": LOCATION, "by": NEEDED_BY, "why": PURPOSE}, 40, 9, 8,
         approver_role=Role.department_head,
         checklist=("Order it 下单", "Set it up 装好系统", "Hand it over 交付")),
    Item("screen", "workplace-shanghai", "workplace", "equipment", ("A second screen", "第二台显示器"),
         {"where": LOCATION, "why": PURPOSE}, 15, 8, 3),
    Item("phone", "telephony", "workplace", "equipment", ("A mobile phone", "工作手机"),
         {"where": LOCATION, "why": PURPOSE}, 25, 4, 7, approver_role=Role.management),
    Item("rights", "erp-sales", DESK, "authorisation", ("Rights in a system", "系统权限"),
         {"system": SYSTEM, "rights": RIGHTS, "why": PURPOSE}, 12, 24, 3, approver_persons=(HEAD_OF_IT,)),
    Item("folder", "files", DESK, "authorisation", ("Access to a shared folder", "共享文件夹权限"),
         {"folder": _text("Folder", "文件夹"), "rights": RIGHTS}, 8, 16, 2),
    Item("remote-access", "vpn", DESK, "authorisation", ("Remote access", "远程接入"),
         {"why": PURPOSE, "by": NEEDED_BY}, 10, 8, 3, approver_role=Role.department_head),
    Item("program", "office", "workplace", "licence", ("A program", "软件安装"),
         {"program": PROGRAM, "number": _number("How many", "数量", 20), "why": PURPOSE}, 20, 12, 4,
         approver_role=Role.department_head),
    Item("mailbox", "mail", "platform", "authorisation", ("A shared mailbox", "共享邮箱"),
         {"name": _text("What it is called", "名称"), "why": PURPOSE}, 15, 6, 3),
    Item("newcomer", "hr", DESK, "change-of-place", ("Somebody begins", "新员工入职"),
         {"by": NEEDED_BY, "where": LOCATION, "screen": SCREEN}, 35, 9, 5,
         checklist=("Make the account 开通账户", "Prepare the workplace 准备工位")),
    Item("leaver", "hr", DESK, "change-of-place", ("Somebody leaves", "员工离职"),
         {"by": NEEDED_BY}, 20, 6, 3,
         checklist=("Lock the account 停用账户", "Take back the laptop 回收电脑")),
    Item("evaluation", "reporting", "applications", "evaluation", ("Figures on demand", "数据提取"),
         {"system": SYSTEM, "why": PURPOSE, "by": NEEDED_BY}, 45, 9, 4),
    Item("development", "erp-sales", "applications", "development", ("Something to be developed", "系统开发"),
         {"system": SYSTEM, "why": PURPOSE}, 0, 0, 180, path=FulfilmentPath.project),
)
# fmt: on
BY_KEY = {item.key: item for item in ITEMS}
