"""The text of a mail, and the files that come with it (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from mimetypes import MimeTypes

from app.common.files.data_files import DataFiles, without_data
from app.common.files.html_text import html_to_text
from app.common.files.text_forms import joined_forms
from app.kernel.actions.made_fit import Alteration, FitText, fit_line
from app.kernel.actions.payloads import LONGEST_LINE
from app.webhooks.mail.charsets import (
    charset_of_html,
    decode_text,
    fits_declared,
    is_readable_charset,
    is_utf8,
)
from app.webhooks.mail.headers import decode_words
from app.webhooks.mail.invitations.calendar_words import calendar_words
from app.webhooks.mail.mime import MailPart

#: Largest part of HTML that is read, in characters and without embedded pictures; much less is kept.
LONGEST_READ = 2_000_000
#: The name of a text that is attached as it was sent.
AS_SENT = "as-sent"
_SHOWN = frozenset({"text/plain", "text/html"})
_ENRICHED = frozenset({"text/enriched", "text/richtext"})
#: Further forms of text that people can read as it is.
_READABLE = _ENRICHED | {"text/markdown", "text/x-markdown", "text/x-web-markdown"}
#: Texts that only programs read.
_OF_PROGRAMS = frozenset({"text/calendar", "text/rtf", "text/vcard", "text/x-vcard"})
#: Media types of calendar files, whose text is shown, too.
CALENDARS = frozenset({"text/calendar", "application/ics"})
#: They prove who has signed to programs; no mail program lists them as files.
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
#: Names of files that were sent without one, by media type.
_NAMES = {
    "message/rfc822": "message.eml",
    "message/delivery-status": "delivery-status.txt",
    "message/disposition-notification": "disposition-notification.txt",
    "message/feedback-report": "feedback-report.txt",
    "text/calendar": "invitation.ics",
    "text/rfc822-headers": "headers.txt",
    "application/ms-tnef": "winmail.dat",
    "application/pkcs7-mime": "smime.p7m",
    "application/pdf": "document.pdf",
    "text/csv": "table.csv",
    "text/x-amp-html": "page.html",
    "image/png": "picture.png",
    "image/jpeg": "picture.jpg",
    "image/gif": "picture.gif",
}
#: Endings of the standard library's own list, whatever the machine's is.
_ENDINGS = MimeTypes()
_OFFICE = "application/vnd.openxmlformats-officedocument"
_ENDINGS.add_type(f"{_OFFICE}.wordprocessingml.document", ".docx")
_ENDINGS.add_type(f"{_OFFICE}.spreadsheetml.sheet", ".xlsx")
_ENDINGS.add_type(f"{_OFFICE}.presentationml.presentation", ".pptx")
# RFC 4880, section 7: the signed text stands between these lines, with `- ` before lines that begin with `-`.
# A signature that does not end is left in the text: nothing shows where the words below it begin.
_SIGNED = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z]+: .*\n)*\n((?s:.*?))\n-----BEGIN PGP SIGNATURE-----"
    r"(?:(?:\n(?!-----)(?:[A-Za-z]+: .*|[A-Za-z0-9+/=]*+[ \t]*+))*+\n-----END PGP SIGNATURE-----)?",
    re.MULTILINE,
)


_WHOLE_PATH = re.compile(r"[A-Za-z]:[/\\]|[/\\]|\.{1,2}[/\\]|~[/\\]")


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """A file of a mail. `inline`: the text shows it as a picture. `media_type` is the sender's,
    `altered` how the name differs from the one that was sent. `is_damaged`: some of the content is missing.
    """

    name: str
    media_type: str
    content: bytes
    inline: bool
    altered: tuple[Alteration, ...] = ()
    is_damaged: bool = False

    @property
    def marks(self) -> dict[str, list[str]]:
        """Alterations, by the fields of an attachment."""
        codes = {"name": self.altered, "size": (Alteration.left_out,) if self.is_damaged else ()}
        return {field: [code.value for code in each] for field, each in codes.items() if each}


@dataclass(frozen=True, slots=True)
class MailContent:
    """`text` is the text of the mail, `cut` whether more of it was not read, `guessed` whether a character
    set of it is unknown or wrong, `altered` other changes of the text, `files` its files.
    """

    text: str
    cut: bool
    guessed: bool
    altered: tuple[Alteration, ...]
    files: tuple[MailAttachment, ...]


def mail_content(mail: MailPart) -> MailContent:
    """Return the content of the mail, its plain text if there is some, and its files."""
    reader = _Reader(mail)
    text = reader.text_of(mail).strip() or reader.text_of_named_parts(mail).strip()
    text = reader.with_invitation(mail, text)
    unsigned = _SIGNED.sub(lambda match: re.sub(r"^- ", "", match[1], flags=re.MULTILINE), text)
    if unsigned != text:  # only the text as it was signed proves who wrote it
        reader.altered.append(Alteration.left_out)
        reader.as_sent.append(MailAttachment(f"{AS_SENT}.asc", "text/plain", text.encode(), inline=False))
    parts = (part for part in _files(mail) if id(part) not in reader.used_parts)
    files = [reader.attachment(part, n) for n, part in enumerate(parts, 1)]
    for each in reader.data_files.files.values():
        inline = each.media_type.startswith("image/")
        files.append(
            MailAttachment(each.name, each.media_type, each.content, inline, is_damaged=each.is_damaged)
        )
    if reader.data_files.left_out:
        reader.altered.append(Alteration.left_out)
    altered = tuple(dict.fromkeys(reader.altered))
    return MailContent(unsigned.strip(), reader.cut, reader.guessed, altered, (*files, *reader.as_sent))


class _Reader:
    """Reads parts; knows whether it had to guess, and the HTML so far, which names the pictures it shows."""

    def __init__(self, mail: MailPart) -> None:
        self.guessed = False
        self.cut = False
        #: Other alterations of the text.
        self.altered: list[Alteration] = []
        #: The files that stand within the HTML.
        self.data_files = DataFiles()
        #: The texts that may be wrong, or are not read to their end, as they were sent.
        self.as_sent: list[MailAttachment] = []
        #: The parts, by `id`, that are in the text or stand for it in another form, though they seem files.
        self.used_parts: set[int] = set()
        self._html: list[str] = []
        #: The names of pictures by their Content-ID.
        self._pictures = {
            _content_id(part): _file_name(part).text or _NAMES.get(part.media_type, "")
            for part in _leaves(mail)
            if part.media_type.startswith("image/")
        }

    def text_of(self, part: MailPart) -> str:
        """Return the text of the part; empty if it is a file."""
        if not part.inner_parts:
            return _link_to_content(part) if _is_file(part) else self._leaf_text(part)
        if part.media_type == "multipart/alternative":
            inner_texts = [self._best(part)]
        else:
            inner_texts = [self.text_of(each) for each in part.inner_parts]
        # Gateways and lists add texts to signed mails, too; signatures and reports for programs are files.
        texts = (text.strip("\n") for text in (part.text_before(), *inner_texts, part.text_after()))
        return "\n\n".join(text for text in texts if text.strip())

    def text_of_named_parts(self, part: MailPart) -> str:
        """Return the text of a mail whose texts all have names of files and are not attached as such; they
        stay files, too.
        """
        if part.inner_parts:
            texts = (self.text_of_named_parts(each).strip("\n") for each in part.inner_parts)
            return "\n\n".join(text for text in texts if text.strip())
        is_text = part.media_type.startswith("text/") and part.media_type not in _OF_PROGRAMS
        return self._leaf_text(part) if is_text and _disposition(part) != "attachment" else ""

    def with_invitation(self, mail: MailPart, text: str) -> str:
        """Return the text with additional content of the mail's calendar files."""
        squeezed = "".join(text.split())
        for part in _leaves(mail):
            if part.media_type in CALENDARS:
                words = calendar_words(decode_text(part.decoded().content, part.parameter("charset"))[0])
                new = [each for each in words if "".join(each.split()) not in squeezed]
                text = "\n\n".join(filter(None, (text, *new)))
        return text

    def _best(self, part: MailPart) -> str:
        texts = [(self.text_of(each), _is_plain(each)) for each in part.inner_parts]
        # Some mailers send an empty plain text next to the HTML.
        filled = [(text, plain) for text, plain in texts if text.strip()]
        further_forms = [each for each in part.inner_parts if _is_other_form(each)]
        readable = [each for each in further_forms if each.media_type in _READABLE]
        if not filled and readable:
            self.used_parts.add(id(readable[-1]))
            return self._leaf_text(readable[-1])
        # RFC 2046, 5.1.4: the last alternative is the one that the sender prefers.
        first, *rest = sorted(filled, key=lambda form: not form[1]) if filled else [("", True)]
        text = first[0]
        for other, _ in rest:
            text = joined_forms(text, other)
        if filled:
            self.used_parts |= {id(each) for each in further_forms if not self._says_more(each, text)}
        return text

    def _says_more(self, part: MailPart, text: str) -> bool:
        """Return whether a further form of HTML, such as AMP, has more content than the text."""
        if not part.media_type.endswith("html"):
            return False
        html = decode_text(part.decoded().content, part.parameter("charset"))[0]
        return joined_forms(text, html_to_text(html[:LONGEST_READ])) != text

    def _leaf_text(self, part: MailPart) -> str:
        (raw, is_damaged), is_html = part.decoded(), part.media_type == "text/html"
        if is_damaged:
            self.altered.append(Alteration.left_out)
            self.as_sent.append(
                MailAttachment(f"{AS_SENT}.base64.txt", "text/plain", part.as_sent(), inline=False)
            )
        declared = part.parameter("charset")
        if is_html and not is_readable_charset(declared, raw):
            declared = charset_of_html(raw) or declared
        text, guessed = decode_text(raw, declared)
        self.guessed |= guessed
        is_sure = is_readable_charset(declared, raw) and is_utf8(raw) and not fits_declared(declared, raw)
        is_unknown = guessed and not is_sure
        if is_html:
            html = without_data(text, self.data_files)
            if is_unknown or len(html) > LONGEST_READ:
                self.cut |= len(html) > LONGEST_READ
                self.as_sent.append(MailAttachment(f"{AS_SENT}.html", "text/html", raw, inline=False))
            self._html.append(html)
            return html_to_text(html[:LONGEST_READ], with_answers=True, pictures=self._pictures)
        if is_unknown:
            self.as_sent.append(MailAttachment(f"{AS_SENT}.txt", "text/plain", raw, inline=False))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if part.media_type in _ENRICHED:
            return _unenriched(text)
        if (part.parameter("format") or "").lower() == "flowed":
            return _unflowed(text, joined=(part.parameter("delsp") or "").lower() == "yes")
        return text

    def attachment(self, part: MailPart, n: int) -> MailAttachment:
        """Return the file in the part, the n-th of its mail."""
        content_id = _content_id(part)
        # Some mailers give every file an id: only one that the HTML names is shown.
        is_referenced = any(f"cid:{content_id}" in html for html in self._html) if content_id else False
        inline = part.media_type.startswith("image/") and (is_referenced or _disposition(part) == "inline")
        name, altered = _file_name(part)
        name = name or _NAMES.get(part.media_type) or f"part-{n}{_ending(part.media_type)}"
        content, is_damaged = part.decoded()
        if is_damaged:
            self.as_sent.append(
                MailAttachment(
                    _fit_name(f"{name}.{AS_SENT}.txt").text, "text/plain", part.as_sent(), inline=False
                )
            )
        return MailAttachment(name, part.media_type, content, inline, altered, is_damaged)


def _ending(media_type: str) -> str:
    """Return how the name of a file of this type ends; empty if the type is not known."""
    return "" if media_type == "application/octet-stream" else _ENDINGS.guess_extension(media_type) or ""


def _link_to_content(part: MailPart) -> str:
    """Return the name and the address of a file that is stored elsewhere (RFC 2046, 5.2.3; Thunderbird);
    empty: its content is here.
    """
    address = part.parameter("url", "X-Mozilla-Cloud-Part")
    if part.media_type == "message/external-body":
        address = part.parameter("url")
    name = _file_name(part).text or (part.parameter("name", "X-Mozilla-Cloud-Part") or "")
    line = fit_line(address or "", LONGEST_READ).text
    return f"[{name}] <{line}>" if name and line else line and f"<{line}>"


def _content_id(part: MailPart) -> str:
    return part.header("Content-ID").strip("<> \t")


def _leaves(part: MailPart) -> Iterator[MailPart]:
    for each in part.inner_parts:
        yield from _leaves(each)
    if not part.inner_parts:
        yield part


def _disposition(part: MailPart) -> str:
    return part.header("Content-Disposition").partition(";")[0].strip().lower()


def _is_plain(part: MailPart) -> bool:
    return all(each.media_type != "text/html" for each in part.walk())


def _is_file(part: MailPart) -> bool:
    if part.media_type not in _SHOWN and not part.media_type.startswith("multipart/"):
        return True
    return _disposition(part) == "attachment" or bool(_sent_name(part).strip())


def _is_other_form(part: MailPart) -> bool:
    """Return whether an alternative is a text without a name, with the same content in another form."""
    is_form = part.media_type in _READABLE | {"text/rtf"} or part.media_type.endswith(("html", "+json"))
    return is_form and part.media_type not in _SHOWN and not _sent_name(part).strip()


def _unenriched(text: str) -> str:
    """Return text/enriched without its commands (RFC 1896): single line breaks are spaces, `<<` is `<`."""
    unwrapped = re.sub(r"\n(\n*)", lambda match: match[1] or " ", text)
    return re.sub(
        r"<param>[^<]*+</param>|<(/?[a-z0-9-]{0,60}>|<)", _without_command, unwrapped, flags=re.IGNORECASE
    )


def _without_command(match: re.Match[str]) -> str:
    return "<" if match[1] == "<" else ""


def _files(part: MailPart) -> Iterator[MailPart]:
    """Yield the parts that are files, without signatures."""
    for each in part.inner_parts:
        if each.inner_parts:
            yield from _files(each)
        elif each.media_type in _SIGNATURES and part.media_type == "multipart/signed":
            continue
        elif _is_file(each):
            yield each
    if not part.inner_parts and _is_file(part):
        yield part


def _sent_name(part: MailPart) -> str:
    return part.parameter("filename", "Content-Disposition") or part.parameter("name") or ""


def _file_name(part: MailPart) -> FitText:
    """Return the name of the part's file as one line; empty if none of it can be seen. The folders of a whole
    path are left out; other slashes become underscores.
    """
    sent = decode_words(_sent_name(part)).strip()
    name = (re.split(r"[/\\]", sent)[-1] if _WHOLE_PATH.match(sent) else sent).strip()
    fit = _fit_name(re.sub(r"[/\\]", "_", name))
    return fit._replace(altered=(Alteration.escaped, *fit.altered)) if re.search(r"[/\\]", name) else fit


def _fit_name(name: str) -> FitText:
    if not name.strip("."):
        return FitText("", (Alteration.left_out,) if name else ())
    stem, dot, ending = name.rpartition(".")
    if len(name) > LONGEST_LINE and dot and 0 < len(ending) <= 10:
        fit_stem, fit_ending = fit_line(stem, LONGEST_LINE - len(ending) - 1), fit_line(ending)
        return FitText(fit_stem.text + dot + fit_ending.text, (*fit_stem.altered, *fit_ending.altered))
    return fit_line(name)


def _unflowed(text: str, *, joined: bool) -> str:
    """Return text of format=flowed with its soft line breaks removed (RFC 3676, 4)."""
    pieces: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        plain = line.lstrip(">")
        depth = len(line) - len(plain)
        plain = plain.removeprefix(" ")
        if open_depth == depth and plain != "-- ":
            pieces.append(plain)
        else:
            pieces.append(("\n" if pieces else "") + (">" * depth + " " if depth else "") + plain)
        is_open = plain.endswith(" ") and plain != "-- "
        if is_open and joined:
            pieces[-1] = pieces[-1][:-1]
        open_depth = depth if is_open else None
    return "".join(pieces)
