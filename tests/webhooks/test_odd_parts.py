"""Parts of mails as other programs than the usual ones write them: digits, signatures and names of files."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest

from app.webhooks.mail.message import read_mail
from tests.webhooks.mail_shapes import lines


def _mail(*head_and_body: str) -> bytes:
    return lines("From: a@b.example", "MIME-Version: 1.0", *head_and_body)


def test_texts_in_base64_of_several_pieces_and_of_addresses_are_decoded() -> None:
    head = ("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "")
    pieces = [b64encode(each).decode() for each in (b"Hello", b" world, and more of the text")]
    assert read_mail(_mail(*head, *pieces)).text == "Hello world, and more of the text"
    digits = urlsafe_b64encode("Größe ?>?~ über 5".encode()).decode()
    assert {"-", "_"} & set(digits)
    assert read_mail(_mail(*head, digits)).text == "Größe ?>?~ über 5"
    assert read_mail(_mail(*head, "a_name-of-a-file")).text == "a_name-of-a-file"


def test_words_around_signed_ones_keep_their_lines() -> None:
    signature = ("-----BEGIN PGP SIGNATURE-----", "", "iQEz=", "=abcd", "-----END PGP SIGNATURE-----")
    signed = ("-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA256", "", "Signed", *signature)
    read = read_mail(_mail("Content-Type: text/plain", "", "Above", *signed, "Between", *signed, "Below"))
    assert read.text == "Above\nSigned\nBetween\nSigned\nBelow"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("Content-Disposition: attachment; filename=a;b.pdf", "a;b.pdf"),
        ("Content-Disposition: attachment; filename=a; b.pdf; size=3", "a; b.pdf"),
        ("Content-Disposition: attachment; size=3; filename=a.pdf", "a.pdf"),
        ('Content-Disposition: attachment; filename="a;b.pdf"', "a;b.pdf"),
        ("Content-Type: application/vnd.ms-excel", "part-1.xls"),
        ("Content-Type: application/x-unheard-of", "part-1"),
    ],
)
def test_files_are_named_as_they_were_sent_or_by_their_kind(head: str, name: str) -> None:
    kind = "" if head.startswith("Content-Type") else "Content-Type: application/pdf\r\n"
    part = lines("Content-Type: multipart/mixed; boundary=m", "", "--m", kind + head, "", "ABC", "--m--")
    assert [each.name for each in read_mail(b"From: a@b.example\r\n" + part).attachments] == [name]
