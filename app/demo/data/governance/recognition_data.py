"""The demo's awards: recipient, reason, giver, and days before the end."""

from __future__ import annotations

from app.demo.data.organisation import BUSINESS_HEAD, HEAD_OF_IT

#: Name, day, kind, reason, who receives it, who gives it, and whether everybody may know.
AWARDS = (
    (
        "answer-cards",
        15,
        "idea",
        "知识卡片让来电当场解决。Her cards help callers while they are on the line.",
        "林晓雨",
        HEAD_OF_IT,
        True,
    ),
    (
        "line-down",
        147,
        "teamwork",
        "专线中断时通宵协调。He kept both sites going all night without a line.",
        "Tomasz Nowak",
        BUSINESS_HEAD,
        False,
    ),
)
