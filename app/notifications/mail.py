"""Mails of notices: each is tried until the mail server accepts it or retries are exhausted.

A consumer enqueues the notices that go by mail. A worker claims due mails for some minutes and sends them. If
it dies in between, they are sent again as the same message after the claim: a mail may arrive twice, but is
never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import aiosmtplib

from app.api.branding.lookups import branding_name
from app.api.requests.raw_bodies import RATING_PAGE, SURVEY_PAGE
from app.common.notices import ANSWERS, NoticeType
from app.common.people import Caller, MailFrequency
from app.foundation.surveys.lookups import survey_link_token
from app.i18n import LANGUAGES, translate
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers import polling as rounds
from app.kernel.consumers.rules import Clock, RuleCause, RuleConsequence, perform_consequence
from app.kernel.ledger import Ledger
from app.kernel.visible_records import is_visible
from app.log.batches import Batch
from app.log.events import id_of, kind_of
from app.log.follow import Consumer
from app.notifications import texts
from app.notifications.details import load_details
from app.notifications.invitations import STEPS, invitation
from app.notifications.lifecycle import FailNotice
from app.notifications.message import InvalidAddress, Mail, message
from app.notifications.notices import frequency_of
from app.notifications.queries import answered_mail
from app.notifications.records import DeliveryFailure
from app.platform.db import Connection, Row, fetch_rows
from app.platform.settings import Settings
from app.platform.shared_connections import SharedConnections
from app.ticketing.satisfaction.rating_links import RatingLink

SURVEY_STEPS = frozenset({NoticeType.survey_invited, NoticeType.survey_reminded})
#: The name of the actor in the log, and of the consumer.
NAME = "mail"
BATCH = 10_000
SENT_EVENTS = frozenset({"notice.sent"})
POLL_SECONDS = 1.0
CONCURRENT_MAILS = 8
# A mail server that has not accepted a mail by then is taken to hang.
TRY_SECONDS = 30.0
CLAIM_DURATION = timedelta(minutes=5)
#: The delay after each attempt; three days in all.
RETRY_DELAYS = tuple(timedelta(minutes=n) for n in (1, 5, 30, 120, 360, 720, 1440, 1440))
PERMANENT_CODES = range(500, 600)

ENQUEUE_MAILS = """
insert into deliveries.mail (notice_id, due_at, digest_of)
select n.id,
  case when m.digest then
    (date_trunc('day', n.sent_at at time zone z.name) + interval '1 day 7 hours') at time zone z.name
  else n.sent_at end,
  case when m.digest then n.person_id end
from fold.notice n join fold.person p on p.id = n.person_id
join unnest(%s::uuid[], %s::boolean[]) as m(notice_id, digest) on m.notice_id = n.id
cross join lateral (select coalesce(p.time_zone, 'UTC') as name) as z
where n.way = 'mail' and n.mailed_at is null and n.failed_at is null
on conflict (notice_id) do nothing"""
SENT_TO = """
select n.id, n.steps, p.told_by_mail, mail_waits_for_you, mail_is_yours, mail_you_follow, mail_for_information
from fold.notice n join fold.person p on p.id = n.person_id where n.id = any(%s) and n.way = 'mail'"""
CLAIM = f"""
update deliveries.mail m set due_at = %s, attempts = m.attempts + 1 from (
  select notice_id from deliveries.mail where due_at <= %s order by due_at limit {CONCURRENT_MAILS}
  for update skip locked
) as due where m.notice_id = due.notice_id returning m.notice_id, m.attempts, m.digest_of"""
# Other mails that are due for the same people's daily digest go with it.
CLAIM_DIGESTS = """
update deliveries.mail set due_at = %s, attempts = attempts + 1
where digest_of = any(%s) and due_at <= %s returning notice_id, attempts, digest_of"""
MAILS = """
select n.id, n.person_id, n.about, n.number, n.title, n.steps, n.versions, n.streams,
  n.sent_at,
  p.email, p.told_by_mail, mail_waits_for_you, mail_is_yours, mail_you_follow, mail_for_information,
  h.audience, e.id as cause, e.correlation_id
from fold.notice n join fold.person p on p.id = n.person_id join log.stream_head h on h.stream = n.about
join log.event e on e.stream = 'notice/' || n.id and e.version = 1
where n.id = any(%s) and n.mailed_at is null and n.failed_at is null"""
MAILED = """
select id, person_id, about, number, title, steps, versions, streams from fold.notice
where id = any(%s) and person_id = %s and mailed_at is not null"""
RATING_ASKED_UNTIL = "select until_at from fold.rating_request where record = %s and person_id = %s"
DELETE_MAIL = "delete from deliveries.mail where notice_id = %s"
POSTPONE_MAIL = "update deliveries.mail set due_at = %s, why = %s where notice_id = %s"


@dataclass
class DeliveryDeferred(Exception):
    """Raised if the mail server did not accept a mail this time. `why` contains no personal data."""

    why: str

    def __str__(self) -> str:
        return f"The mail server has not taken a mail: {self.why}. It will be tried again."


def consumer() -> Consumer:
    """Return the consumer that enqueues the notices that go by mail."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        sent = [id_of(event.stream) for event in await batch.events(SENT_EVENTS)]
        if sent:
            rows = await fetch_rows(connection, SENT_TO, (sent,))
            daily = [is_daily(row) for row in rows]
            await connection.execute(ENQUEUE_MAILS, ([row["id"] for row in rows], daily))

    return Consumer(NAME, handle_batch, BATCH, types=SENT_EVENTS)


async def run(
    connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]
) -> None:
    """Send due mails for ever, alongside any number of other workers; return at once without a mail server.
    `failed` is called for each failure.
    """

    async def work(connection: Connection) -> bool:
        return bool(await send_due(connection, ledger, clock(), failed=failed))

    if ledger.settings.smtp_host is not None:
        await rounds.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def send_due(
    connection: Connection, ledger: Ledger, now: datetime, *, failed: Callable[[str, Exception], None]
) -> int:
    """Send some due mails that other workers have not claimed. Return their number; 0 if all are sent."""
    claimed = await fetch_rows(connection, CLAIM, (now + CLAIM_DURATION, now))
    if persons := list({row["digest_of"] for row in claimed} - {None}):
        claimed += await fetch_rows(connection, CLAIM_DIGESTS, (now + CLAIM_DURATION, persons, now))
    attempts: dict[UUID, int] = {row["notice_id"]: row["attempts"] for row in claimed}
    rows = {row["id"]: row for row in await fetch_rows(connection, MAILS, (list(attempts),))}
    callers = await ledger.directory.callers({row["person_id"] for row in rows.values()})
    mails: dict[UUID, list[Row]] = {}
    digests = {row["notice_id"]: row["digest_of"] for row in claimed}
    for notice_id, row in rows.items():
        mails.setdefault(digests[notice_id] or notice_id, []).append(row)
    tries = [_attempt(ledger, of_mail, callers.get(of_mail[0]["person_id"])) for of_mail in mails.values()]
    outcomes: dict[UUID, Any] = {}
    for of_mail, done in zip(
        mails.values(), await asyncio.gather(*tries, return_exceptions=True), strict=True
    ):
        outcomes |= done if isinstance(done, dict) else {row["id"]: done for row in of_mail}
    for notice_id, attempt in attempts.items():
        outcome = outcomes.get(notice_id)  # Absent if it was mailed before and only its queue entry is left
        if isinstance(outcome, DeliveryDeferred) and attempt <= len(RETRY_DELAYS):
            failed(NAME, outcome)
            await connection.execute(POSTPONE_MAIL, (now + RETRY_DELAYS[attempt - 1], outcome.why, notice_id))
            continue
        if isinstance(outcome, DeliveryDeferred):
            outcome = DeliveryFailure.given_up
        if isinstance(outcome, BaseException):
            raise outcome
        if notice_id in rows:
            await _record_outcome(ledger, rows[notice_id], outcome, now)
        await connection.execute(DELETE_MAIL, (notice_id,))
    return len(attempts)


async def _record_outcome(ledger: Ledger, row: Row, failure: DeliveryFailure | None, now: datetime) -> None:
    """Append the outcome of the mail to the notice's stream."""
    cause = RuleCause(NAME, row["cause"], row["correlation_id"], now, str(row["id"]))
    if failure is None:
        consequence = RuleConsequence("notice", "mail", row["id"], EmptyPayload())
    else:
        consequence = RuleConsequence("notice", "fail", row["id"], FailNotice(failure=failure))
    refused = await perform_consequence(ledger, cause, consequence)
    assert refused is None, refused


async def _attempt(
    ledger: Ledger, rows: Sequence[Row], caller: Caller | None
) -> dict[UUID, DeliveryFailure | None]:
    """Try to send one mail with these notices of one person. Return by notice None if the mail server
    accepted it, or why it cannot be mailed; raises DeliveryDeferred.
    """
    outcomes: dict[UUID, DeliveryFailure | None] = {}
    steps_by_notice: dict[UUID, list[tuple[str, int, NoticeType]]] = {}
    for row in rows:
        steps = [
            step for step in texts.steps_of([row]) if frequency_of(row, step[2]) is not MailFrequency.none
        ]
        lifecycle = ledger.lifecycles[kind_of(row["about"])]
        if caller is None or not is_visible(ledger, lifecycle, caller, row["audience"]):
            steps = [step for step in steps if step[2] in ANSWERS]
        if steps and caller is not None:
            steps_by_notice[row["id"]] = steps
        else:
            outcomes[row["id"]] = DeliveryFailure.not_for_them
    mailed = sorted(
        (row for row in rows if row["id"] in steps_by_notice), key=lambda row: (row["about"], row["id"])
    )
    if not mailed or caller is None:
        return outcomes
    encrypted = mailed[0]["email"]
    to = None if encrypted is None else (await ledger.vault.texts([encrypted]))[encrypted]
    failure: DeliveryFailure | None = DeliveryFailure.no_address
    if to is not None:
        mail = await _mail_of(ledger, mailed, steps_by_notice, caller, to)
        try:
            name = await branding_name(ledger)
            email = message(mail, sender=ledger.settings.mail_from, to=to, sender_name=name)
        except InvalidAddress:
            pass
        else:
            failure = await submit(ledger.settings, email)
    return outcomes | dict.fromkeys(steps_by_notice, failure)


async def _mail_of(
    ledger: Ledger,
    rows: Sequence[Row],
    steps_by_notice: Mapping[UUID, list[tuple[str, int, NoticeType]]],
    caller: Caller,
    to: str,
) -> Mail:
    """Return the mail with these notices: of several, those of a day, no paragraph stands in it twice."""
    language = caller.locale
    in_language = await texts.load_titles(ledger, language, [row["about"] for row in rows])
    rows = [{**row, "title": in_language.get(row["about"], row["title"])} for row in rows]
    first = rows[0]
    url = ledger.settings.public_url
    settings_url = None if url is None else f"{url}/v1/me/preferences"
    if len(rows) == 1:
        text = await text_of(ledger, first, steps_by_notice[first["id"]], caller)
        subject = f"[{first['number']}] {first['title'] or ''}"
        steps = [step for *_, step in steps_by_notice[first["id"]]]
        calendar = await invitation(ledger, first["about"], steps, to=to, language=language)
        return Mail(
            f"notice.{first['id']}",
            first["about"],
            subject,
            text,
            language,
            first["sent_at"],
            calendar,
            settings_url,
            answers=await answered_mail(ledger, first["about"], first["person_id"]),
        )
    subject = translate(language, "notice_part", "digest", {"count": str(len(rows))})
    text = await digest_of(ledger, rows, steps_by_notice, caller)
    thread = f"digest/{caller.person_id}"
    name = f"notice.{first['id']}"
    return Mail(name, thread, subject, text, language, first["sent_at"], settings_url=settings_url)


async def submit(settings: Settings, email: EmailMessage) -> DeliveryFailure | None:
    """Submit the message to the mail server. Return None if it was accepted; raises DeliveryDeferred."""
    try:
        async with asyncio.timeout(TRY_SECONDS):
            await _send(settings, email)
    except aiosmtplib.SMTPNotSupported:  # a non-ASCII address that this server does not support
        return DeliveryFailure.refused
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _failure_of_code(error.recipients[0].code, error)
    except aiosmtplib.SMTPDataError as error:
        return _failure_of_code(error.code, error)
    # The server's message may name the recipient, so only the type and code of the error are kept.
    except aiosmtplib.SMTPResponseException as error:
        raise DeliveryDeferred(f"{type(error).__name__} {error.code}") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise DeliveryDeferred(type(error).__name__) from None
    return None


def _failure_of_code(code: int, error: Exception) -> DeliveryFailure:
    """Return the failure for a permanent code of the mail server; for others raise DeliveryDeferred."""
    if code in PERMANENT_CODES:
        return DeliveryFailure.refused
    raise DeliveryDeferred(f"{type(error).__name__} {code}") from None


async def _send(settings: Settings, email: EmailMessage) -> None:
    password = settings.smtp_password
    await aiosmtplib.send(
        email,
        hostname=settings.smtp_host,
        port=settings.smtp_port,
        use_tls=settings.smtp_tls == "tls",
        start_tls=settings.smtp_tls == "starttls",
        username=settings.smtp_user,
        password=None if password is None else password.get_secret_value(),
        # Without it, the client resolves the name of this machine, which may be slow.
        local_hostname=settings.mail_from.rpartition("@")[2],
        timeout=TRY_SECONDS,
    )


async def text_of(ledger: Ledger, row: Row, steps: list[tuple[str, int, NoticeType]], caller: Caller) -> str:
    """Return the text of the mail about the steps, with what the caller may see of them now."""
    parts = await _mail_paragraphs(ledger, row, steps, caller)
    return texts.with_footer(caller.locale, parts, await branding_name(ledger))


async def mailed_lines(ledger: Ledger, notices: Sequence[UUID], person: UUID) -> list[str]:
    """Return the lines of the mails with these notices, as far as they are the person's own, in both
    languages, and with what that person may see of them now.
    """
    rows = await ledger.db.rows(MAILED, (list(notices), person)) if notices else ()
    caller = (await ledger.directory.callers([person])).get(person) if rows else None
    lines: dict[str, None] = {}
    if caller is None:
        return []
    for language in LANGUAGES:
        reader = replace(caller, locale=language)
        in_language = await texts.load_titles(ledger, language, [row["about"] for row in rows])
        for row in rows:
            titled = [row, {**row, "title": in_language.get(row["about"], row["title"])}]
            for each in titled:
                steps = texts.steps_of([each])
                lines |= dict.fromkeys((await text_of(ledger, each, steps, reader)).splitlines())
    return list(lines)


async def digest_of(
    ledger: Ledger,
    rows: Sequence[Row],
    steps_by_notice: Mapping[UUID, list[tuple[str, int, NoticeType]]],
    caller: Caller,
) -> str:
    """Return the text of the mail with these notices of a person, each with its steps: those of one record
    form one entry, and each paragraph stands in it only once.
    """
    records: dict[str, list[Row]] = {}
    for row in rows:
        records.setdefault(row["about"], []).append(row)
    parts: dict[str, None] = {}
    for notices in records.values():
        steps = [step for row in notices for step in steps_by_notice[row["id"]]]
        parts |= dict.fromkeys(await _mail_paragraphs(ledger, texts.merged(notices), steps, caller))
    return texts.with_footer(caller.locale, parts, await branding_name(ledger))


async def _mail_paragraphs(
    ledger: Ledger, row: Row, steps: list[tuple[str, int, NoticeType]], caller: Caller
) -> list[str]:
    """Return the paragraphs of the mail about the steps."""
    payloads = await texts.load_payloads(ledger, steps)
    details = await load_details(ledger, caller.locale, caller, [row])
    types, link = {step for _, _, step in steps}, None
    if NoticeType.rating_asked in types:
        link = await _rating_link(ledger, row)
    elif not SURVEY_STEPS.isdisjoint(types):
        link = await _survey_link(ledger, row)
    return texts.mail_parts(ledger, caller, row, steps, payloads, details, answer_link=link)


async def _survey_link(ledger: Ledger, row: Row) -> str | None:
    """Return the address at which the person answers the survey; None if it does not run any more, or this
    service has no public address.
    """
    if ledger.settings.public_url is None:
        return None
    token = await survey_link_token(ledger, id_of(row["about"]), row["person_id"])
    return None if token is None else f"{ledger.settings.public_url}{SURVEY_PAGE}{token}"


def is_daily(row: Row) -> bool:
    """Return whether the notice waits for the person's daily mail: they want nothing of it at once, and it
    changes no calendar.
    """
    steps = [NoticeType(step) for step in row["steps"]]
    frequencies = {frequency_of(row, step) for step in steps}
    return (
        MailFrequency.daily in frequencies
        and MailFrequency.at_once not in frequencies
        and STEPS.isdisjoint(steps)
    )


async def _rating_link(ledger: Ledger, row: Row) -> str | None:
    """Return the address at which the person rates the ticket; None if no rating is requested, or this
    service has no public address.
    """
    until = await ledger.db.value(RATING_ASKED_UNTIL, (row["about"], row["person_id"]))
    if until is None or ledger.settings.public_url is None:
        return None
    link = RatingLink(kind_of(row["about"]), id_of(row["about"]), row["person_id"], until)
    return f"{ledger.settings.public_url}{RATING_PAGE}{link.token(ledger.vault.fingerprint)}"
