"""Marks of signals in charts: the state and the tendency. Pure."""

from __future__ import annotations

from app.common.records import CodeEnum


class SignalState(CodeEnum):
    """The state of a signal: noted, explained, or withdrawn because later events removed it."""

    noted = "noted", "Noted", "已记录"
    explained = "explained", "Explained", "已说明"
    withdrawn = "withdrawn", "Withdrawn", "已撤回"


class Tendency(CodeEnum):
    """The direction in which a KPI has changed: for the better, for the worse, or neither."""

    better = "better", "Changed for the better", "异常变好"
    worse = "worse", "Changed for the worse", "异常变差"
    neither = "neither", "Changed", "异常变化"
