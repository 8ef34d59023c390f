"""Freezes and changes that overlap the planned window of a change, and free windows: shown from the draft to
the vote, so that a freeze is known before the change is scheduled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from app.api.authentication.auth import utc_now
from app.desk.pages.context import Desk
from app.desk.pages.record.read_fields import span_fields
from app.desk.pages.records import RecordView
from app.log.canonical import instant

CHANGE, FREEZE, WANTED = "change", "freeze", "wanted_from_at"
#: Number of freezes shown with the form of a new change: the next ones.
MOST_FREEZES = 5


@dataclass(frozen=True, slots=True)
class BlockedSpan:
    """A freeze or another change: its name, the address of its page, and its times (no end: not known)."""

    label: str
    address: str
    begin: Markup
    end: Markup | None


@dataclass(frozen=True, slots=True)
class WindowCheck:
    """Overlaps of the planned window, and the next free windows of its length."""

    conflicts: Sequence[BlockedSpan]
    free: Sequence[tuple[Markup, Markup]]


async def window_check(desk: Desk, view: RecordView) -> WindowCheck | None:
    """Return what overlaps the window of the change; None if nothing does, or if it is over."""
    names = span_fields(view)
    if view.lifecycle.kind != CHANGE or names is None or not desk.is_staff:
        return None
    begin, end = (str(view.record[name]) for name in names)
    if datetime.fromisoformat(end) <= utc_now():
        return None
    parameters = {"from": begin, "to": end, "change": str(view.record["id"])}
    conflicts = await desk.calls.read_if_allowed("/v1/changes/conflicts", parameters)
    if conflicts is None or not conflicts["items"]:
        return None
    return WindowCheck(
        [
            BlockedSpan(
                " ".join(filter(None, [item["name"] if item["kind"] == CHANGE else "", item["title"]])),
                f"{desk.root}/{item['kind']}/{item['name'] if item['kind'] == CHANGE else item['id']}",
                desk.display.date(item["from_at"]),
                None if item["until_at"] is None else desk.display.date(item["until_at"]),
            )
            for item in conflicts["items"]
        ],
        [
            (desk.display.date(window["from_at"]), desk.display.date(window["until_at"]))
            for window in conflicts["free_windows"]
        ],
    )


async def freezes_ahead(desk: Desk) -> list[BlockedSpan]:
    """Return the next freezes of changes."""
    page = await desk.calls.read_if_allowed("/v1/freezes", {"state": "declared", "limit": "100"})
    now = instant(utc_now())
    ahead = sorted(
        (freeze for freeze in (page or {"items": []})["items"] if freeze["until_at"] > now),
        key=lambda freeze: str(freeze["from_at"]),
    )
    return [
        BlockedSpan(
            str(freeze["title"] or ""),
            f"{desk.root}/{FREEZE}/{freeze['id']}",
            desk.display.date(freeze["from_at"]),
            desk.display.date(freeze["until_at"]),
        )
        for freeze in ahead[:MOST_FREEZES]
    ]
