"""Sending of summaries that are due: each is read when it is sent, and tried until a mail server accepts it.

After an outage a summary comes once and late, not once for each time that was missed. A worker that dies
between the mail server and the database leaves it to the next one after some minutes: it may come twice, as
the same message, but is never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.api.branding.lookups import branding_name
from app.common.people import Caller, PersonKind
from app.html.wording import Wording
from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.notifications.mail import RETRY_DELAYS, DeliveryDeferred, submit
from app.notifications.message import InvalidAddress, Mail, message
from app.notifications.records import DeliveryFailure
from app.platform.db import Connection, Row
from app.platform.shared_connections import SharedConnections
from app.summaries.contents import SummaryContents, read_contents
from app.summaries.figures import WatchedFigures
from app.summaries.mail_parts import TABLE, mail_html, mail_text, subject
from app.summaries.queries import claim_due, move_on, postpone, schedule_of
from app.summaries.schedule import next_instant

NAME = "summaries"
POLL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SummaryOutcome:
    """Outcome of a summary. Neither sent nor failed: nothing needed attention, and then it is not wanted.
    `without_view`: its reader was informed that its selection no longer exists.
    """

    is_sent: bool = False
    failure: DeliveryFailure | None = None
    without_view: bool = False


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Send summaries for ever, alongside any number of other workers; return at once without a mail server.
    `failed` is called for each failure.
    """
    figures = WatchedFigures(ledger)

    async def work(connection: Connection) -> bool:
        return bool(await send_due(connection, ledger, figures, clock(), failed=failed))

    if ledger.settings.smtp_host is not None:
        await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def send_due(
    connection: Connection,
    ledger: Ledger,
    figures: WatchedFigures,
    now: datetime,
    *,
    failed: Callable[[str, Exception], None],
) -> int:
    """Send some due summaries that other workers have not claimed. Return their number; 0 if all are sent."""
    claimed = await claim_due(connection, now)
    callers = await ledger.directory.callers({row["person_id"] for row in claimed})
    tries = [_attempt(ledger, figures, row, callers.get(row["person_id"]), now) for row in claimed]
    for row, done in zip(claimed, await asyncio.gather(*tries, return_exceptions=True), strict=True):
        if isinstance(done, SummaryOutcome):
            await _note_outcome(connection, row, done, now)
        elif isinstance(done, Exception):
            failed(NAME, done)
            await _note_failure(connection, row, done, now)
        else:
            raise done
    return len(claimed)


async def _note_outcome(connection: Connection, row: Row, outcome: SummaryOutcome, now: datetime) -> None:
    await move_on(
        connection,
        row,
        next_instant(schedule_of(row), now),
        sent_at=now if outcome.is_sent else None,
        failure=outcome.failure,
        without_view=outcome.without_view,
    )


async def _note_failure(connection: Connection, row: Row, error: Exception, now: datetime) -> None:
    """Note that it is to be tried again: at the instant of the following one at the latest."""
    if row["attempts"] > len(RETRY_DELAYS):
        await _note_outcome(connection, row, SummaryOutcome(failure=DeliveryFailure.given_up), now)
        return
    # The message of another error may name the reader or a case, so only its type is kept.
    why = error.why if isinstance(error, DeliveryDeferred) else type(error).__name__
    again_at = min(now + RETRY_DELAYS[row["attempts"] - 1], next_instant(schedule_of(row), now))
    await postpone(connection, row, again_at, why)


async def _attempt(
    ledger: Ledger, figures: WatchedFigures, row: Row, caller: Caller | None, now: datetime
) -> SummaryOutcome:
    """Try to send the summary. Raises DeliveryDeferred."""
    if caller is None or row["kind"] != PersonKind.human:
        return SummaryOutcome(failure=DeliveryFailure.not_for_them)
    to = None if row["email"] is None else (await ledger.vault.texts([row["email"]]))[row["email"]]
    if to is None:
        return SummaryOutcome(failure=DeliveryFailure.no_address)
    contents = await read_contents(ledger, figures, row, caller, now)
    if row["only_when_needed"] and not contents.total:
        return SummaryOutcome()
    mail = mail_of(row, contents, caller.locale)
    try:
        name = await branding_name(ledger)
        email = message(mail, sender=ledger.settings.mail_from, to=to, sender_name=name)
    except InvalidAddress:
        return SummaryOutcome(failure=DeliveryFailure.no_address)
    failure = await submit(ledger.settings, email)
    is_sent = failure is None
    return SummaryOutcome(is_sent, failure, without_view=is_sent and contents.selection.is_gone)


def mail_of(row: Row, contents: SummaryContents, language: str) -> Mail:
    """Return the mail: sent again for the same instant, it is the same message."""
    wording = Wording(language, TABLE)
    return Mail(
        name=f"summary.{row['id']}.{row['next_at'].astimezone(UTC):%Y%m%dT%H%MZ}",
        about=f"summary/{row['id']}",
        subject=subject(contents, wording),
        text=mail_text(contents, wording),
        language=language,
        sent_at=row["next_at"],
        settings_url=contents.settings_address,
        html=mail_html(contents, wording),
    )
