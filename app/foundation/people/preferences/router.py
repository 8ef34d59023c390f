"""Routes of the caller's notification preferences: `/v1/me/preferences`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of
from app.api.commands.performing import perform_idempotently
from app.api.direct import Router
from app.api.records.actions import IdempotencyKeyHeader
from app.api.records.shapes import OutputModel
from app.api.requests.request_keys import key_of
from app.common.notices import NoticeKind, NoticeType
from app.common.people import MailFrequency, Person
from app.foundation.people import persons
from app.foundation.people.persons import SetPreferencesPerson
from app.kernel.access.reads import load
from app.kernel.commands.command import Command

router = Router(prefix="/v1/me", tags=["people"])


class PreferencesOut(OutputModel):
    """The types of notices that the caller receives, in the application and by mail."""

    told_of: list[NoticeType] = Field(
        description="Types of notices that the caller receives in the application."
    )
    told_by_mail: list[NoticeType] = Field(
        description="Types of notices that are also sent to the caller by mail."
    )
    mail_waits_for_you: MailFrequency = Field(
        description="Frequency of mails about notices that wait for the caller's action; never `none`."
    )
    mail_is_yours: MailFrequency = Field(
        description="Frequency of mails about the caller's own tickets and records."
    )
    mail_you_follow: MailFrequency = Field(
        description="Frequency of mails about records that the caller follows."
    )
    mail_for_information: MailFrequency = Field(
        description="Frequency of mails that are only for the caller's information."
    )


@router.endpoint("/preferences", "Get the caller's preferences", PreferencesOut, refused=(404,))
async def get_my_preferences(request: Request, ledger: RequestLedger) -> Response:
    """Return the types of notices that the caller gets, in the application and by mail; all by default."""
    loaded = await load(ledger.db, persons.LIFECYCLE, str(caller_of(request).person_id))
    assert loaded is not None, "every key stands for a person"
    return _answer(loaded.record)


@router.endpoint("/preferences", "Set the caller's preferences", PreferencesOut, method="PUT", refused=(409,))
async def set_my_preferences(
    request: Request,
    ledger: RequestLedger,
    body: Annotated[SetPreferencesPerson, Body()],
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Choose the types of notices that the caller receives, in the application and by mail."""
    key = await key_of(ledger, request, "set_my_preferences", idempotency_key)
    name = str(caller_of(request).person_id)
    row = persons.LIFECYCLE["set_preferences"]
    command = Command(persons.LIFECYCLE, row, name, body, context_of(request), None, key)
    return _answer((await perform_idempotently(ledger, command)).record)


def _answer(person: Person) -> Response:
    of_all = [step.value for step in NoticeType]
    preferences: dict[str, Any] = {
        "told_of": of_all if person.told_of is None else person.told_of,
        "told_by_mail": of_all if person.told_by_mail is None else person.told_by_mail,
    }
    for kind in NoticeKind:
        preferences[f"mail_{kind}"] = getattr(person, f"mail_{kind}") or MailFrequency.at_once
    return Response(to_json(preferences), media_type="application/json")
