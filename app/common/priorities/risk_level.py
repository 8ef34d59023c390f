"""Levels of risks: of changes, and of those in the register."""

from __future__ import annotations

from app.common.records import CodeEnum


class RiskLevel(CodeEnum):
    """The level of a risk, a change's or one in the register."""

    low = "low", "Low", "低"
    medium = "medium", "Medium", "中"
    high = "high", "High", "高"
