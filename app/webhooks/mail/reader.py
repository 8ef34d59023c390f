"""Reading of mails in a process of its own: the standard library's parser has no bound of time or memory."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.common.files.bounded_process import BoundedProcess, LimitExceeded
from app.webhooks.mail.message import LARGEST_MAIL, IncomingMail, read_mail
from app.webhooks.mail.refusals import MailRefused

#: The largest mail takes two; as many empty lines would take eighteen.
MAIL_SECONDS = 20.0


class MailReader:
    """Reads mails in a child process. It may be shared by threads."""

    def __init__(self, *, seconds: float = MAIL_SECONDS) -> None:
        self._process = BoundedProcess(__name__, "answer", seconds=seconds)

    def read(self, raw: bytes, sent: Sequence[str] = ()) -> IncomingMail:
        """Read a mail. Raises MailRefused as `read_mail` does, and with the code `too_slow` if it takes too
        long or too much memory. It blocks for at most the limit.
        """
        if len(raw) > LARGEST_MAIL:
            raise MailRefused("mail_too_large")
        try:
            mail = self._process.call_function(raw, list(sent))
        except LimitExceeded as error:
            raise MailRefused("too_slow") from error
        if isinstance(mail, IncomingMail):
            return mail
        raise MailRefused(mail)

    def close(self) -> None:
        """End the child process."""
        self._process.close()


def answer(raw: bytes, sent: Sequence[str]) -> IncomingMail | str:
    """Return the mail, or why it is refused. This is what the child process does."""
    try:
        return read_mail(raw, sent)
    except MailRefused as refused:
        return refused.code
    except MemoryError:
        return "too_slow"


#: Reader of this process; it starts only when a mail has come.
_reader = MailReader()


async def read_bounded(raw: bytes, sent: Sequence[str] = ()) -> IncomingMail:
    """Read a mail without holding up what else this process does; `sent` are lines that we have mailed.
    Raises MailRefused.
    """
    return await asyncio.to_thread(_reader.read, raw, sent)
