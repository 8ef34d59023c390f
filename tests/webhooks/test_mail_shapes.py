"""Mails of many shapes are read as a person reads them, and whatever bytes come are read or refused soon."""

from __future__ import annotations

import re
from dataclasses import asdict
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.common.files.html_text import html_to_text
from app.kernel.actions.payloads import LONGEST_LINE, LONGEST_PARAGRAPH
from app.webhooks.mail.delivery import key_of_message_id, mail_key
from app.webhooks.mail.message import LARGEST_MAIL, read_mail
from app.webhooks.mail.mime import DEEPEST_NESTING, PARTS_LIMIT
from app.webhooks.mail.quotations.replies import reply_text
from app.webhooks.mail.refusals import MailRefused
from tests.cases import each_case
from tests.extent import WHOLE
from tests.webhooks.damaged_mails import DAMAGED, HEADS
from tests.webhooks.mail_shapes import (
    DISPOSITION,
    FROM,
    HTML,
    PLAIN,
    SHAPES,
    SMOKES,
    TEXT,
    lines,
    mail,
    multipart,
)
from tests.webhooks.reply_shapes import REPLIES, SENT

#: Of the processor, for what would take much longer if it were read at a cost that grows with its square.
SECONDS = 10.0 if WHOLE else 3.0
LONG = 1_000_000 if WHOLE else 250_000


#: Files with names that cannot be kept as they are.
NAMES: dict[str, tuple[bytes, dict[str, Any]]] = {
    f"a file with the name {name!a}": (
        mail(
            multipart("mixed", PLAIN, lines("Content-Type: text/plain", f'{DISPOSITION}"{name}"', "", "log"))
        ),
        {**SMOKES, "names": [file_name], "altered": {"attachments": [mark]}},
    )
    for name, file_name, mark in (
        ("\u200b", "part-1.txt", "left_out"),
        ("\u00ad\ufeff", "part-1.txt", "left_out"),
        ("\u2800", "part-1.txt", "left_out"),
        ("\u0301", "part-1.txt", "left_out"),
        ("..", "part-1.txt", "left_out"),
        ("enc1:a.txt", "\\enc1:a.txt", "escaped"),
        ("\u202egpj.exe", "gpj.exe", "one_line"),
        ("x" * 300 + ".log", "x" * (LONGEST_LINE - 5) + "….log", "cut"),
    )
}


@each_case(
    ("name", "shape"),
    list((SHAPES | DAMAGED | NAMES).items()),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mail_says_what_a_person_reads_in_it(name: str, shape: tuple[bytes, dict[str, Any]]) -> None:
    raw, expected = shape
    read = read_mail(raw)
    files = [(file.name, file.media_type, file.content, file.inline) for file in read.attachments]
    result = {
        "files": files,
        "names": [file[0] for file in files],
        "to": [each.address for each in read.recipients],
        "when": read.sent_at and read.sent_at.isoformat(),
        **asdict(read.automatic),
    }
    assert {key: result[key] if key in result else getattr(read, key) for key in expected} == expected


#: Message-IDs as heads have them.
IDS = (
    "<1@x.example>",
    " <1@x.example> (of Exchange)",
    "\r\n <1@x.example>",
    "=?utf-8?Q?=3C1=40x=2Eexample=3E?=",
)


@each_case("name", HEADS)
@each_case("sent_id", IDS, ids=repr)
def test_a_mail_is_kept_by_the_id_that_replies_name(name: str, sent_id: str) -> None:
    raw = HEADS[name]
    end = b"\r\r\n" if b"\r\r\n" in raw else b"\r\n" if b"\r\n" in raw else b"\r"
    field = f"Message-ID: {sent_id}".encode().replace(b"\r\n", end)
    raw = raw.replace(FROM.encode(), field + end + FROM.encode())
    assert read_mail(raw).message_id == "<1@x.example>"
    assert mail_key(raw) == key_of_message_id("<1@x.example>")


@each_case(
    ("name", "reply"), list(REPLIES.items()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_reply_is_what_was_written_in_it(name: str, reply: tuple[str, str]) -> None:
    text, own = reply
    answer_text, cut = reply_text(text, SENT)
    assert answer_text == own
    assert sorted(f"{answer_text}\n{cut}".split()) == sorted(text.split()), (
        "nothing is lost, and nothing told twice"
    )


SENDERS = {
    "root": "root",
    "Cron <Root>": "root",
    "a@b.example\r\nFrom: A@B.example": "a@b.example",
    "=?utf-8?Q?Li_Na_<lin=40b.example>?=": "lin@b.example",
    '"li na"@b.example': '"li na"@b.example',
    '"li,na" @b.example': '"li,na"@b.example',
    '<"lin"@b.example>': "lin@b.example",
}


@each_case(("written", "sender"), list(SENDERS.items()))
def test_senders_are_read_as_programs_write_them(written: str, sender: str) -> None:
    assert read_mail(lines(f"From: {written}", "", "x")).sender == sender


REFUSED = {
    "too large": (mail("", "x" * LARGEST_MAIL), "mail_too_large"),
    "no mail": (b'{"not": "a mail"}', "no_mail"),
    "nothing": (b"", "no_mail"),
    "no sender": (lines("Subject: A", "", "x"), "no_sender"),
    "two senders": (lines("From: a@x.example, b@x.example", "", "x"), "no_sender"),
    "two From": (lines(FROM, "From: b@x.example", "", "x"), "no_sender"),
    "an address as a name": (lines('From: "boss@example.org"', "", "x"), "no_sender"),
    "two encoded senders": (lines("From: =?utf-8?Q?a=40b.example,c=40d.example?=", "", "x"), "no_sender"),
    "an address within a quoted one": (lines('From: "a@b.example"@d.example', "", "x"), "no_sender"),
    "no address": (lines("From: Li Na", "", "x"), "no_sender"),
    "too many parts": (mail(multipart("mixed", *[PLAIN] * PARTS_LIMIT)), "too_many_parts"),
    "long headers": (mail("X: " + "x" * 300_000, "", "x"), "mail_head_too_large"),
    "many headers": (mail(*["X: 1"] * 1_001, "", "x"), "mail_head_too_large"),
    "many headers of a part": (
        mail(multipart("mixed", lines(*["X: 1"] * 1_001, "", "x"))),
        "mail_head_too_large",
    ),
    "parts without end": (
        mail("Content-Type: multipart/mixed; boundary=b", "", "--b\n\n" * LONG),
        "too_many_parts",
    ),
    "two From, the second behind a bare return": (
        lines(FROM, "what is this\rFrom: b@x.example", "", "x"),
        "no_sender",
    ),
}


@each_case(("name", "case"), list(REFUSED.items()), ids=lambda value: value if isinstance(value, str) else "")
def test_what_cannot_be_read_is_refused_with_its_reason(name: str, case: tuple[bytes, str]) -> None:
    with pytest.raises(MailRefused) as refused:
        read_mail(case[0])
    assert refused.value.code == case[1]


def _nested(depth: int) -> bytes:
    part = PLAIN
    for n in range(depth):
        part = multipart("mixed", part, boundary=f"b{n}")
    return mail(part)


def test_parts_are_read_as_deep_as_mail_programs_nest_them() -> None:
    assert read_mail(_nested(DEEPEST_NESTING)).text == "It smokes."
    with pytest.raises(MailRefused, match="mail_nested_too_deep"):
        read_mail(_nested(DEEPEST_NESTING + 1))


def test_a_long_mail_is_cut_to_what_a_comment_holds_and_says_so() -> None:
    history = "\n".join(["On 1 March 2026 Zhao Min wrote:", *["> old"] * LONGEST_PARAGRAPH])
    read = read_mail(mail("Subject: " + "s" * 500, "", "New.", "", history), ["old"])
    assert LONGEST_PARAGRAPH - 10 < len(read.text) <= LONGEST_PARAGRAPH
    assert read.cut
    assert read.own_text == "New.", "the history is cut before the text is"
    long = read_mail(lines(FROM, "Subject: " + "s" * 500, "", ""))
    assert long.subject == "s" * (LONGEST_LINE - 1) + "…"


def test_a_mail_without_an_id_is_known_however_it_came() -> None:
    sent = lines(FROM, "Subject: A", "", "It smokes.")
    assert read_mail(sent).message_id == read_mail(lines("Received: by x", sent)).message_id
    assert read_mail(sent).message_id != read_mail(sent + b"!").message_id
    assert re.fullmatch(r"<[0-9a-f]{64}@no-message-id\.invalid>", read_mail(sent).message_id)


TIRING = {
    "tags": mail("Content-Type: text/html", "", "<a" * LONG),
    "attributes": mail("Content-Type: text/html", "", "<a " + "-" * LONG + ">"),
    "quotes": mail("Content-Type: text/html", "", "<a \"'" * (LONG // 5)),
    "comments": mail("Content-Type: text/html", "", "<!--" * (LONG // 4)),
    "elements": mail("Content-Type: text/html", "", "<blockquote><li>x" * (LONG // 16)),
    "parameters": mail('Content-Type: text/plain; a="' + ";" * 200_000 + '"', "", "x"),
    "addresses": lines("From: " + "(" * 100_000, "To: " + '"a\\' * 30_000, "", "x"),
    "words": lines(FROM, "Subject: " + "=?utf-8?q?a?=" * 15_000, "", "x"),
    "words without end": lines(FROM, "Subject: " + "=?a?q?x " * 30_000, "", "x"),
    "empty lines": mail("", "\n" * (4 * LONG)),
    "boundaries": mail('Content-Type: multipart/mixed; boundary="b"', "", "--b" * LONG),
    "introductions": mail("", "On 1 wrote \n" * (LONG // 12)),
    "names of hosts": mail(f"{TEXT}punycode", "", "-" + "9" * LONG),
}


@each_case(("name", "raw"), list(TIRING.items()), ids=lambda value: value if isinstance(value, str) else "")
def test_no_mail_keeps_its_reader_busy(name: str, raw: bytes) -> None:
    begun = process_time()
    try:
        read_mail(raw)
    except MailRefused:
        assert name == "addresses"
    assert process_time() - begun < SECONDS


HEADERS: tuple[str, ...] = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Content-Type",
    "Content-Disposition",
)
HEADERS += ("Content-Transfer-Encoding", "Return-Path", "Precedence")
PIECES: tuple[str, ...] = (
    "lin@example.org",
    "<",
    ">",
    '"',
    "(",
    "=?utf-8?B?5omT?=",
    "=?x?q?=ZZ?=",
    "multipart/mixed",
    "text/html",
)
PIECES += (
    "; boundary=b",
    "; charset=gb18030",
    "; charset=utf-7",
    "base64",
    "; name*0*=x''%ff",
    "9999",
    "\\",
    ";",
)
VALUE = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=6).map("".join)
FIELD = st.tuples(st.sampled_from(HEADERS), VALUE).map(lambda field: f"{field[0]}: {field[1]}")
BODY = st.lists(st.sampled_from(("--b", "--b--", "", "> x", "<p>", HTML.decode())) | FIELD, max_size=12)


def _is_read_or_refused(raw: bytes) -> None:
    try:
        read = read_mail(raw)
    except MailRefused:
        return
    texts = [read.text, read.own_text, read.subject, read.sender_name, read.message_id, read.sender]
    texts += [file.name for file in read.attachments]
    assert not any("\x00" in text for text in texts)
    assert [text.encode() for text in texts], "what no database stores is gone"
    assert len(read.subject) <= LONGEST_LINE
    assert len(read.text) <= LONGEST_PARAGRAPH
    assert all(1 <= len(file.name) <= LONGEST_LINE for file in read.attachments)


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    _is_read_or_refused(raw)
    _is_read_or_refused(FROM.encode() + b"\n" + raw)


@given(st.lists(FIELD, max_size=8), BODY)
def test_any_headers_and_parts_are_read_or_refused(fields: list[str], body: list[str]) -> None:
    sent = lines(FROM, *fields, "", *body).replace(b"From: <", b"X: <")
    _is_read_or_refused(sent)
    _is_read_or_refused(sent.decode().encode("gb18030", "replace"))


@given(st.text(alphabet="<>/!-\"'= \n&;abpl#x", max_size=200) | st.text())
def test_any_html_becomes_text(html: str) -> None:
    assert isinstance(html_to_text(html), str)
