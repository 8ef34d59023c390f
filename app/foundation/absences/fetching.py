"""Calendars of absences, fetched by a worker every hour: like deliveries only from permitted addresses, with
bounds of time and of size. A failure is reported to the person once, and the fetch is repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import rule_caller
from app.common.personal import Ciphertext
from app.foundation.absences.absence_calendars import LIFECYCLE, NoteFailureAbsenceCalendar
from app.foundation.absences.bounded_reader import read_bounded
from app.foundation.absences.calendar_file import LARGEST_CALENDAR, CalendarContent, CalendarRefused
from app.foundation.absences.importing import HORIZON, AbsenceOrigin, import_absences
from app.foundation.absences.lookups import CALENDAR, DUE_CALENDARS, LAST_FETCH, SAVE_FETCH
from app.foundation.absences.records import AbsenceSource, FetchFailure
from app.foundation.people.credentials.maker_credential import MakerCredential
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.platform.db import Connection, Row
from app.platform.outward import OutwardClient, OutwardPolicy, RequestFailed, UnusableAddress, outward_client
from app.platform.shared_connections import SharedConnections

NAME = "fetch_absence_calendars"
POLL_SECONDS = 15.0
FETCH_INTERVAL = timedelta(hours=1)
RETRY_INTERVAL = timedelta(minutes=15)
#: Interval after which an unchanged calendar is read again, since its series continue.
REREAD_INTERVAL = timedelta(days=1)
#: Number of consecutive failures that are reported. A calendar that was never fetched is reported at its
#: first failure.
FAILURES_TOLD = 3
LONGEST_VALIDATOR = 500
OK, NOT_MODIFIED = 200, 304
REDIRECTS = range(300, 400)
CONDITIONS = frozenset({"if-none-match", "if-modified-since"})


@dataclass(slots=True)
class FetchProgress:
    """Progress of the fetches of a calendar: the row next to the log."""

    fetched_at: datetime | None = None
    failures: int = 0
    failure: str | None = None
    etag: str | None = None
    modified: str | None = None
    read_at: datetime | None = None
    absences: int = 0
    unreadable: int = 0
    absences_left_out: int = 0


@dataclass(frozen=True, slots=True)
class FetchedCalendar:
    """The answer to a fetch: the file (None: it has not changed), and what the next request may ask by."""

    content: bytes | None
    validators: dict[str, str | None] = field(default_factory=dict)


class FetchFailed(Exception):
    """The calendar could not be fetched; `failure` has the reason."""

    def __init__(self, failure: FetchFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


async def fetch_due(ledger: Ledger, connection: Connection, now: datetime) -> bool:
    """Fetch the first calendar that is due and that no other worker fetches. Return whether there was one."""
    async with outward_client(OutwardPolicy.from_settings(ledger.settings)) as client:

        async def fetch(calendar_id: UUID) -> bool:
            return await fetch_calendar(ledger, client, calendar_id, now)

        return await polling.claim_first(connection, DUE_CALENDARS, "absence calendar", fetch, (now, now))


async def fetch_calendar(ledger: Ledger, client: OutwardClient, calendar_id: UUID, now: datetime) -> bool:
    """Fetch the calendar and import its absences. Return whether it was there, and not ended."""
    calendar = await ledger.db.row(CALENDAR, (calendar_id,))
    if calendar is None:
        return False
    progress = await _load_progress(ledger, calendar)
    was_fetched = progress.read_at is not None
    try:
        await _import_calendar(ledger, client, calendar, progress, now)
    except (FetchFailed, CalendarRefused) as error:
        progress.failures += 1
        progress.failure = error.failure.value
        if calendar["failing_since_at"] is None and (progress.failures >= FAILURES_TOLD or not was_fetched):
            await _note(
                ledger, calendar_id, "note_failure", NoteFailureAbsenceCalendar(because=error.failure), now
            )
    else:
        progress.failures, progress.failure = 0, None
        if calendar["failing_since_at"] is not None:
            await _note(ledger, calendar_id, "clear_failure", EmptyPayload(), now)
    await _save_progress(ledger, calendar, progress, now)
    return True


async def _import_calendar(
    ledger: Ledger, client: OutwardClient, calendar: Row, progress: FetchProgress, now: datetime
) -> None:
    """Fetch and import. Raises FetchFailed, CalendarRefused."""
    url = (await ledger.vault.texts([Ciphertext(calendar["url"])])).get(calendar["url"])
    if url is None:
        raise FetchFailed(FetchFailure.address_refused)
    fetched = await _fetch(client, url, _conditions(progress, now))
    progress.fetched_at = now
    if fetched.content is None:
        return
    zone = calendar["time_zone"] or ledger.settings.time_zone
    content: CalendarContent = await read_bounded(fetched.content, zone, now, now + HORIZON)
    maker = MakerCredential(calendar["key_id"], calendar["secret_hash"], calendar["ends_at"], consents=False)
    origin = AbsenceOrigin(
        calendar["person_id"], AbsenceSource.calendar, maker, calendar["id"], calendar["deputy_id"]
    )
    await import_absences(ledger, origin, content, now)
    progress.read_at = now
    progress.absences, progress.unreadable = len(content.absences), content.unreadable
    progress.absences_left_out = content.left_out
    progress.etag, progress.modified = fetched.validators["etag"], fetched.validators["last-modified"]


async def _fetch(client: OutwardClient, url: str, headers: dict[str, str]) -> FetchedCalendar:
    """Return the calendar at the address. Raises FetchFailed."""
    try:
        answer = await client.request("GET", url, headers, largest=LARGEST_CALENDAR + 1)
    except UnusableAddress as error:
        raise FetchFailed(FetchFailure.address_refused) from error
    except RequestFailed as error:
        raise FetchFailed(FetchFailure(error.code)) from error
    if answer.status == NOT_MODIFIED and not CONDITIONS.isdisjoint(headers):
        return FetchedCalendar(None)
    if answer.status in REDIRECTS:
        raise FetchFailed(FetchFailure.redirect)
    if answer.status != OK:
        raise FetchFailed(FetchFailure.status)
    if len(answer.body) > LARGEST_CALENDAR:
        raise FetchFailed(FetchFailure.too_large)
    return FetchedCalendar(
        answer.body, {name: _validator(answer.headers.get(name)) for name in ("etag", "last-modified")}
    )


def _validator(text: str | None) -> str | None:
    """Return the header's text, if it can be sent back as it is."""
    fits = text is not None and len(text) <= LONGEST_VALIDATOR and text.isascii() and text.isprintable()
    return text if fits else None


def _conditions(progress: FetchProgress, now: datetime) -> dict[str, str]:
    headers = {"accept": "text/calendar", "user-agent": "Ledgerdesk"}
    if progress.read_at is None or now - progress.read_at >= REREAD_INTERVAL:
        return headers
    if progress.etag is not None:
        headers["if-none-match"] = progress.etag
    elif progress.modified is not None:
        headers["if-modified-since"] = progress.modified
    return headers


async def _load_progress(ledger: Ledger, calendar: Row) -> FetchProgress:
    row = await ledger.db.row(LAST_FETCH, (calendar["id"],))
    if row is None or row["address"] != calendar["address"]:
        return FetchProgress()
    return FetchProgress(**{name: row[name] for name in FetchProgress.__dataclass_fields__})


async def _save_progress(ledger: Ledger, calendar: Row, progress: FetchProgress, now: datetime) -> None:
    pause = RETRY_INTERVAL if progress.failures else FETCH_INTERVAL
    columns: dict[str, Any] = {name: getattr(progress, name) for name in FetchProgress.__dataclass_fields__}
    columns |= {"calendar_id": calendar["id"], "address": calendar["address"], "next_at": now + pause}
    await ledger.db.rows(SAVE_FETCH, columns)


async def _note(ledger: Ledger, calendar_id: UUID, action: str, body: Payload, now: datetime) -> None:
    metadata = CommandMetadata(
        caller=rule_caller(NAME), now=now, correlation_id=str(uuid7()), source=f"rule:{NAME}"
    )
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE[action], str(calendar_id), body, metadata))
    except Refusal:
        return  # ended, or noted by another worker


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Fetch calendars for ever, next to any number of other workers."""

    async def work(connection: Connection) -> bool:
        return await fetch_due(ledger, connection, clock())

    await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)
