"""Mails fetched from a mailbox by IMAP (RFC 9051): each is stored as a delivery, and then marked as seen.

A mail that is fetched twice, because the worker died before it was marked, is known by its Message-ID.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.kernel.consumers.rules import Clock
from app.kernel.ledger import Ledger
from app.platform.db import DatabaseGone
from app.platform.settings import Settings
from app.webhooks.intake.receipt import receive
from app.webhooks.mail.message import LARGEST_MAIL
from app.webhooks.sources.lookup import find_source_by_key
from app.webhooks.sources.records import WebhookSourceState

NAME = "imap"
POLL_SECONDS = 30.0
ANSWER_SECONDS = 30.0
MOST_MAILS_AT_ONCE = 20
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxFailed(Exception):
    """The mailbox cannot be read; the message has the reason, without the server's words about the mails."""


@dataclass(frozen=True, slots=True)
class FetchedMail:
    """A mail in the mailbox: its number there, and the mail; None if it is too large to be fetched."""

    uid: str
    raw: bytes | None


class Mailbox:
    """A mailbox as the settings name it. Its methods block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextlib.contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        current = self._settings
        assert current.imap_host is not None
        try:
            box: imaplib.IMAP4
            if current.imap_tls == "none":
                box = imaplib.IMAP4(current.imap_host, current.imap_port, ANSWER_SECONDS)
            else:
                trusted = ssl.create_default_context()
                box = imaplib.IMAP4_SSL(
                    current.imap_host, current.imap_port, ssl_context=trusted, timeout=ANSWER_SECONDS
                )
            with box:
                password = current.imap_password
                box.login(current.imap_user or "", "" if password is None else password.get_secret_value())
                status, _ = box.select(current.imap_folder)
                if status != "OK":
                    raise MailboxFailed(f"There is no folder {current.imap_folder}.")
                yield box
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxFailed(f"The mailbox cannot be read: {type(error).__name__}.") from error

    def fetch(self) -> list[FetchedMail]:
        """Return the first unseen mails. Raises MailboxFailed."""
        with self._opened() as box:
            _, numbers = box.uid("SEARCH", "UNSEEN")
            uids = (numbers[0] or b"").decode("ascii").split()[:MOST_MAILS_AT_ONCE]
            return [FetchedMail(uid, self._content(box, uid)) for uid in uids]

    def _content(self, box: imaplib.IMAP4, uid: str) -> bytes | None:
        _, sizes = box.uid("FETCH", uid, "(RFC822.SIZE)")
        size = _SIZE.search(sizes[0] if sizes and isinstance(sizes[0], bytes) else b"")
        if size is not None and int(size[1]) > LARGEST_MAIL:
            return None
        _, parts = box.uid("FETCH", uid, "(BODY.PEEK[])")
        return next((part[1] for part in parts if isinstance(part, tuple)), b"")

    def mark_seen(self, uids: list[str]) -> None:
        """Mark mails as seen. Raises MailboxFailed."""
        with self._opened() as box:
            box.uid("STORE", ",".join(uids), "+FLAGS", r"(\Seen)")


async def fetch_mails(ledger: Ledger, mailbox: Mailbox, clock: Clock) -> int:
    """Store the unseen mails, and mark them. Return their number.

    Raises MailboxFailed, DatabaseGone.
    """
    source = await find_source_by_key(ledger.db, ledger.settings.imap_source)
    if source is None or source.state is WebhookSourceState.retired:
        raise MailboxFailed(f"There is no source of mails with the key {ledger.settings.imap_source}.")
    fetched = await asyncio.to_thread(mailbox.fetch)
    for mail in fetched:
        if mail.raw is not None:
            await receive(ledger, source, {"content-type": "message/rfc822"}, mail.raw, clock())
    if fetched:
        # Those that are too large are marked, too: otherwise they would be in the way of all others for ever.
        await asyncio.to_thread(mailbox.mark_seen, [mail.uid for mail in fetched])
    return len(fetched)


async def run(ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]) -> None:
    """Fetch mails for ever; return at once if no mailbox is set. Two workers may fetch the same mail."""
    if ledger.settings.imap_host is None:
        return
    mailbox = Mailbox(ledger.settings)
    while True:
        try:
            if await fetch_mails(ledger, mailbox, clock) == MOST_MAILS_AT_ONCE:
                continue
        except (MailboxFailed, DatabaseGone) as error:
            failed(NAME, error)
        await asyncio.sleep(POLL_SECONDS)
