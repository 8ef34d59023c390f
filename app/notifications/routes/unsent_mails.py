"""Mails that were not sent, for administrators: `GET /v1/unsent_mails`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.contract.openapi import problems
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

    id: UUID = Field(description="The id of the notice.")
    person: PersonStub
    kind: NoticeKind = Field(description="Its kind for them.")
    steps: list[NoticeType] = Field(
        description="Steps that it tells of, in the order in which they happened."
    )
    sent_at: datetime = Field(description="Time at which it was sent in the application.")
    attempts: int | None = Field(description="Number of tries so far; null: it was given up.")
    next_try_at: datetime | None = Field(description="Time of the next try; null: it was given up.")
    why: str | None = Field(
        description="The error of the last try, with the mail server's code; null: it was given up.",
        examples=["SMTPConnectError 421"],
    )
    failed_at: datetime | None = Field(description="Time at which it was given up; null: it is still tried.")
    failure: DeliveryFailure | None = Field(description="The reason why it was given up.")


class UnsentMailPage(OutputModel):
    """Mails that were not sent, the oldest first."""

    items: list[UnsentMailOut]
    next_cursor: str | None


@router.get(
    "",
    operation_id="list_unsent_mails",
    summary="List unsent mails",
    response_model=UnsentMailPage,
    responses=problems(400, 403, 422),
)
async def list_unsent_mails(request: Request, paging: Annotated[Paging, Query()]) -> Response:
    """List the mails that wait for another try, and those of the last seven days that were given up or that
    the mail server refused; the oldest first.
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
