"""Every word of sixty replies is on the ticket; only what they repeat is folded."""

from __future__ import annotations

from app.webhooks.mail.message import read_mail
from tests.cases import each_case
from tests.webhooks.reply_shapes import NOTICE, ZH_NOTICE
from tests.webhooks.sixty_replies import Reply, sixty_replies

REPLIES = list(sixty_replies())
#: The last sentences of our notices.
FOOTERS = [notice.rpartition("\n")[2] for notice in (NOTICE, ZH_NOTICE)]


def words(text: str) -> str:
    """The words of a text, with one space between them."""
    return " ".join(text.split())


def test_there_are_sixty() -> None:
    assert len(REPLIES) == 60
    assert len({reply.raw for _, reply in REPLIES}) == 60


@each_case(("name", "reply"), REPLIES, ids=lambda value: value if isinstance(value, str) else "")
def test_what_a_person_typed_is_shown_and_what_is_repeated_is_folded(name: str, reply: Reply) -> None:
    mail = read_mail(reply.raw)
    own_words = words(mail.own_text)
    for typed in reply.typed:
        for line in typed.split("\n"):
            assert words(line) in own_words, line
    assert any(footer in words(mail.folded) for footer in FOOTERS) is reply.folds
    assert not (reply.folds and any(footer in own_words for footer in FOOTERS))
    assert sorted(f"{mail.own_text}\n{mail.folded}".split()) == sorted(mail.text.split())
