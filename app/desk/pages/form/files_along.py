"""Files that are sent along with a form: they are uploaded with it, and attached to the record after it, or
taken by an action of their own.
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.form.sent_inputs import SentInputs
from app.desk.pages.kept_forms import ALONG
from app.desk.pages.records import RecordView

#: The readers of a comment, which are those of its files, and the value for staff only.
VISIBILITY, INTERNAL = "visibility", "internal"
ATTACH, NAME_MEMBER = "attach", "name"


async def attach_files(screen: ActionScreen, view: RecordView, sent: SentInputs) -> int:
    """Attach the files that were sent along to the record; return how many were refused. A file that is sent
    twice is attached once.
    """
    refused, along = 0, screen.face.file_along
    action, name_member = (ATTACH, NAME_MEMBER) if along is None else (along.action, along.name_member)
    for number, pair in enumerate(sent.inputs.get(ALONG, ())):
        upload, _, name = pair.partition(" ")
        readers = sent.first_text(f"/{VISIBILITY}")
        body = {"upload": upload, name_member: name, **({VISIBILITY: readers} if readers else {})}
        answer = await screen.desk.calls.send(
            "POST",
            f"/v1/{view.lifecycle.plural}/{view.record['id']}/{action}",
            body=body,
            headers={"idempotency-key": str(uuid5(NAMESPACE_URL, f"{sent.key} {number}"))},
        )
        refused += not answer.is_success
    return refused
