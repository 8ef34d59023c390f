"""Mails as they come in the real world, written by hand after the RFCs, with what a person reads in each."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

FROM = "From: Li Na <lin@example.org>"
TEXT = "Content-Type: text/plain; charset="
PNG = b"\x89PNG\r\n\x1a\n"
DISPOSITION = "Content-Disposition: attachment; filename="


def lines(*text_lines: str | bytes) -> bytes:
    """The lines as they go over the wire."""
    return b"\r\n".join(line.encode() if isinstance(line, str) else line for line in text_lines)


def mail(*text_lines: str | bytes) -> bytes:
    """A mail of Li Na's, with an id and a subject; an empty line ends its headers."""
    return lines(FROM, "Message-ID: <1@example.org>", "Subject: Printer", "MIME-Version: 1.0", *text_lines)


def multipart(kind: str, *parts: bytes, boundary: str = "b1", more: str = "") -> bytes:
    """A part made of others."""
    inner = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}'
    return lines(head, "", inner + f"--{boundary}--".encode(), "")


def encoded(content: bytes) -> bytes:
    """The content as base64, in lines."""
    digits = b64encode(content)
    return b"\r\n".join(digits[n : n + 76] for n in range(0, len(digits), 76))


BASE64 = "Content-Transfer-Encoding: base64"
QUOTED = "Content-Transfer-Encoding: quoted-printable"
PLAIN = lines("Content-Type: text/plain; charset=utf-8", "", "It smokes.")
HTML = lines("Content-Type: text/html; charset=utf-8", "", "<p>It <b>smokes</b>.</p>")
PICTURE = lines("Content-Type: image/png; name=a.png", "Content-ID: <p1@x>", BASE64, "", encoded(PNG))
SHOWING = lines("Content-Type: text/html", "", '<p>See</p><img src="cid:p1@x" alt="the tray">')
ATTACHED_MAIL = lines("Content-Type: message/rfc822", "", "From: x@example.net", "Subject: Old", "", "Body")
SIGNATURE = lines("Content-Type: application/pgp-signature; name=signature.asc", "", "-----BEGIN PGP")
BOUNCE = multipart(
    "report",
    lines("Content-Type: text/plain", "", "Not delivered."),
    lines("Content-Type: message/delivery-status", "", "Action: failed"),
    more="; report-type=delivery-status",
)
RECEIPT = multipart(
    "report",
    lines("Content-Type: text/plain", "", "It was read."),
    lines("Content-Type: message/disposition-notification", "", "Disposition: displayed"),
)
INVITATION = lines("Content-Type: text/calendar; method=REQUEST", "", "BEGIN:VCALENDAR")
ZIPPED = lines("Content-Type: application/zip", f'{DISPOSITION}"C:\\logs\\a.zip"', "", "PK")
SMOKES = {"text": "It smokes."}
CHINESE = {"text": "打印机冒烟了。"}
FILE = ("a.txt", "text/plain", b"log", False)

#: What a person expects of each: attributes of the mail that is read; `files` as (name, type, content,
#: inline).
SHAPES: dict[str, tuple[bytes, dict[str, Any]]] = {
    "plain": (
        mail("", "It smokes."),
        {
            **SMOKES,
            "sender": "lin@example.org",
            "sender_name": "Li Na",
            "subject": "Printer",
            "message_id": "<1@example.org>",
            "references": (),
            "answer": None,
            "files": [],
            "cut": False,
            "guessed": False,
        },
    ),
    "bare line feeds, no MIME-Version": (
        lines(FROM, "Subject: A", "", "It smokes.").replace(b"\r\n", b"\n"),
        {**SMOKES, "subject": "A"},
    ),
    "a line of a mailbox file first": (
        lines("From lin Mon Nov 23 10:00:00 2026", FROM, "", "It smokes."),
        SMOKES,
    ),
    "a line that is no header": (
        lines(FROM, "what is this", "Subject: A", "", "It smokes."),
        {"text": "what is this\nIt smokes.", "subject": "A"},
    ),
    "a space before a colon": (lines(FROM, "Subject : A", "", "It smokes."), {**SMOKES, "subject": "A"}),
    "subject in raw KOI8-R, as the body": (
        lines(FROM, b"Subject: " + "Принтер".encode("koi8-r"), f"{TEXT}koi8-r", "", ""),
        {"subject": "Принтер"},
    ),
    "subject with a backslash beside an encoded word": (
        lines(FROM, "Subject: \\users\\lin =?utf-8?B?5omT?= 打", "", ""),
        {"subject": "\\users\\lin 打 打"},
    ),
    "empty body": (mail("", ""), {"text": "", "own_text": ""}),
    "only a text with a file's name": (
        mail(f"{TEXT}utf-8; name=log.txt", "", "It smokes."),
        {**SMOKES, "files": [("log.txt", "text/plain", b"It smokes.", False)]},
    ),
    "headers only": (mail(), {"text": "", "subject": "Printer"}),
    "quoted-printable in UTF-8": (
        mail(f"{TEXT}utf-8", QUOTED, "", "Gr=C3=BC=C3=9Fe, it=", " smokes"),
        {"text": "Grüße, it smokes", "guessed": False},
    ),
    "base64": (mail(f"{TEXT}utf-8", BASE64, "", encoded("打印机冒烟了。".encode())), CHINESE),
    "base64 with a scanner's line behind": (
        mail(f"{TEXT}utf-8", BASE64, "", "SXQ=", "-- scanned"),
        {"text": "It\n-- scanned"},
    ),
    "base64 with the footer of a list": (
        mail(f"{TEXT}utf-8", BASE64, "", encoded("打印机冒烟了。".encode() * 9), "", "_____", "help list"),
        {"text": "打印机冒烟了。" * 9 + "\n_____\nhelp list"},
    ),
    "base64 below a warning": (
        mail(f"{TEXT}gbk", BASE64, "", "CAUTION", encoded("打印机冒烟了。".encode("gbk")), "help"),
        {"text": "CAUTION\n打印机冒烟了。\nhelp", "guessed": False},
    ),
    "base64 of HTML below a warning in UTF-8": (
        mail("Content-Type: text/html; charset=utf-8", BASE64, "", "外部 <mail>!", encoded(b"<p>It smokes.")),
        {"text": "外部 <mail>!\n\nIt smokes."},
    ),
    "base64 with a footer in base64": (
        mail(f"{TEXT}utf-8", BASE64, "", encoded(b"It smokes. "), encoded(b"A mail of the list")),
        {"text": "It smokes. A mail of the list"},
    ),
    "quoted-printable with a semicolon": (
        mail(f"{TEXT}utf-8", "Content-Transfer-Encoding: quoted-printable;", "", "Gr=C3=BC=C3=9Fe"),
        {"text": "Grüße"},
    ),
    "base64 in quotation marks, with a comment": (
        mail(f"{TEXT}utf-8", 'Content-Transfer-Encoding: "Base64" (MIME)', "", encoded(b"It smokes.")),
        SMOKES,
    ),
    "base64 cut off": (mail(f"{TEXT}utf-8", BASE64, "", "SXQgc21va2V"), {"text": "It smoke"}),
    "GB 2312 that is GB 18030": (
        mail(f"{TEXT}gb2312", "", "打印机冒烟了。镕".encode("gb18030")),
        {"text": "打印机冒烟了。镕", "guessed": False},
    ),
    "GBK": (mail(f"{TEXT}gbk", "", "打印机冒烟了。".encode("gbk")), CHINESE),
    "Big5": (mail(f"{TEXT}big5", "", "印表機冒煙".encode("big5")), {"text": "印表機冒煙"}),
    "ISO-2022-JP": (
        mail(f"{TEXT}iso-2022-jp", "", "プリンター".encode("iso2022_jp")),
        {"text": "プリンター"},
    ),
    "KOI8-R": (
        mail(f"{TEXT}koi8-r", "", "Принтер дымит".encode("koi8-r")),
        {"text": "Принтер дымит", "guessed": False},
    ),
    "windows-1252 declared as ISO-8859-1": (
        mail(f"{TEXT}iso-8859-1", "", "“Grüße” 5 €".encode("cp1252")),
        {"text": "“Grüße” 5 €"},
    ),
    "UTF-16": (mail(f"{TEXT}utf-16", BASE64, "", encoded("打印机冒烟了。".encode("utf-16"))), CHINESE),
    "unknown character set": (
        mail(f"{TEXT}x-nobody-knows", "", "打印机冒烟了。"),
        {**CHINESE, "guessed": True},
    ),
    "UTF-8 declared as ISO-8859-1": (
        mail(f"{TEXT}iso-8859-1", "", "Grüße"),
        {"text": "Grüße", "guessed": True},
    ),
    "GBK declared as UTF-8": (
        mail(f"{TEXT}utf-8", "", "打印机冒烟了。".encode("gbk")),
        {**CHINESE, "guessed": True},
    ),
    "windows-1252 without a declaration": (
        mail("", "Für Grüße fällt mir nichts ein".encode("cp1252")),
        {"text": "Für Grüße fällt mir nichts ein", "guessed": True},
    ),
    "a character set that is no text": (mail(f"{TEXT}zlib", "", "It smokes."), SMOKES),
    "subject in UTF-8, its character split": (
        lines(FROM, "Subject: =?utf-8?B?5omT5Q==?=", " =?utf-8?B?jbDmnLo=?=", "", ""),
        {"subject": "打印机"},
    ),
    "subject in GB 2312": (
        lines(FROM, "Subject: Re: =?gb2312?B?tPLTobv6?= A3", "", ""),
        {"subject": "Re: 打印机 A3"},
    ),
    "subject in UTF-8 as it is": (lines(FROM, "Subject: 打印机", "", ""), {"subject": "打印机"}),
    "subject in raw GBK": (
        lines(FROM, b"Subject: " + "打印机".encode("gbk"), f"{TEXT}gb2312", "", ""),
        {"subject": "打印机"},
    ),
    "subject folded, with a language": (
        lines(FROM, "Subject: =?us-ascii*en?Q?Keith_Moore?=", "\tis here", "", ""),
        {"subject": "Keith Moore is here"},
    ),
    "subject with question marks in its encoded words": (
        lines(FROM, "Subject: =?iso-8859-1?Q?Wo? K=F6nnen Sie =E4ndern??= =?utf-8?q?_a??b?=?", "", ""),
        {"subject": "Wo? Können Sie ändern? a??b?"},
    ),
    "subject with a wrong encoded word": (
        lines(FROM, "Subject: =?utf-8?B?A?= b", "", ""),
        {"subject": "=?utf-8?B?A?= b"},
    ),
    "name with an encoded comma": (
        lines("From: =?utf-8?Q?Li=2C_Na?= <LIN@Example.org>", "", ""),
        {"sender": "lin@example.org", "sender_name": "Li, Na"},
    ),
    "a name that claims another address": (
        lines("From: =?utf-8?Q?boss=40example=2Eorg_=28?= <eve@example.net>", "", ""),
        {"sender": "eve@example.net"},
    ),
    "a quoted name that claims another address": (
        lines('From: "boss@example.org" <eve@example.net>', "", ""),
        {"sender": "eve@example.net", "sender_name": "boss@example.org"},
    ),
    "name in a comment": (
        lines("From: lin@example.org (Li Na)", "", ""),
        {"sender": "lin@example.org", "sender_name": "Li Na"},
    ),
    "international domain": (
        lines("From: lin@bücher.example", "", ""),
        {"sender": "lin@xn--bcher-kva.example"},
    ),
    "recipients in groups": (
        lines(FROM, 'To: Desk: "A, B" <a@x.example>, b@x.example;', "Cc: <a@x.example>, undisclosed", "", ""),
        {"to": ["a@x.example", "b@x.example"]},
    ),
    "a thread": (
        lines(FROM, "In-Reply-To: <c@x>", "References: <a@x>", " <b@x> <c@x>", "", ""),
        {"references": ("<c@x>", "<b@x>", "<a@x>")},
    ),
    "an encoded id": (lines(FROM, "Message-ID: =?utf-8?Q?=3C2=40x=3E?=", "", ""), {"message_id": "<2@x>"}),
    "date with a zone": (
        lines(FROM, "Date: Mon, 23 Nov 2026 18:00:00 +0800 (CST)", "", ""),
        {"when": "2026-11-23T10:00:00+00:00"},
    ),
    "date of no known zone": (
        lines(FROM, "Date: 23 Nov 2026 10:00 -0000", "", ""),
        {"when": "2026-11-23T10:00:00+00:00"},
    ),
    "broken date": (lines(FROM, "Date: 二〇二六年", "", ""), {"when": None}),
    "date of no calendar": (lines(FROM, "Date: Fri, 31 Dec 9999 23:59:59 -2300", "", ""), {"when": None}),
    "format=flowed": (
        mail(f"{TEXT}utf-8; format=flowed", "", "It smokes ", "since nine.", "> old ", "> text", " >not"),
        {"text": "It smokes since nine.\n> old text\n>not"},
    ),
    "format=flowed in Chinese": (
        mail(f"{TEXT}utf-8; format=flowed; delsp=yes", "", "打印机 ", "冒烟了。"),
        CHINESE,
    ),
    "HTML only": (
        mail(
            "Content-Type: text/html",
            "",
            "<html><head><title>x</title><style>p{}</style></head><p>Hi,<p>it&nbsp;smokes",
            "<ul><li>a<li>b</ul>see <a href='https://x.example/1'>here</a>",
        ),
        {"text": "Hi,\n\nit smokes\n\n- a\n- b\n\nsee here <https://x.example/1>"},
    ),
    "HTML with a hidden preview": (
        mail(
            "Content-Type: text/html",
            "",
            '<div style="display:none">buy</div><!--[if mso]>x<![endif]--><p>It smokes.',
        ),
        SMOKES,
    ),
    "two forms": (mail(multipart("alternative", PLAIN, HTML)), {**SMOKES, "files": []}),
    "two forms, the plain one empty": (
        mail(multipart("alternative", lines("Content-Type: text/plain", "", " "), HTML)),
        SMOKES,
    ),
    "two forms, the plain one a hint": (
        mail(multipart("alternative", lines("", "This mail is in HTML. Use another program."), HTML)),
        {"text": "This mail is in HTML. Use another program.\n\nIt smokes.", "files": []},
    ),
    "two forms, the plain one a beginning": (
        mail(
            multipart(
                "alternative",
                lines("Content-Type: text/plain; charset=utf-8", "", "打印"),
                lines("Content-Type: text/html; charset=utf-8", "", "<p>打印机冒烟了。</p>"),
            )
        ),
        CHINESE,
    ),
    "two forms, the plain one without the address of a link": (
        mail(
            multipart(
                "alternative",
                lines("", "It smokes since", "nine in room 7."),
                lines(
                    "Content-Type: text/html",
                    "",
                    "It <a href='https://x.example/a'>smokes</a> since nine in room 7.",
                ),
            )
        ),
        {"text": "It smokes <https://x.example/a> since nine in room 7."},
    ),
    "two forms, only the one in Markdown filled": (
        mail(multipart("alternative", lines("", " "), lines("Content-Type: text/markdown", "", "**Smoke**"))),
        {"text": "**Smoke**", "files": []},
    ),
    "one form, enriched": (
        mail(
            multipart(
                "alternative",
                lines(
                    "Content-Type: text/enriched",
                    "",
                    "<bold>It</bold>",
                    "<color><param>red</param>smokes</color>",
                )
                + b"\r\n\r\n1 << 2.",
            )
        ),
        {"text": "It smokes\n1 < 2.", "files": []},
    ),
    "two forms, only the one in RTF filled": (
        mail(multipart("alternative", lines("", " "), lines("Content-Type: text/rtf", "", "{It smokes}"))),
        {"text": "", "files": [("part-1", "text/rtf", b"{It smokes}", False)]},
    ),
    "two forms, and one in Markdown": (
        mail(
            multipart("alternative", PLAIN, lines("Content-Type: text/markdown", "", "It **smokes**."), HTML)
        ),
        {**SMOKES, "files": []},
    ),
    "a picture in the HTML": (
        mail(multipart("related", SHOWING, PICTURE)),
        {"text": "See\n\n[the tray]", "files": [("a.png", "image/png", PNG, True)]},
    ),
    "a picture with an id that nothing shows": (
        mail(multipart("mixed", PLAIN, PICTURE)),
        {**SMOKES, "files": [("a.png", "image/png", PNG, False)]},
    ),
    "nested": (
        mail(
            multipart(
                "mixed",
                multipart(
                    "alternative",
                    PLAIN,
                    multipart("related", SHOWING.replace(b"See", b"It smokes"), PICTURE, boundary="b3"),
                    boundary="b2",
                ),
                ZIPPED,
            )
        ),
        {
            "text": "It smokes\n\n[the tray]",
            "files": [("a.png", "image/png", PNG, True), ("a.zip", "application/zip", b"PK", False)],
        },
    ),
    "text between pictures": (
        mail(multipart("mixed", PLAIN, PICTURE, lines("", "Look."))),
        {"text": "It smokes.\n\nLook."},
    ),
    "a text as a file": (
        mail(multipart("mixed", PLAIN, lines("Content-Type: text/plain; name=a.txt", "", "log"))),
        {**SMOKES, "files": [FILE]},
    ),
    "the mail is a file": (
        mail("Content-Type: text/plain", DISPOSITION + "a.txt", "", "log"),
        {"text": "", "files": [FILE]},
    ),
    "file name in two pieces": (
        mail(
            multipart(
                "mixed",
                PLAIN,
                lines(
                    "Content-Type: a/b",
                    "Content-Disposition: attachment; filename*0*=utf-8''%E6%89%93;",
                    " filename*1*=%E5%8D%B0.pdf",
                    "",
                    "x",
                ),
            )
        ),
        {"names": ["打印.pdf"]},
    ),
    "file name in UTF-8 as it is": (
        mail(multipart("mixed", PLAIN, lines("Content-Type: a/b", f'{DISPOSITION}"打印.pdf"', "", "x"))),
        {"names": ["打印.pdf"]},
    ),
    "file name in GB 2312": (
        mail(
            multipart(
                "mixed",
                PLAIN,
                lines(
                    'Content-Type: a/b; name="=?gb2312?B?tPLTobv6?=.doc"',
                    "Content-Disposition: attachment",
                    "",
                    "x",
                ),
            )
        ),
        {"names": ["打印机.doc"]},
    ),
    "an attached mail": (
        mail(multipart("mixed", PLAIN, ATTACHED_MAIL)),
        {
            **SMOKES,
            "files": [
                ("message.eml", "message/rfc822", b"From: x@example.net\r\nSubject: Old\r\n\r\nBody", False)
            ],
        },
    ),
    "a digest": (
        mail(multipart("digest", lines("", "From: x@example.net", "", "Body"))),
        {"text": "", "files": [("message.eml", "message/rfc822", b"From: x@example.net\r\n\r\nBody", False)]},
    ),
    "winmail.dat": (
        mail(multipart("mixed", PLAIN, lines("Content-Type: application/ms-tnef", "", "x"))),
        {"names": ["winmail.dat"]},
    ),
    "an invitation": (
        mail(multipart("alternative", PLAIN, HTML, INVITATION)),
        {**SMOKES, "names": ["invitation.ics"]},
    ),
    "signed by PGP/MIME": (mail(multipart("signed", PLAIN, SIGNATURE)), {**SMOKES, "files": []}),
    "signed by S/MIME": (
        mail(
            multipart(
                "signed",
                multipart("mixed", PLAIN, ZIPPED, boundary="b2"),
                lines("Content-Type: application/pkcs7-signature", "", "x"),
            )
        ),
        {**SMOKES, "names": ["a.zip"]},
    ),
    "signed in the text": (
        mail(
            "",
            "-----BEGIN PGP SIGNED MESSAGE-----",
            "Hash: SHA256",
            "",
            "It smokes.",
            "- -- ",
            "-----BEGIN PGP SIGNATURE-----",
            "",
            "x",
            "-----END PGP SIGNATURE-----",
        ),
        {"own_text": "It smokes.\n--"},
    ),
    "signed in the text, and the signature does not end": (
        mail(
            "",
            "-----BEGIN PGP SIGNED MESSAGE-----",
            "Hash: SHA256",
            "",
            "It smokes.",
            "-----BEGIN PGP SIGNATURE-----",
            "",
            "iQEz",
            "",
            "May we restart it?",
        ),
        {"text": "It smokes.\n\niQEz\n\nMay we restart it?"},
    ),
    "opaque S/MIME": (
        mail("Content-Type: application/pkcs7-mime; smime-type=signed-data", "", "x"),
        {"text": "", "names": ["smime.p7m"]},
    ),
    "the last boundary is missing": (
        mail('Content-Type: multipart/mixed; boundary="b1"', "", "--b1", PLAIN),
        SMOKES,
    ),
    "no boundary": (mail("Content-Type: multipart/mixed", "", "It smokes."), {**SMOKES, "names": []}),
    "a bounce": (mail("Return-Path: <>", BOUNCE), {"text": "Not delivered.", "answer": "delivery-status"}),
    "a receipt": (mail(RECEIPT), {"answer": "disposition-notification"}),
    "an automatic reply": (
        mail("Auto-Submitted: auto-replied (vacation)", "", ""),
        {"answer": "auto-submitted"},
    ),
    "a mail by a person who says so": (
        mail("Auto-Submitted: no", "X-Auto-Response-Suppress: None", "", ""),
        {"answer": None},
    ),
    "a mail of a list": (mail("List-Id: <all.example.org>", "", ""), {"passed_on": "list-id"}),
    "bulk": (mail("Precedence: bulk", "", ""), {"program": "bulk", "answer": None}),
    "a list in old words": (mail("Precedence: list", "", ""), {"passed_on": "precedence"}),
    "monitoring": (mail("Auto-Submitted: auto-generated", "", ""), {"program": "auto-submitted"}),
    "an absence told as generated": (
        lines(FROM, "Subject: Automatic reply: printer", "Auto-Submitted: auto-generated", "", ""),
        {"answer": "out-of-office", "program": "auto-submitted"},
    ),
    "a person's mail that wants no absence": (
        mail("X-Auto-Response-Suppress: OOF", "", ""),
        {"passed_on": "x-auto-response-suppress"},
    ),
    "out of office, with a header": (
        lines(FROM, "Subject: Automatische Antwort: Drucker", "X-MS-Exchange-Inbox-Rules-Loop: a@b", "", ""),
        {"answer": None, "is_doubtful": True},
    ),
    "out of office by the subject alone": (
        lines(FROM, "Subject: Out of office printer smokes", "", ""),
        {"answer": None},
    ),
    "a question about absences that wants none as an answer": (
        lines(FROM, "Subject: Out of office assistant fails", "X-Auto-Response-Suppress: All", "", ""),
        {"answer": None, "passed_on": "x-auto-response-suppress"},
    ),
    "a question about absences through a ticket system": (
        lines(FROM, "Subject: Out of office assistant fails", "Precedence: bulk", "", ""),
        {"answer": None, "program": "bulk"},
    ),
    "an absence that answers a mail and wants no answer": (
        lines(FROM, "Subject: Out of office", "X-Auto-Response-Suppress: All", "In-Reply-To: <a@x>", "", ""),
        {"answer": "out-of-office"},
    ),
    "a postmaster in person": (
        lines("From: Hans <postmaster@cases.example>", "In-Reply-To: <a@x>", "", "Please fix SPF."),
        {"answer": None, "program": None},
    ),
    "a mail server in the name of a postmaster": (
        lines("From: postmaster@cases.example", "Return-Path: <>", "Subject: Undeliverable: Printer", ""),
        {"answer": "sender"},
    ),
    "no answer of a program, as it says": (
        mail("X-Autoreply: no", "X-Vacation: False", "", ""),
        {"answer": None},
    ),
    "an answer of a program, as it says": (mail("X-Autoreply: yes", "", ""), {"answer": "x-autoreply"}),
    "nobody to return it to": (
        mail("Return-Path: <>", "", ""),
        {"answer": None, "program": "return-path"},
    ),
    "an answer, and nobody to return it to": (
        mail("Return-Path: <>", "In-Reply-To: <a@x>", "", ""),
        {"answer": None, "program": "return-path", "is_doubtful": True},
    ),
    "an absence, and nobody to return it to": (
        lines(FROM, "Subject: Réponse automatique : absent", "Return-Path: <>", "", ""),
        {"answer": "out-of-office"},
    ),
    "a form of a web site": (
        mail("Precedence: junk", "Reply-To: Bob <bob@buyers.example>", "", "It is missing."),
        {"answer": None, "program": "junk", "text": "It is missing."},
    ),
    "an address without brackets": (
        lines("From: Scan room fax@cases.example", "", ""),
        {"sender": "fax@cases.example", "sender_name": "Scan room"},
    ),
    "ISO-2022-JP without a declaration": (
        mail("", "プリンターが煙を出す。".encode("iso2022_jp")),
        {"text": "プリンターが煙を出す。", "guessed": True},
    ),
    "ISO-2022-JP declared as UTF-8": (
        mail(f"{TEXT}utf-8", "", "プリンター".encode("iso2022_jp")),
        {"text": "プリンター", "guessed": True},
    ),
    "the characters of NEC and half katakana in ISO-2022-JP": (
        mail(f"{TEXT}iso-2022-jp", "", b"\x1b$B-\x21-\x6a\x1b(I\x36\x45\x1b(B ok"),
        {"text": "①㈱ｶﾅ ok".replace("ﾅ", "ﾅ"), "guessed": False},
    ),
    "a name of ISO-2022-JP that Microsoft uses": (
        mail(f"{TEXT}cp50221", "", "煙".encode("iso2022_jp")),
        {"text": "煙", "guessed": False},
    ),
    "a raw subject in ISO-2022-JP": (
        lines(FROM, b"Subject: " + "煙".encode("iso2022_jp"), "", ""),
        {"subject": "煙"},
    ),
    "Korean in seven bits": (mail("", "안녕하세요".encode("iso2022_kr")), {"text": "안녕하세요"}),
    "HZ without a declaration": (mail("", "您好，打印机".encode("hz")), {"text": "您好，打印机"}),
    "colours of a terminal": (
        mail("", "\x1b[31mred\x1b(B\x1b[m and\x07 bell"),
        {"text": "red\x1b(B and bell".replace("\x1b", ""), "guessed": False},
    ),
    "an answer to an invitation": (
        mail("Content-Type: text/calendar; method=REPLY", "", "BEGIN:VCALENDAR"),
        {"text": "", "calendar_answer": True},
    ),
    "an invitation is no answer to one": (mail(INVITATION), {"calendar_answer": False}),
    "a mail server's": (
        lines("From: MAILER-DAEMON (Mail Delivery System)", "", ""),
        {"answer": "sender", "sender": "mailer-daemon"},
    ),
    "forwarded": (
        lines(
            FROM,
            "Subject: Fwd: Printer",
            "",
            "Please see.",
            "",
            "-----Original Message-----",
            "From: x",
            "It smokes.",
        ),
        {"own_text": "Please see.\n\n-----Original Message-----\nFrom: x\nIt smokes."},
    ),
}
