"""Read side of notices: their schema, renderer and listing."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.columns import Columns, by_row
from app.api.lists import Listing
from app.api.shapes import PersonStub, RecordOut, Renderer
from app.common.notices import NoticeType
from app.foundation.people.queries import PERSONS
from app.kernel.references import is_visible
from app.notifications import texts
from app.notifications.lifecycle import LIFECYCLE
from app.notifications.records import DeliveryFailure, DeliveryMethod, NoticeState


class NoticeOut(RecordOut):
    """A notice to one person about the events of one ticket."""

    state: NoticeState
    person: PersonStub
    about: str = Field(description="The ticket: `<kind>/<id>`.")
    number: str = Field(description="The ticket's.")
    title: str | None = Field(
        description="The ticket's, as it was then; null for a reader who may not see the ticket now."
    )
    steps: list[NoticeType] = Field(description="What was told, in the order in which it happened.")
    versions: list[int] = Field(description="Of each step, the version of the event that says it.")
    streams: list[str] | None = Field(
        description="Of each step, the stream of that event: a clock's, or the ticket's. Null: all are the "
        "ticket's."
    )
    way: DeliveryMethod = Field(description="How: in the application, or by mail besides.")
    sent_at: datetime
    read_at: datetime | None
    mailed_at: datetime | None = Field(description="When the mail server took it.")
    failed_at: datetime | None = Field(description="When it was given up to mail it.")
    failure: DeliveryFailure | None = Field(description="Why it was given up.")
    text: str = Field(description="What it says, in the language asked for; a sentence to a line.")


# The titles of notices, each with those who may see what it is about.
TITLES = """
select n.id, n.title, h.kind, h.audience from fold.notice n join log.stream_head h on h.stream = n.about
where n.id = any(%s)"""


class NoticeRenderer(Renderer):
    """Renderer of notices, with their text in the caller's language. A title is shown with the rights that
    the reader has now: a narrower key, or somebody who has left the team, does not read it.
    """

    COMPUTED = frozenset({"title", "text"})

    async def compute(self, columns: Columns) -> Columns:
        """Return the titles and texts of the notices: one query for the titles, and one for the payloads of
        the events.
        """
        kinds, ids = self.ledger.lifecycles, columns["id"]
        titles = {
            row["id"]: row["title"]
            for row in await self.ledger.db.rows(TITLES, (list(ids),))
            if is_visible(self.ledger, kinds[row["kind"]], self.caller, row["audience"])
        }
        shown = [titles.get(notice) for notice in ids]
        notices = by_row({**columns, "title": shown})
        payloads = await texts.load_payloads(self.ledger, texts.steps_of(notices))
        told = [texts.text(self.ledger, self.language, notice, payloads) for notice in notices]
        return {"title": shown, "text": told}


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=NoticeOut,
    filters=("state", "person", "sent_at"),
    # Sorted by state descending, unread notices come first; by time descending, the newest.
    sorts=("state", "sent_at"),
    expands=(PERSONS,),
    renderer=NoticeRenderer,
)
