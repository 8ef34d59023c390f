"""How a change has ended, for tickets that wait for it (pure). Processes do not know one another: a change is
known by its fields.
"""

from __future__ import annotations

from typing import Any

from app.common.records import CodeEnum


class ChangeEnding(CodeEnum):
    """The way in which a change ended."""

    successful = "successful", "Successful", "成功"
    successful_with_issues = "successful_with_issues", "Successful with issues", "成功但有问题"
    failed = "failed", "Failed", "失败"
    backed_out = "backed_out", "Backed out", "已回退"
    rejected = "rejected", "Rejected", "已否决"
    cancelled = "cancelled", "Cancelled", "已取消"


#: The endings of changes that were made.
ENDED_AS_MADE = frozenset({ChangeEnding.successful, ChangeEnding.successful_with_issues})
#: The states in which nothing more becomes of a change.
ENDED_STATES = frozenset({"closed", "rejected", "cancelled"})


def ending_of(change: Any) -> ChangeEnding | None:
    """Return how the change has ended: as its review judges it, or because it is not made, or no longer. None
    if it may still be made, or its review is to come.
    """
    code = change.outcome if change.state == "closed" else change.state
    return ChangeEnding(code) if code in set(ChangeEnding) else None


def has_ended(change: Any) -> bool:
    """Return whether nothing more becomes of the change."""
    return change.state in ENDED_STATES
