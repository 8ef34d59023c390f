"""Notices by mail: each until the mail server has taken it, or it is given up.

A consumer puts down which notices go by mail. Whoever is due is claimed for some minutes and tried; whoever
is killed in between leaves it to be tried again, as the same message: it may come twice, and is never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from uuid import UUID

import aiosmtplib

from app.common.notices import Step
from app.common.people import Caller
from app.db import Connection, Row, rows_of
from app.kernel import rounds
from app.kernel.bodies import Nothing
from app.kernel.ledger import Ledger
from app.kernel.named import visible
from app.kernel.rules import Cause, Clock, Consequence, carry_out
from app.lines import Lines
from app.log.batches import Batch
from app.log.events import id_of, kind_of
from app.log.follow import Consumer
from app.notifications import texts
from app.notifications.invitations import invitation
from app.notifications.lifecycle import FailNotice
from app.notifications.message import Mail, NoAddress, message
from app.notifications.records import Failure
from app.settings import Settings

#: The actor in the log; and the consumer.
NAME = "mail"
BATCH = 10_000
SENT = frozenset({"notice.sent"})
LOOK_SECONDS = 1.0
AT_ONCE = 8
# A server that has not taken a mail by then hangs.
TRY_SECONDS = 30.0
CLAIMED = timedelta(minutes=5)
#: How long after each attempt it is tried again; three days in all.
AGAIN = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 360, 720, 1440, 1440))
PERMANENT = range(500, 600)

PUT_DOWN = """
insert into deliveries.mail (notice_id, due_at)
select n.id, n.sent_at from fold.notice n
where n.id = any(%s) and n.way = 'mail' and n.mailed_at is null and n.failed_at is null
on conflict (notice_id) do nothing"""
CLAIM = f"""
update deliveries.mail m set due_at = %s, attempts = m.attempts + 1 from (
  select notice_id from deliveries.mail where due_at <= %s order by due_at limit {AT_ONCE}
  for update skip locked
) as due where m.notice_id = due.notice_id returning m.notice_id, m.attempts"""
MAILS = """
select n.id, n.person_id, n.about, n.number, n.title, n.steps, n.versions, n.sent_at,
  p.email, p.told_by_mail, h.audience, e.id as cause, e.correlation_id
from fold.notice n join fold.person p on p.id = n.person_id join log.stream_head h on h.stream = n.about
join log.event e on e.stream = 'notice/' || n.id and e.version = 1
where n.id = any(%s) and n.mailed_at is null and n.failed_at is null"""
DONE = "delete from deliveries.mail where notice_id = %s"
LATER = "update deliveries.mail set due_at = %s, why = %s where notice_id = %s"


@dataclass
class NotTaken(Exception):
    """The mail server has not taken it this time. `why` names nobody."""

    why: str

    def __str__(self) -> str:
        return f"The mail server has not taken a mail: {self.why}. It will be tried again."


def consumer() -> Consumer:
    """What puts down which notices go by mail."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        sent = [id_of(event.stream) for event in await batch.events(SENT)]
        if sent:
            await connection.execute(PUT_DOWN, (sent,))

    return Consumer(NAME, handle_batch, BATCH, types=SENT)


async def run(
    lines: Lines, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Sends mails for ever, beside any number of other workers; none, if there is no mail server. `failed` is
    told of each failure.
    """

    async def work(connection: Connection) -> bool:
        return bool(await send_due(connection, ledger, clock(), failed=failed))

    if ledger.settings.smtp_host is not None:
        await rounds.run(NAME, lines, work, every=LOOK_SECONDS, failed=failed)


async def send_due(
    connection: Connection, ledger: Ledger, now: datetime, *, failed: Callable[[str, Exception], None]
) -> int:
    """Tries some of the mails that are due and that no other worker has claimed. Gives their number; 0: none
    is left.
    """
    claimed = await rows_of(connection, CLAIM, (now + CLAIMED, now))
    attempts: dict[UUID, int] = {row["notice_id"]: row["attempts"] for row in claimed}
    rows = {row["id"]: row for row in await rows_of(connection, MAILS, (list(attempts),))}
    callers = await ledger.directory.callers({row["person_id"] for row in rows.values()})
    tries = [_try(ledger, row, callers.get(row["person_id"])) for row in rows.values()]
    outcomes = dict(zip(rows, await asyncio.gather(*tries, return_exceptions=True), strict=True))
    for notice_id, attempt in attempts.items():
        outcome = outcomes.get(notice_id)  # None of what had been mailed before, and was only to be deleted
        if isinstance(outcome, NotTaken) and attempt <= len(AGAIN):
            failed(NAME, outcome)
            await connection.execute(LATER, (now + AGAIN[attempt - 1], outcome.why, notice_id))
            continue
        if isinstance(outcome, NotTaken):
            outcome = Failure.given_up
        if isinstance(outcome, BaseException):
            raise outcome
        if notice_id in rows:
            await _tell(ledger, rows[notice_id], outcome, now)
        await connection.execute(DONE, (notice_id,))
    return len(attempts)


async def _tell(ledger: Ledger, row: Row, failure: Failure | None, now: datetime) -> None:
    """Puts into the log what came of it."""
    cause = Cause(NAME, row["cause"], row["correlation_id"], now, str(row["id"]))
    if failure is None:
        consequence = Consequence("notice", "mail", row["id"], Nothing())
    else:
        consequence = Consequence("notice", "fail", row["id"], FailNotice(failure=failure))
    refused = await carry_out(ledger, cause, consequence)
    assert refused is None, refused


async def _try(ledger: Ledger, row: Row, caller: Caller | None) -> Failure | None:
    """Hands it to the mail server. None: it was taken. Raises NotTaken."""
    lifecycle = ledger.lifecycles[kind_of(row["about"])]
    if caller is None or not visible(ledger, lifecycle, caller, row["audience"]):
        return Failure.not_for_them
    chosen = row["told_by_mail"]
    wanted = [one for one in texts.told_by([row]) if chosen is None or one[2] in chosen]
    if not wanted:
        return Failure.not_for_them
    to = None if row["email"] is None else (await ledger.vault.texts([row["email"]]))[row["email"]]
    if to is None:
        return Failure.no_address
    text = await _text(ledger, row, wanted, caller.locale)
    subject = f"[{row['number']}] {row['title'] or ''}"
    steps = [step for _, _, step in wanted]
    calendar = await invitation(ledger, row["about"], steps, to=to, language=caller.locale)
    mail = Mail(row["id"], row["about"], subject, text, caller.locale, row["sent_at"], calendar)
    try:
        made = message(mail, sender=ledger.settings.mail_from, to=to)
    except NoAddress:
        return Failure.no_address
    return await _hand_over(ledger.settings, made)


async def _hand_over(settings: Settings, made: EmailMessage) -> Failure | None:
    """Gives the message to the mail server. None: it was taken. Raises NotTaken."""
    try:
        async with asyncio.timeout(TRY_SECONDS):
            await _send(settings, made)
    except aiosmtplib.SMTPNotSupported:  # an address in letters that this server cannot take
        return Failure.refused
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _refused(error.recipients[0].code, error)
    except aiosmtplib.SMTPDataError as error:
        return _refused(error.code, error)
    # What a server says may name the recipient: only what sort of failure it was is told.
    except aiosmtplib.SMTPResponseException as error:
        raise NotTaken(f"{type(error).__name__} {error.code}") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotTaken(type(error).__name__) from None
    return None


def _refused(code: int, error: Exception) -> Failure:
    """What the server's answer to this recipient, or this message, comes to. Raises NotTaken."""
    if code in PERMANENT:
        return Failure.refused
    raise NotTaken(f"{type(error).__name__} {code}") from None


async def _send(settings: Settings, made: EmailMessage) -> None:
    password = settings.smtp_password
    await aiosmtplib.send(
        made,
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=settings.smtp_tls == "tls",
        start_tls=settings.smtp_tls == "starttls",
        username=settings.smtp_user,
        password=None if password is None else password.get_secret_value(),
        # Otherwise the name of this machine is looked up, which may take its time.
        local_hostname=settings.mail_from.rpartition("@")[2],
        timeout=TRY_SECONDS,
    )


async def _text(ledger: Ledger, row: Row, wanted: list[tuple[str, int, Step]], language: str) -> str:
    """What the mail says, with the words that were said."""
    given = await texts.given_of(ledger, wanted)
    opened = await ledger.vault.texts(texts.sealed_words(wanted, given))
    return texts.with_words(ledger, language, row, wanted, given, opened)
