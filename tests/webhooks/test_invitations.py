"""Invitations and answers to them say on the ticket what stands in the calendar file alone."""

from __future__ import annotations

import pytest

from app.webhooks.mail.message import read_mail
from tests.webhooks.mail_shapes import FROM, lines, mail, multipart

ENTRY = (
    "BEGIN:VEVENT",
    "UID:1@x.example",
    "DTSTART;TZID=Europe/Berlin:20261201T090000",
    "DTEND;TZID=Europe/Berlin:20261201T100000",
    "SUMMARY:Work on the printer",
)


def calendar(method: str, *properties: str) -> bytes:
    """A mail that is nothing but a calendar file."""
    file = ("BEGIN:VCALENDAR", f"METHOD:{method}", *ENTRY, *properties, "END:VEVENT", "END:VCALENDAR")
    head = (
        FROM,
        "Subject: A",
        "MIME-Version: 1.0",
        f"Content-Type: text/calendar; charset=utf-8; method={method}",
    )
    return lines(*head, "Content-Transfer-Encoding: 8bit", "", *file)


TIME = "2026-12-01 09:00 (Europe/Berlin) – 2026-12-01 10:00 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (
            calendar("REPLY", "COMMENT:I am away\\, since the", "  server is down.\\nSorry."),
            "I am away, since the server is down.\nSorry.",
        ),
        (
            calendar("REPLY", 'ATTENDEE;X-RESPONSE-COMMENT="Too; early";CN=Li:mailto:a@b.example'),
            "Too; early",
        ),
        (calendar("COUNTER", "COMMENT:Later?"), f"{TIME}\n\nLater?"),
        (calendar("COUNTER"), TIME),
        (
            calendar("REQUEST", "LOCATION:Room 5", "DESCRIPTION:It is off\\; call 4711."),
            f"Work on the printer\n\n{TIME}\nRoom 5\n\nIt is off; call 4711.",
        ),
        (calendar("CANCEL"), f"Work on the printer\n\n{TIME}"),
        (
            calendar("REQUEST", "BEGIN:VALARM", "DESCRIPTION:Reminder", "END:VALARM"),
            f"Work on the printer\n\n{TIME}",
        ),
    ],
)
def test_what_a_calendar_file_says_is_told(raw: bytes, text: str) -> None:
    read = read_mail(raw)
    assert (read.text, read.calendar_answer) == (text, False)
    assert [file.name for file in read.attachments] == ["invitation.ics"]


def test_what_the_text_says_already_is_not_repeated() -> None:
    file = lines(
        "Content-Type: text/calendar; method=REPLY",
        "",
        "METHOD:REPLY",
        *ENTRY,
        "COMMENT:Too early.",
        "END:VEVENT",
    )
    plain = lines("Content-Type: text/plain", "", "It is", "too early. Too early.")
    assert read_mail(mail(multipart("alternative", plain, file))).text == "It is\ntoo early. Too early."


def test_only_answers_without_a_word_or_a_file_are_ignored() -> None:
    reply = lines("Content-Type: text/calendar; method=REPLY", "", "METHOD:REPLY", *ENTRY, "END:VEVENT")
    document = lines("Content-Type: application/pdf; name=a.pdf", "", "%PDF")
    logo = lines("Content-Type: image/png", "Content-Disposition: inline", "", "x")
    for parts, is_empty in (((reply,), True), ((reply, document), False), ((reply, logo), True)):
        assert read_mail(mail(multipart("mixed", *parts))).calendar_answer is is_empty
