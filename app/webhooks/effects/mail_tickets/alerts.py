"""Mails of monitoring tools: the first opens an incident, and what the tool sends about the same thing later
joins that.

Subject, sender and text are all that shows what a mail is about, and all can be forged. So a recovery is a
comment. It ends the incident only if the source names its sender in `monitors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.made_fit import fit_name
from app.kernel.actions.payloads import LONGEST_LINE
from app.kernel.commands.command import IdempotencyKey
from app.kernel.ledger import Ledger
from app.log.events import stream
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.monitoring.alert import Alert, AlertStatus
from app.processes.incidents.monitoring.handling import AlertPolicy, handle_alert
from app.processes.incidents.queries import find_newest_alerted_incident
from app.processes.incidents.records import OPEN
from app.webhooks.mail.message import IncomingMail
from app.webhooks.sources.records import WebhookSource

#: Length of the sender's fingerprint, which separates the reports of two tools without revealing the senders.
FINGERPRINT_LENGTH = 12


#: The thing of the incident that further mails of a sender join who has sent too many.
TOO_MANY_MAILS = "too many mails"
COMMENTS = "select count(*) from fold.comment where record = %s"


def is_among(mail: IncomingMail, senders: Sequence[str] | None) -> bool:
    """Return whether these senders, addresses or `@` and a domain, have that of the mail among them."""
    return not {mail.sender, f"@{mail.sender.rpartition('@')[2]}"}.isdisjoint(senders or ())


@dataclass(frozen=True, slots=True)
class MailAlert:
    """The alert that a mail reports, by what its incident is found; `is_over`: it has cleared."""

    account: UUID
    source: str
    dedup_key: str
    is_over: bool


def alert_of_mail(
    ledger: Ledger, source: WebhookSource, account: UUID, mail: IncomingMail
) -> MailAlert | None:
    """Return the alert that the mail reports; None if no tool wrote it, or nobody knows of what."""
    if mail.monitoring is None or mail.monitoring.about is None:
        return None
    return _alert(ledger, source, account, mail, mail.monitoring.about, is_over=mail.monitoring.is_over)


def alert_of_storm(ledger: Ledger, source: WebhookSource, account: UUID, mail: IncomingMail) -> MailAlert:
    """Return the alert that the sender of the mail has sent too many."""
    return _alert(ledger, source, account, mail, TOO_MANY_MAILS, is_over=False)


def _alert(
    ledger: Ledger, source: WebhookSource, account: UUID, mail: IncomingMail, name: str, *, is_over: bool
) -> MailAlert:
    sender = ledger.vault.fingerprint("mail sender", str(source.key), mail.sender)[:FINGERPRINT_LENGTH]
    about = fit_name(name, LONGEST_LINE - FINGERPRINT_LENGTH - 1)
    return MailAlert(account, str(source.key), f"{about} {sender}", is_over)


async def count_comments(ledger: Ledger, ticket: str) -> int:
    """Return the number of comments on the ticket of that stream."""
    count: int = await ledger.db.value(COMMENTS, (ticket,))
    return count


async def incident_of_alert(ledger: Ledger, alert: MailAlert) -> str | None:
    """Return the open incident of the alert; of one that is over also the newest that has ended. None: there
    is none.
    """
    newest = await find_newest_alerted_incident(ledger.db, alert.account, alert.source, alert.dedup_key)
    if newest is None or not (alert.is_over or newest.state in OPEN):
        return None
    return stream(LIFECYCLE.kind, newest.id)


async def clear(
    ledger: Ledger, alert: MailAlert, title: str, metadata: CommandMetadata, key: IdempotencyKey
) -> None:
    """Resolve the incident of an alert that is over, unless somebody has started on it. Raises a Refusal,
    DatabaseGone.
    """
    cleared = Alert(source=alert.source, dedup_key=alert.dedup_key, status=AlertStatus.cleared, title=title)
    await handle_alert(ledger, cleared, metadata, key, AlertPolicy(()))
