"""The open cases that KPIs count or show: each sense of *open* with its name, and where its cases stand.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from app.common.records import CodeEnum


@dataclass(frozen=True, slots=True)
class Stretches:
    """Where the stretches of time stand in which a case is open in a sense.

    `phases` are its phases, `condition` is a further condition, in SQL over the row of a stretch. `table`
    names the stretches of things that are not cases of the process: by default kpi.<process>_life. On the
    slow path, `raw/<process>/still_open/<code>.sql` defines what is open at an instant.
    """

    condition: str = "true"
    phases: tuple[str, ...] = ("open",)
    table: str | None = None


class StillOpen(CodeEnum):
    """The open cases counted by a KPI, or shown next to a duration, which covers ended cases only."""

    stretches: Stretches

    def __new__(cls, code: str, en: str, zh: str, stretches: Stretches = Stretches()) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.en, member.zh, member.stretches = en, zh, stretches
        return member

    __hash__ = str.__hash__

    # fmt: off
    unended = "unended", "Not resolved", "未解决"
    unended_standard = (
        "unended_standard", "Not delivered, and no project", "未交付的非项目类",
        Stretches("path is distinct from 'project'"))
    unended_project = (
        "unended_project", "Projects that are not delivered", "未交付的项目类", Stretches("path = 'project'"))
    unanswered = "unanswered", "Not responded to", "未响应", Stretches("not responded")
    never_resolved = "never_resolved", "Never resolved yet", "从未解决", Stretches("not resolved_before")
    unclosed = "unclosed", "Not closed", "未关闭", Stretches(phases=("open", "ended"))
    undecided = "undecided", "Not decided", "未审批", Stretches("undecided")
    uncaused = "uncaused", "Without a known cause", "根因未明", Stretches("not caused")
    unfixed = "unfixed", "With a known cause, not resolved", "根因已明未解决", Stretches("caused")
    unimplemented = "unimplemented", "Submitted, not implemented", "已提交未实施"
    waiting = "waiting", "Approved, not begun", "已批准未开始", Stretches("waiting")
    review_overdue = "review_overdue", "Not reviewed in time", "评审逾期", Stretches("overdue", phases=("ended",))
    in_force = "in_force", "Signed, not ended", "已签署未终止"
    live = "live", "Live", "运行中"
    published = "published", "Published, in force", "已发布且有效"
    unclosed_risk = "unclosed_risk", "Risks not closed", "未关闭的风险"
    unrestored = "unrestored", "Failed, not restored yet", "失败后未恢复"
    complaint_unanswered = (
        "complaint_unanswered", "Complaints not answered", "投诉未答复", Stretches(table="complaint_life"))
    # fmt: on
