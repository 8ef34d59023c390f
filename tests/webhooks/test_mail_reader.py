"""Mails are read in a process that can be ended, with the results and refusals that they have without it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.common.files.bounded_process import BoundedProcess, LimitExceeded
from app.webhooks.mail.message import LARGEST_MAIL, read_mail
from app.webhooks.mail.reader import MailReader
from app.webhooks.mail.refusals import MailRefused
from tests.cases import each_case
from tests.client import Api
from tests.extent import WHOLE
from tests.webhooks.mail_shapes import FROM, SHAPES, lines, mail
from tests.webhooks.test_mail import a_mail, a_mailbox, deliver


@pytest.fixture(scope="module")
def bounded() -> Iterator[MailReader]:
    mail_reader = MailReader()
    yield mail_reader
    mail_reader.close()


def test_each_mail_is_read_as_without_the_process(bounded: MailReader) -> None:
    for name, (raw, _) in SHAPES.items():
        assert bounded.read(raw) == read_mail(raw), name


REFUSED = {
    "too large": (mail("", "x" * LARGEST_MAIL), "mail_too_large"),
    "no mail": (b"{}", "no_mail"),
    "no sender": (lines("Subject: A", "", "x"), "no_sender"),
}
if WHOLE:  # otherwise test_bounded_evaluator.py alone shows the bound of memory
    REFUSED["lines beyond the memory"] = lines(FROM, "", "x\n" * 12_000_000), "too_slow"


@each_case(("name", "case"), list(REFUSED.items()), ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_refused_leaves_the_next_mail_readable(
    bounded: MailReader, name: str, case: tuple[bytes, str]
) -> None:
    with pytest.raises(MailRefused) as refused:
        bounded.read(case[0])
    assert refused.value.code == case[1]
    assert bounded.read(mail("", "It smokes.")).text == "It smokes."


async def test_a_mail_that_takes_too_long_fails_and_the_next_one_is_taken(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = await a_mailbox(api)

    def takes_too_long(*_: object) -> None:
        raise LimitExceeded  # as test_bounded_evaluator.py shows of a process that really does

    with monkeypatch.context() as hurried:
        hurried.setattr(BoundedProcess, "call_function", takes_too_long)
        slow = await deliver(tool, a_mail(message_id="<slow@example.org>"))
    assert (slow["state"], slow["code"]) == ("failed", "too_slow")
    assert (await deliver(tool, a_mail()))["state"] == "processed"
    assert [ticket["title"] for ticket in await tool.tickets()] == ["The printer smokes"]
