"""Mails of monitoring tools: the first opens an incident, and what the tool sends about the same thing later
joins that.

Subject, sender and text are all that shows what a mail is about, and all can be forged. So a recovery is a
comment. It ends the incident only if the source names its sender in `monitors`.
"""

from __future__ import annotations

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

#: Of the sender's fingerprint, which keeps the reports of two tools apart and does not say who they are.
FINGERPRINT_LENGTH = 12


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
    """Return the alert that the mail reports; None if no monitoring tool wrote it, or nobody knows of what."""
    if mail.monitoring is None or mail.monitoring.about is None:
        return None
    sender = ledger.vault.fingerprint("mail sender", str(source.key), mail.sender)[:FINGERPRINT_LENGTH]
    about = fit_name(mail.monitoring.about, LONGEST_LINE - FINGERPRINT_LENGTH - 1)
    return MailAlert(account, str(source.key), f"{about} {sender}", mail.monitoring.is_over)


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
