"""Mails that programs on their way have damaged, with all that a person reads in each."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from tests.webhooks.mail_shapes import BASE64, DISPOSITION, FROM, PLAIN, SMOKES, lines, mail, multipart

HELLO = {"subject": "A", "text": "Hello,\nProblem: it is locked.\n\nPlease come."}
BODY = ("Hello,", "Problem: it is locked.", "", "Please come.")
CONTENT = bytes(range(256)) * 2
DIGITS = b64encode(CONTENT)
LINES = tuple(DIGITS[n : n + 76] for n in range(0, len(DIGITS), 76))


def _file(*body: bytes) -> bytes:
    head = ("Content-Type: application/pdf", f'{DISPOSITION}"a.pdf"', BASE64, "")
    return mail(multipart("mixed", PLAIN, lines(*head, *body)))


def _lost(content: bytes, *body: bytes) -> tuple[bytes, dict[str, Any]]:
    """A file that lacks some of what was sent, which is next to it."""
    as_sent = ("a.pdf.as-sent.txt", "text/plain", b"\r\n".join(body), False)
    files = [("a.pdf", "application/pdf", content, False), as_sent]
    return _file(*body), {**SMOKES, "files": files, "altered": {"attachments": ["left_out"]}}


def _read(*body: bytes) -> tuple[bytes, dict[str, Any]]:
    files = [("a.pdf", "application/pdf", CONTENT, False)]
    return _file(*body), {**SMOKES, "files": files, "altered": {}}


#: Heads whose end is damaged.
HEADS = {
    "no line between head and body": lines(FROM, "Subject: A", *BODY),
    "a line of spaces between head and body": lines(FROM, "Subject: A", "  ", *BODY),
    "a line with a tab between head and body": lines(FROM, "Subject: A", "\t", *BODY),
    "a line of spaces within the head": lines(FROM, " ", "Subject: A", "", *BODY),
    "bare returns": lines(FROM, "Subject: A", "", *BODY).replace(b"\r\n", b"\r"),
    "two returns in each line": lines(FROM, "Subject: A", "", *BODY).replace(b"\r\n", b"\r\r\n"),
    "a byte order mark": b"\xef\xbb\xbf" + lines(FROM, "Subject: A", "", *BODY),
    "empty lines first": lines("", "", FROM, "Subject: A", "", *BODY),
    "a part without a line before it": lines(FROM, "Subject: A", multipart("mixed", lines("", *BODY))),
}

#: What a person expects of each, as in `mail_shapes`.
DAMAGED: dict[str, tuple[bytes, dict[str, Any]]] = {
    **{name: (raw, HELLO) for name, raw in HEADS.items()},
    "base64 that is quoted": _read(*(b"> " + line for line in LINES)),
    "base64 with the digits of addresses": _read(
        *(line.translate(bytes.maketrans(b"+/", b"-_")) for line in LINES)
    ),
    "base64 of a file with a footer": _lost(CONTENT, *LINES, b"", b"-- scanned"),
    **{
        f"base64 of a file that is cut after {n} digits": _lost(CONTENT[: n * 6 // 8], DIGITS[:n])
        for n in (401, 402, 403)
    },
    "base64 of a text that is cut": (
        mail("Content-Type: text/plain", BASE64, "", b64encode(b"It smokes.")[:-3]),
        {"text": "It smokes", "altered": {"description": ["left_out"]}, "names": ["as-sent.base64.txt"]},
    ),
    "base64 of a file with damaged digits": _lost(b"", b"JVBERi0xLjQK%%%garbage???JVBE"),
    "base64 of a text with damaged digits": (
        mail("Content-Type: text/plain", BASE64, "", b64encode(b"It smokes.")[:-4] + b"Lg=" + b"%" * 70),
        {"altered": {"description": ["left_out"]}, "names": ["as-sent.base64.txt"]},
    ),
    "digits of a subject that are split between words": (
        lines(FROM, "Subject: =?utf-8?B?5L2g5aW95Z?=", " =?utf-8?B?WK77yB?=", "", ""),
        {"subject": "你好啊！"},
    ),
    "a text that was signed": (
        mail("", "-----BEGIN PGP SIGNED MESSAGE-----", "", "Hi.", "-----BEGIN PGP SIGNATURE-----", "=ab")
        + b"\r\n-----END PGP SIGNATURE-----",
        {"text": "Hi.", "names": ["as-sent.asc"], "altered": {"description": ["left_out"]}},
    ),
    "files that are stored elsewhere": (
        mail(
            multipart(
                "mixed",
                PLAIN,
                lines(
                    'Content-Type: message/external-body; access-type=URL; url="https://x.example/a"', "", ""
                ),
                lines(
                    "Content-Type: a/b; name=b.zip",
                    "X-Mozilla-Cloud-Part: cloudFile; url=https://x.example/b",
                    "",
                    "",
                ),
            )
        ),
        {"text": "It smokes.\n\n<https://x.example/a>\n\n[b.zip] <https://x.example/b>"},
    ),
    "only texts with names": (
        mail(
            multipart(
                "mixed",
                lines(
                    "Content-Type: text/plain; name=a.txt", "Content-Disposition: inline", "", "It smokes."
                ),
                lines("Content-Type: text/plain", f'{DISPOSITION}"b.txt"', "", "log"),
            )
        ),
        {**SMOKES, "names": ["a.txt", "b.txt"]},
    ),
}
