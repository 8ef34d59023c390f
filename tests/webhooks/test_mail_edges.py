"""Nothing of a mail is lost at its edges: around its parts, in names of files and in further forms."""

from __future__ import annotations

from app.common.files.html_text import html_to_text
from app.webhooks.effects.mail_tickets.notes import new_subject
from app.webhooks.mail.message import read_mail
from tests.cases import each_case
from tests.webhooks.mail_shapes import DISPOSITION, PLAIN, lines, mail, multipart

AFTER = lines("--b1", "Content-Type: application/pdf; name=a.pdf", "", "PDF", "--b1--", "Call me at 4711.")


def test_text_and_files_around_the_parts_are_read() -> None:
    mixed = multipart("mixed", PLAIN)
    before = mixed.replace(b"--b1\r\n", b"This is a MIME mail.\r\n\r\n2 files were removed.\r\n--b1\r\n", 1)
    read = read_mail(mail(before + AFTER))
    assert read.text == "2 files were removed.\n\nIt smokes.\n\nCall me at 4711."
    assert [file.name for file in read.attachments] == ["a.pdf"]


def _name_of(sent: str) -> tuple[str, list[str]]:
    (file,) = read_mail(mail(multipart("mixed", PLAIN, lines(f'{DISPOSITION}"{sent}"', "", "x")))).attachments
    return file.name, [code.value for code in file.altered]


def test_only_a_whole_path_loses_its_folders() -> None:
    assert _name_of("Invoice 12/2026.pdf") == ("Invoice 12_2026.pdf", ["escaped"])
    assert _name_of("C:\\\\logs\\\\a.zip") == ("a.zip", [])
    assert _name_of("/tmp/a.zip") == ("a.zip", [])


@each_case(
    ("kind", "text", "names"),
    [
        ("text/csv", "a;b", ["table.csv"]),
        ("text/x-amp-html", "<p>It smokes a lot.</p>", ["page.html"]),
        ("text/x-amp-html", "<p>It smokes.</p>", []),
    ],
)
def test_a_further_form_that_says_more_is_a_file(kind: str, text: str, names: list[str]) -> None:
    read = read_mail(mail(multipart("alternative", PLAIN, lines(f"Content-Type: {kind}", "", text))))
    assert (read.text, [file.name for file in read.attachments]) == ("It smokes.", names)


def test_the_end_of_an_element_that_no_browser_knows_is_not_shown() -> None:
    assert (
        html_to_text('See <attachment file="x"></attachment>and vector</b><int>.') == "See and vector<int>."
    )


def test_a_longer_subject_of_a_reply_is_named() -> None:
    def subject_line(subject: bytes, title: str = "Printer") -> str:
        return new_subject(
            read_mail(mail(multipart("mixed", PLAIN)).replace(b"Printer", subject)), None, title, "en"
        )

    assert "urgent" in subject_line(b"Re: Printer - scanner 7 stopped, urgent")
    assert subject_line(b"Re: Printer") == ""
    assert subject_line(b"Re: Printer is broken", "Printer is…") == ""
