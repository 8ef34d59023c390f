"""Mails that were not sent, for administrators: `GET /v1/unsent_mails`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.direct import Router
from app.api.listings import cursors
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import page_response
from app.api.records.shapes import OutputModel, PersonStub
from app.api.requests.accept import language_for
from app.common.notices import NoticeKind, NoticeType
from app.kernel.actions.actor_policy import admin
from app.log.canonical import instant
from app.notifications.records import DeliveryFailure
from app.notifications.texts import kind_of_notice
from app.notifications.unsent import UNSENT, since

PAGE = f"""
select * from ({UNSENT}) as unsent
where %(after)s::uuid is null or id > %(after)s order by id limit %(limit)s"""
SCOPE = "unsent mails"
TIMES = ("sent_at", "next_try_at", "failed_at")

router = Router(prefix="/v1/unsent_mails", tags=["people"])


class UnsentMailOut(OutputModel):
    """A notice whose mail was not sent."""

    id: UUID = Field(description="Identifier of the notice.")
    person: PersonStub
    kind: NoticeKind = Field(description="Kind of the notice for the person.")
    steps: list[NoticeType] = Field(
        description="Steps that the notice reports, in the order in which they happened."
    )
    sent_at: datetime = Field(description="Time at which the notice was sent in the application.")
    attempts: int | None = Field(description="Number of attempts so far; null if the mail was given up.")
    next_try_at: datetime | None = Field(
        description="Time of the next attempt; null if the mail was given up."
    )
    why: str | None = Field(
        description="Error of the last attempt, with the mail server's code; null if the mail was given up.",
        examples=["SMTPConnectError 421"],
    )
    failed_at: datetime | None = Field(description="Time at which the mail was given up; null if it was not.")
    failure: DeliveryFailure | None = Field(
        description="Reason for giving up the mail; null if it was not given up."
    )


class UnsentMailPage(OutputModel):
    """The mails that were not sent, the oldest first."""

    items: list[UnsentMailOut]
    next_cursor: str | None


@router.endpoint("", "List unsent mails", UnsentMailPage, refused=(400, 422))
async def list_unsent_mails(request: Request, paging: Annotated[Paging, Query()]) -> Response:
    """List the mails that wait for another attempt, and those of the last seven days that were given up or
    refused by the mail server, the oldest first.
    """
    ledger = ledger_of(request)
    if not admin.allows(caller_of(request), None):
        raise ledger.forbidden(admin, language_for(request))
    sign = ledger.vault.fingerprint
    after = None if paging.cursor is None else UUID(cursors.read(paging.cursor, SCOPE, sign)[0])
    parameters = {**since(utc_now()), "after": after, "limit": paging.limit + 1}
    rows = await ledger.db.rows(PAGE, parameters)
    page = rows[: paging.limit]
    names = await ledger.directory.names({row["person_id"] for row in page}) if page else {}
    texts = await ledger.vault.texts(names.values())
    cursor = cursors.write([str(page[-1]["id"])], SCOPE, sign) if len(rows) > paging.limit else None
    items = [
        {
            "id": row["id"],
            "person": {"id": row["person_id"], "name": texts.get(names.get(row["person_id"], ""))},
            "kind": kind_of_notice(NoticeType(step) for step in row["steps"]),
            **{name: row[name] for name in ("steps", "attempts", "why", "failure")},
            **{name: None if row[name] is None else instant(row[name]) for name in TIMES},
        }
        for row in page
    ]
    return page_response(request, {"items": items, "next_cursor": cursor})
