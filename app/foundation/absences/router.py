"""Routes of absences: `/v1/absences`, an import from a file, and `/v1/absence_calendars`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, context_of, require_in_person
from app.api.direct import Router
from app.api.open_actions import send_as
from app.api.records.actions import (
    ActionRequest,
    IdempotencyKeyHeader,
    IfMatch,
    handle_action,
    mount_actions,
    operation,
)
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.routes import Routes
from app.common.duties import GivenDuty
from app.common.personal import Ciphertext
from app.common.records import ForeignRef
from app.foundation.absences import absence_calendars, absences
from app.foundation.absences.absence_calendars import (
    AddAbsenceCalendar,
    MoveAbsenceCalendar,
    NewAbsenceCalendar,
    NewCalendarAddress,
)
from app.foundation.absences.absences import NewAbsence, PlanAbsence
from app.foundation.absences.bounded_reader import read_bounded
from app.foundation.absences.calendar_file import CalendarRefused
from app.foundation.absences.importing import HORIZON, AbsenceOrigin, import_absences
from app.foundation.absences.lookups import LAST_FETCH, usable_deputy
from app.foundation.absences.queries import (
    ABSENCE_CALENDARS,
    ABSENCES,
    AbsenceCalendarOut,
    AbsenceCalendarStatusOut,
    AbsenceImportOut,
    AbsenceOut,
    AbsenceReasonOut,
)
from app.foundation.absences.records import AbsenceSource
from app.foundation.people import persons
from app.foundation.people.credentials.maker_credential import (
    MakerCredential,
    require_consent,
)
from app.foundation.people.eligibility import check_on_the_same_side
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.actor_policy import addressee, staff
from app.kernel.actions.payloads import Reference
from app.kernel.actions.refusals import WrongValue
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.platform.outward import OutwardPolicy, UnusableAddress

#: A file of this length, sent as JSON, is within the bound of a body.
LONGEST_FILE = 1_000_000
CALENDARS = "/absence_calendars"

router = Router(prefix="/v1", tags=["people"])
mount_reads(router, ABSENCES, prefix="/absences")
mount_reads(router, ABSENCE_CALENDARS, prefix=CALENDARS)


@router.post("/absences", **operation(absences.LIFECYCLE, "plan", AbsenceOut))
async def plan_absence(
    request: Request, body: NewAbsence, idempotency_key: IdempotencyKeyHeader = None
) -> Response:
    """Plan an absence: meanwhile a deputy votes and is on call in the person's place, and no rule assigns
    them work.
    """
    payload = PlanAbsence(**{name: getattr(body, name) for name in body.model_fields_set})
    action_request = ActionRequest(None, payload, None, idempotency_key)
    lifecycle = absences.LIFECYCLE
    return await handle_action(request, lifecycle, lifecycle["plan"], AbsenceOut, action_request)


class ImportAbsences(BaseModel):
    """A calendar file with the caller's own absences."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    calendar: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_FILE)] = Field(
        description="Content of the file (iCalendar).",
        examples=["BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nEND:VCALENDAR\r\n"],
    )
    deputy: Annotated[Reference, ForeignRef("person", GivenDuty.deputising, quiet=True)] | None = Field(
        default=None, description="Deputy for each new absence; null for no deputy."
    )


@router.endpoint(
    "/absences/import",
    "Import absences from a file",
    AbsenceImportOut,
    method="POST",
    operation_id="import_absences",
)
async def import_from_file(request: Request, ledger: RequestLedger, body: ImportAbsences) -> Response:
    """Import the caller's own absences from a calendar file. A repeated import compares the file with the
    earlier one: it updates changed absences and removes missing ones. Absences entered by hand stay.
    """
    require_in_person(request)
    caller, context = caller_of(request), context_of(request)
    if caller.person_id is None or not staff.for_people().allows(caller, None):
        raise ledger.forbidden(staff, context.language)
    if body.deputy is not None:
        require_consent(caller)
    person = await load(ledger.db, persons.LIFECYCLE, str(caller.person_id))
    assert person is not None, "the caller is a person"
    deputy_id = None if body.deputy is None else await _deputy_id(request, ledger, body.deputy)
    zone = person.record.time_zone or ledger.settings.time_zone
    try:
        content = await read_bounded(body.calendar.encode(), zone, context.now, context.now + HORIZON)
    except CalendarRefused as error:
        raise WrongValue(pointer="/calendar", because=error.failure.value) from error
    origin = AbsenceOrigin(
        caller.person_id, AbsenceSource.file, MakerCredential.of_caller(caller), None, deputy_id
    )
    counts = await import_absences(ledger, origin, content, context.now)
    return _json(asdict(counts) | {"unreadable": content.unreadable, "absences_left_out": content.left_out})


async def _deputy_id(request: Request, ledger: Ledger, name: str) -> Any:
    """Return the id of the person of that name, who can deputise for the caller. Raises WrongValue."""
    caller = caller_of(request)
    loaded = await load(ledger.db, persons.LIFECYCLE, name)
    if loaded is None or not is_visible(ledger, persons.LIFECYCLE, caller, loaded.audience):
        raise WrongValue({"kind": "person", "name": name}, pointer="/deputy", because="unknown_reference")
    assert caller.person_id is not None
    if await usable_deputy(ledger.db.rows, loaded.record.id, caller.person_id) is None:
        raise WrongValue(pointer="/deputy", because="cannot_deputise")
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    await check_on_the_same_side(reads, caller.person_id, loaded.record, "/deputy")
    return loaded.record.id


@router.endpoint(
    "/absences/{id}/reason", "Get the reason for an absence", AbsenceReasonOut, refused=(404, 422)
)
async def get_absence_reason(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Return the reason for the caller's own absence. Other persons cannot see it."""
    absence = (await load_visible(renderer_of(request, ABSENCES), name)).record
    caller = caller_of(request)
    if caller.person_id is None or absence.person_id != caller.person_id:
        raise ledger.forbidden(addressee, context_of(request).language)
    encrypted = absence.reason
    text = None if encrypted is None else (await ledger.vault.texts([Ciphertext(encrypted)]))[encrypted]
    return _json({"reason": text})


@router.endpoint(
    f"{CALENDARS}/{{id}}/status",
    "Get an absence calendar's status",
    AbsenceCalendarStatusOut,
    refused=(404, 422),
)
async def get_absence_calendar_status(request: Request, ledger: RequestLedger, name: Name) -> Response:
    """Return the last fetch of the calendar with its outcome, and the time of the next one."""
    calendar = (await load_visible(renderer_of(request, ABSENCE_CALENDARS), name)).record
    unfetched = dict.fromkeys(("failures", "absences", "unreadable", "absences_left_out"), 0)
    row = await ledger.db.row(LAST_FETCH, (calendar.id,)) or unfetched
    return _json({name: row.get(name) for name in AbsenceCalendarStatusOut.model_fields})


def _origin(ledger: Ledger, url: str) -> str:
    """Return scheme, host and port of the address. Raises WrongValue for one that may not be asked."""
    try:
        return OutwardPolicy.from_settings(ledger.settings).check_target(url)
    except UnusableAddress as error:
        raise WrongValue(pointer="/url", because=error.code) from error


@router.post(CALENDARS, **operation(absence_calendars.LIFECYCLE, "add", AbsenceCalendarOut))
async def add_absence_calendar(
    request: Request,
    ledger: RequestLedger,
    body: NewAbsenceCalendar,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Add an absence calendar: the caller's absences are taken from it every hour."""
    payload = AddAbsenceCalendar(**body.model_dump(), origin=_origin(ledger, body.url))
    return await _handle(request, "add", ActionRequest(None, payload, None, idempotency_key))


@router.post(f"{CALENDARS}/{{id}}/move", **operation(absence_calendars.LIFECYCLE, "move", AbsenceCalendarOut))
async def move_absence_calendar(
    request: Request,
    ledger: RequestLedger,
    name: Name,
    body: NewCalendarAddress,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Move the calendar to another address. Absences that are not found there are removed."""
    payload = MoveAbsenceCalendar(**body.model_dump(), origin=_origin(ledger, body.url))
    return await _handle(request, "move", ActionRequest(name, payload, if_match, idempotency_key))


async def _handle(request: Request, action: str, action_request: ActionRequest) -> Response:
    lifecycle = absence_calendars.LIFECYCLE
    return await handle_action(request, lifecycle, lifecycle[action], AbsenceCalendarOut, action_request)


def _json(content: Any) -> Response:
    return Response(to_json(content), media_type="application/json")


mount_actions(router, absences.LIFECYCLE, AbsenceOut, prefix="/absences", left_out={"plan"})
mount_edit(router, absences.LIFECYCLE, AbsenceOut, prefix="/absences")
mount_actions(
    router, absence_calendars.LIFECYCLE, AbsenceCalendarOut, prefix=CALENDARS, left_out={"add", "move"}
)
mount_edit(router, absence_calendars.LIFECYCLE, AbsenceCalendarOut, prefix=CALENDARS)
send_as(PlanAbsence, NewAbsence)
send_as(AddAbsenceCalendar, NewAbsenceCalendar)
send_as(MoveAbsenceCalendar, NewCalendarAddress)

ROUTES = Routes((router,), (ABSENCES, ABSENCE_CALENDARS))
