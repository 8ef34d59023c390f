"""Text blocks in the forms of answers: they are offered next to the text, and appended to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.desk.pages.context import Desk
from app.desk.pages.records import RecordView
from app.kernel.actions.lifecycle import Action

#: The inputs that choose a block, and that ask for it to be put into the text.
BLOCK, INSERT = "block", "insert"
#: The fields that are answers to the requester, by the actions whose forms have them.
ANSWERS = {"comment": "/text"}


async def offered_blocks(
    desk: Desk, view: RecordView | None, row: Action[Any, Any]
) -> Sequence[Mapping[str, Any]]:
    """Return the text blocks that fit an answer on that record, filled; empty if the action has no answer,
    nobody asked for the record, or the reader is not staff.
    """
    if view is None or row.name not in ANSWERS or view.record.get("requester") is None:
        return ()
    path = f"/v1/{view.lifecycle.plural}/{view.record['id']}/text_blocks"
    offered = await desk.calls.read_if_allowed(path)
    items: Sequence[Mapping[str, Any]] = offered["items"] if offered else ()
    return items


def with_block(text: str, blocks: Sequence[Mapping[str, Any]], key: str) -> str:
    """Return the text with the block of that key behind it; unchanged without such a block."""
    chosen = [block["text"] for block in blocks if block["key"] == key]
    return "\n\n".join(part for part in (text.rstrip(), *chosen) if part)
