"""Notices about one record, for those who manage it: `GET /v1/incidents/{id}/notices` and so on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.direct import Router
from app.api.listings import cursors
from app.api.listings.page_responses import VARY
from app.api.records.reads import Name
from app.api.records.shapes import OutputModel, PersonStub
from app.api.requests.accept import language_for
from app.api.requests.json_output import dump_json
from app.common.notices import NoticeKind, NoticeType
from app.common.people import STAFF_ROLES, Caller
from app.common.tickets import Ticket
from app.foundation.decisions.records import Decision
from app.i18n.kind_nouns import noun
from app.kernel.access.reads import load
from app.kernel.access.visibility import sees_every_record
from app.kernel.actions.actor_policy import ActorPolicy
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.log.canonical import instant
from app.notifications.records import DeliveryFailure, DeliveryMethod
from app.notifications.responsible import marked_fields_of
from app.notifications.texts import kind_of_notice

LARGEST_PAGE = 200
# Notices to persons who were erased are shown without a name. The index notice_about has this order.
NOTICES = """
select n.id, n.person_id, n.steps, n.way, n.sent_at, n.read_at, n.mailed_at, n.failed_at, n.failure
from fold.notice n where n.about = %s and (%s::uuid is null or n.id < %s) order by n.id desc limit %s"""


class SentNoticeOut(OutputModel):
    """A notice about the record: its recipient, its content, and its delivery."""

    id: UUID
    person: PersonStub
    kind: NoticeKind = Field(description="Kind of the notice for the person.")
    steps: list[NoticeType] = Field(
        description="Steps that the notice reports, in the order in which they happened."
    )
    way: DeliveryMethod = Field(description="Channel of the notice: in the application, or also by mail.")
    sent_at: datetime = Field(description="Time at which the notice was sent in the application.")
    read_at: datetime | None = Field(
        description="Time at which the person read the notice in the application; null until then."
    )
    mailed_at: datetime | None = Field(
        description="Time at which the mail server accepted the mail; null if it has not."
    )
    failed_at: datetime | None = Field(description="Time at which the mail was given up; null if it was not.")
    failure: DeliveryFailure | None = Field(
        description="Reason for giving up the mail; null if it was not given up."
    )


class SentNoticePage(OutputModel):
    """Notices about a record, the newest first."""

    items: list[SentNoticeOut]
    next_cursor: str | None


class SentNoticePaging(BaseModel):
    """The page of a record's notices."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Number of notices on a page.")] = 100
    cursor: Annotated[str | None, Field(max_length=500, description="`next_cursor` of the page before.")] = (
        None
    )


def record_notices_router(lifecycles: Iterable[Lifecycle[Any]]) -> Router:
    """Return the routes of all kinds of records that notices can be about and that somebody manages."""
    router = Router(prefix="/v1", tags=["people"])
    for lifecycle in lifecycles:
        if _is_notified_of(lifecycle) and managers_of(lifecycle).roles:
            router.endpoint(
                f"/{lifecycle.plural}/{{id}}/notices",
                f"List {noun(lifecycle.kind)} notices",
                SentNoticePage,
                refused=(400, 404, 422),
                operation_id=f"list_{lifecycle.kind}_notices",
                description=f"List the notices about one {noun(lifecycle.kind)} with their recipients and "
                "their delivery. For callers who see all records of this kind, or have a role that may act "
                "on this one.",
            )(_endpoint(lifecycle))
    return router


def _is_notified_of(lifecycle: Lifecycle[Any]) -> bool:
    return (
        issubclass(lifecycle.record, Ticket)
        or Decision in lifecycle.children
        or bool(marked_fields_of(lifecycle))
        or any(row.consequences.notifies for row in lifecycle.rows)
    )


def managers_of(lifecycle: Lifecycle[Any]) -> ActorPolicy:
    """Return who manages records of that kind: the roles of staff that its table names, and its overseers."""
    named = {role for row in lifecycle.rows for role in row.policy.roles}
    return ActorPolicy((frozenset(named) | lifecycle.overseer_roles) & STAFF_ROLES, frozenset())


def _may_read(ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, record: Any) -> bool:
    if sees_every_record(caller, lifecycle, agents_see=ledger.settings.agents_see):
        return True
    return any(caller.has_role(role, record) for role in managers_of(lifecycle).roles)


def _endpoint(lifecycle: Lifecycle[Any]) -> Callable[..., Any]:
    async def list_notices(
        request: Request, name: Name, paging: Annotated[SentNoticePaging, Query()]
    ) -> Response:
        ledger, caller = ledger_of(request), caller_of(request)
        loaded = await load(ledger.db, lifecycle, name)
        if loaded is None or not is_visible(ledger, lifecycle, caller, loaded.audience):
            raise NotFound()
        if not _may_read(ledger, lifecycle, caller, loaded.record):
            raise ledger.forbidden(managers_of(lifecycle), language_for(request))
        listed = await _page(ledger, loaded.record.row_key, paging)
        return Response(dump_json(listed), headers=VARY, media_type="application/json")

    return list_notices


async def _page(ledger: Ledger, about: str, paging: SentNoticePaging) -> dict[str, Any]:
    """Return one page of the notices about the record. Raises BadCursor."""
    sign, scope = ledger.vault.fingerprint, f"notices of {about}"
    after = None if paging.cursor is None else UUID(cursors.read(paging.cursor, scope, sign)[0])
    rows = await ledger.db.rows(NOTICES, (about, after, after, paging.limit + 1))
    page_rows = rows[: paging.limit]
    names = await ledger.directory.names({row["person_id"] for row in page_rows}) if page_rows else {}
    texts = await ledger.vault.texts(names.values())
    cursor = cursors.write([str(page_rows[-1]["id"])], scope, sign) if len(rows) > paging.limit else None
    items = [
        {
            "id": row["id"],
            "person": {"id": row["person_id"], "name": texts.get(names.get(row["person_id"], ""))},
            "kind": kind_of_notice(NoticeType(step) for step in row["steps"]),
            **{name: row[name] for name in ("steps", "way", "failure")},
            **{
                name: None if row[name] is None else instant(row[name])
                for name in ("sent_at", "read_at", "mailed_at", "failed_at")
            },
        }
        for row in page_rows
    ]
    return {"items": items, "next_cursor": cursor}
