"""Replies to requesters: a public one of staff is also the response to the ticket."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from app.api.pages.page_paths import DESK
from app.desk.pages.form.files_along import VISIBILITY
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.pages.records import RecordView

COMMENT, INTERNAL = "comment", "internal"


async def respond_by_reply(screen: ActionScreen, view: RecordView, sent: SentInputs) -> None:
    """Carry out the action that a public reply of staff stands for, as the acknowledgement of a new incident.
    A form that is sent twice carries it out once; where the action is not possible, the reply stands alone.
    """
    desk, action = screen.desk, view.lifecycle.face.done_by_reply
    is_requester = (view.record.get("requester") or {}).get("id") == desk.reader_id
    is_public = sent.first_text(f"/{VISIBILITY}") != INTERNAL
    if screen.row.name != COMMENT or desk.root != DESK or not is_public or is_requester:
        return
    offered = {each["action"]: each["reason"] for each in view.record.get("actions", ())}
    if desk.is_staff and offered.get(action, action) is None:
        link = desk.link_of(view.lifecycle, action)
        await desk.calls.send(
            link.method,
            link.href.replace("{id}", str(view.record["id"]), 1),
            body={},
            headers={"idempotency-key": str(uuid5(NAMESPACE_URL, f"{sent.key} {action}"))},
        )
