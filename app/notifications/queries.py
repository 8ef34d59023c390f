"""Read side of notices: their schema, renderer and listing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from email.parser import BytesHeaderParser
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.columns import Columns, by_row
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.common.notices import NoticeKind, NoticeType
from app.foundation.people.queries import PERSONS
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.log.canonical import instant
from app.log.events import id_of, kind_of
from app.notifications import texts
from app.notifications.details import StepDetails, StepKey, load_details
from app.notifications.lifecycle import LIFECYCLE
from app.notifications.records import Notice


class DetailOut(OutputModel):
    """A value of the event that a notice reports."""

    field: str = Field(description="Name of the field.")
    label: str = Field(description="Label of the field, in the requested language.")
    value: str = Field(description="Value in words.")


class ToldStepOut(OutputModel):
    """The details of one event in a notice."""

    step: NoticeType
    at: datetime | None = Field(
        description="Time of the event; null if the reader may not see the record now."
    )
    by: str | None = Field(
        description="Person who acted; null if unknown, or if the reader may not see them."
    )
    details: list[DetailOut] = Field(description="Fields of the event that the notice shows.")
    asks: str | None = Field(
        description="Action that the reader is asked for; null if no action is needed, or if the "
        "reader may not see the record now."
    )
    due_at: datetime | None = Field(
        description="Time by which the action is asked for: its own due time, the agreed target, or else a "
        "week later; null if no action is needed."
    )


class NoticeOut(RecordOut, of=Notice):
    """A notice to one person about the events of one ticket."""

    steps: list[NoticeType] = Field(
        description="Steps that the notice reports, in the order in which they happened."
    )
    kind: NoticeKind = Field(
        description="Kind of the notice for the person; if there are several steps, the kind of the "
        "most demanding one."
    )
    text: str = Field(
        description="Text of the notice, in the requested language: a sentence in each line, the "
        "person who acted, the values that the reader may see now, and the action that is "
        "asked for."
    )
    told: list[ToldStepOut] = Field(description="Details of each step that the reader may see, in order.")
    why: str = Field(description="Reason why the person receives the notice.")
    link: str | None = Field(
        description="Address of the record's page; null if the installation has no public address."
    )


#: Mail that opened the requester's incident, if its content is still stored.
OPENED_BY = """
select d.sealed from log.event e
join fold.webhook_source s on e.source = 'webhook:' || s.key and s.adapter = 'mail'
join plumbing.webhook_delivery d on d.source_id = s.id and d.delivery_key = e.source_ref
where e.stream = %(about)s and e.version = 1 and d.sealed is not null
  and exists (select from fold.incident i where i.id = %(id)s and i.requester_id = %(person)s)"""
#: The head of a mail is hardly longer; an id behind that is not looked for.
LARGEST_HEAD = 262_144
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,300}>")

# The names and titles of notices, each with those who may see what it is about.
TITLES = """
select n.id, n.about, n.number, n.title, h.kind, h.audience
from fold.notice n join log.stream_head h on h.stream = n.about
where n.id = any(%s)"""


class NoticeRenderer(Renderer):
    """Renderer of notices, with their text in the caller's language. A title is shown with the rights that
    the reader has now: a narrower key, or somebody who has left the team, does not read it.
    """

    COMPUTED = frozenset({"number", "title", "kind", "text", "told", "why", "link"})

    async def compute(self, columns: Columns) -> Columns:
        """Return the titles and texts of the notices: one query for the titles, and one for the payloads of
        the events.
        """
        ids = columns["id"]
        rows = await self.ledger.db.rows(TITLES, (list(ids),))
        in_language = await texts.load_titles(self.ledger, self.language, [row["about"] for row in rows])
        names = {
            row["id"]: self._names({**row, "title": in_language.get(row["about"], row["title"])})
            for row in rows
        }
        numbers, titles = ([names[notice_id][n] for notice_id in ids] for n in (0, 1))
        notices = by_row({**columns, "number": numbers, "title": titles, "person_id": columns["person"]})
        payloads = await texts.load_payloads(self.ledger, texts.steps_of(notices))
        details = await load_details(self.ledger, self.language, self.caller, notices)
        kinds_of = [texts.kind_of_notice(NoticeType(step) for step in notice["steps"]) for notice in notices]
        return {
            "number": numbers,
            "title": titles,
            "kind": kinds_of,
            "text": [texts.text(self.ledger, self.language, notice, payloads, details) for notice in notices],
            "told": [_told_steps(self.language, notice, details) for notice in notices],
            "why": [texts.reason_of(self.language, kind) for kind in kinds_of],
            "link": [
                texts.link_to(self.ledger, notice, [NoticeType(step) for step in notice["steps"]])
                for notice in notices
            ],
        }

    def _names(self, row: Mapping[str, Any]) -> tuple[str, str | None]:
        """Return the shown number and title of the record. A record without a number is named by words, which
        only people who see it may read.
        """
        lifecycle = self.ledger.lifecycles[row["kind"]]
        if is_visible(self.ledger, lifecycle, self.caller, row["audience"]):
            return row["number"], row["title"]
        return row["number"] if lifecycle.code else row["about"].partition("/")[2], None


def _told_steps(language: str, notice: Any, details: Mapping[StepKey, StepDetails]) -> list[dict[str, Any]]:
    """Return what the reader may see of each step of the notice."""
    steps = []
    for stream, version, step in texts.steps_of([notice]):
        step_details = details.get((notice["id"], stream, version))
        steps.append(
            {
                "step": step,
                "at": None if step_details is None else instant(step_details.occurred_at),
                "by": None if step_details is None else step_details.by,
                "details": [
                    {"field": detail.field, "label": detail.label, "value": detail.value}
                    for detail in (step_details.details if step_details else ())
                ],
                "asks": None if step_details is None else texts.request_of(language, step),
                "due_at": instant(step_details.due_at) if step_details and step_details.due_at else None,
            }
        )
    return steps


async def answered_mail(ledger: Ledger, about: str, person: UUID) -> str | None:
    """Return the Message-ID of the mail by which the person opened the incident `about`; None if it was not
    opened so, is not theirs, or the mail is not stored any more.
    """
    if kind_of(about) != "incident":
        return None
    parameters = {"about": about, "id": id_of(about), "person": person}
    sealed = await ledger.db.value(OPENED_BY, parameters)
    if sealed is None:
        return None
    # The delivery's headers stand in the first line; the mail follows.
    _, _, mail = ledger.vault.decrypt_delivery(bytes(sealed)).partition(b"\n")
    message_id = str(BytesHeaderParser().parsebytes(mail[:LARGEST_HEAD]).get("message-id", "")).strip()
    return message_id if _ID.fullmatch(message_id) else None


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=NoticeOut,
    filters=("state", "person", "sent_at"),
    # Sorted by state descending, unread notices come first; by time descending, the newest.
    sorts=("state", "sent_at"),
    expands=(PERSONS,),
    renderer=NoticeRenderer,
)
