"""Bytes of mails as text, also where the declared character set is unknown or wrong (pure)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from app.webhooks.mail.escapes import decode_escapes, decode_hz, has_escapes

# Senders mean the larger set: Windows and web mailers declare the standard's name and use all of it, and
# Encoding (WHATWG) reads them like that, too.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso2022_jp": "iso2022_jp_2",
}
#: Names that mailers use and Python does not know.
_ALIASES = {
    "x-gbk": "gbk",
    "cn-gb": "gb2312",
    "x-sjis": "shift_jis",
    "utf8mb4": "utf-8",
    "gb_2312-80": "gb2312",
    "iso-2022-jp-ms": "iso2022_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "cp50222": "iso2022_jp",
    "hz-gb-2312": "hz",
}
#: Numbers of Windows' code pages that Python knows by other names.
_CODE_PAGES = {
    "1200": "utf-16-le",
    "1201": "utf-16-be",
    "10000": "mac_roman",
    "10006": "mac_greek",
    "10007": "mac_cyrillic",
    "10029": "mac_latin2",
    "10081": "mac_turkish",
    "20866": "koi8_r",
    "20932": "euc_jp",
    "21866": "koi8_u",
    "50220": "iso2022_jp",
    "50225": "iso2022_kr",
    "51932": "euc_jp",
    "51936": "gb18030",
    "51949": "cp949",
    "52936": "hz",
    "54936": "gb18030",
    "65000": "utf-7",
    "65001": "utf-8",
} | {str(28590 + n): f"iso8859-{n}" for n in range(1, 17)}
_CODE_PAGE = re.compile(r"(?:cp|dos|ibm|ms|win|windows)[-_]?(\d{3,5})")
_MAC = re.compile(r"mac[-_]?([a-z0-9]+)")
_ALIASES |= {"mac-ce": "mac_latin2", "mac-centraleurroman": "mac_latin2", "koi8": "koi8_r"}
_ALIASES |= {"unicode-1-1-utf-8": "utf-8", "unicode-1-1-utf-7": "utf-7"}
# Where a page names its character set (HTML, 13.2.3.2): in its first bytes.
_META = re.compile(rb"<meta\b[^<>]{0,200}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
_META_WITHIN = 4096
# Python knows them as encodings of text, and nobody writes mails in them.
_NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "palmos", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
)
_NAME = re.compile(r"[A-Za-z0-9_.:+()-]{1,40}")
_ONE_BYTE = re.compile(r"iso8859|cp12|cp8|koi8|mac")
_HIGH = re.compile(rb"[\x80-\xff]+")
# The first byte of punctuation and of the 3,755 most frequent characters in GB 2312.
_FREQUENT_IN_CHINESE = range(0xA1, 0xD8)
#: The part of a text that a guess looks at, in bytes.
_LOOKED_AT = 10_000


def decode_text(raw: bytes, declared: str | None) -> tuple[str, bool]:
    """Return the text, and whether its character set had to be guessed: the declared one is unknown or does
    not fit. Bytes that fit no set become U+FFFD. None declares nothing; ASCII and UTF-8 are no guess then.
    """
    codec = _codec(declared) if declared else "utf-8"
    if has_escapes(raw):
        # All of it is ASCII, so that any other set would seem to fit.
        return _without_mark(decode_escapes(raw)), codec is None or not codec.startswith("iso2022")
    if codec in ("utf-8", None) and (text := decode_hz(raw)) is not None:
        return text, True
    # Text in a set of one byte per character is hardly ever valid UTF-8 by chance.
    first = ["utf-8"] if codec is None or codec == "cp1252" or _ONE_BYTE.match(codec) else []
    for tried in (*first, *([codec] if codec else []), "utf-8"):
        try:
            text = raw.decode(tried)
        except UnicodeError:
            continue
        return _without_mark(text), tried != codec and not raw.isascii()
    if codec is not None:
        # Few wrong bytes in the declared set, as where a text was cut off, are likelier than another set.
        text = raw.decode(codec, "replace")
        if sum(char > "\x7f" for char in text) > 2 * text.count("\ufffd"):
            return _without_mark(text), True
    guess = "gb18030" if _looks_chinese(raw[:_LOOKED_AT]) else "cp1252"
    return _without_mark(raw.decode(guess, "replace")), True


def _without_mark(text: str) -> str:
    # Some codecs (UTF-7, UTF-16) let half of a pair pass, which no database stores.
    storable = text.encode("utf-8", "replace").decode("utf-8") if _has_surrogates(text) else text
    return storable.removeprefix("\ufeff")


def _has_surrogates(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _codec(charset: str) -> str | None:
    """Return the name of Python's codec for the character set as declared; None if it is unknown."""
    name = charset.strip().strip("\"'").lower()
    if not _NAME.fullmatch(name):
        return None
    codec = next((codec for each in _python_names(name) if (codec := _looked_up(each)) is not None), None)
    if codec is None:
        return None
    if codec.name.replace("-", "_") in _NO_CHARSETS or not codec._is_text_encoding:
        return None
    return _MEANT.get(codec.name, codec.name)


def _python_names(name: str) -> Iterator[str]:
    """Yield names by which Python may know the set: `x-` marks private ones, `-i` and `-e` the direction of
    Hebrew and Arabic, and Windows and Macintosh have sets of their own.
    """
    yield _ALIASES.get(name, name)
    public = re.sub(r"^(?:x-)+", "", name)
    yield _ALIASES.get(public, public)
    yield re.sub(r"-[ie]$", "", public)
    if (page := _CODE_PAGE.fullmatch(public)) is not None:
        yield _CODE_PAGES.get(page[1], f"cp{page[1]}")
    if (mac := _MAC.fullmatch(public)) is not None:
        yield f"mac_{mac[1]}"


def _looked_up(name: str) -> codecs.CodecInfo | None:
    try:
        return codecs.lookup(name)
    except (LookupError, ValueError):
        return None


def is_readable_charset(declared: str | None, raw: bytes) -> bool:
    """Return whether the character set is declared and known, and could be that of the bytes: ASCII has none
    above 127.
    """
    if declared is None or _codec(declared) is None:
        return False
    return raw.isascii() or declared.strip().lower() not in ("ascii", "us-ascii")


def charset_of_html(raw: bytes) -> str | None:
    """Return the character set that the HTML itself declares; None if it is none that is known."""
    declared = _META.search(raw[:_META_WITHIN])
    name = None if declared is None else declared[1].decode("ascii")
    return name if name is not None and _codec(name) is not None else None


def _looks_chinese(raw: bytes) -> bool:
    """Return whether the bytes above ASCII come in pairs, as in GB 18030, mostly of frequent characters."""
    runs = _HIGH.findall(raw)
    if any(len(run) % 2 for run in runs):
        return False
    pairs = [run[place] for run in runs for place in range(0, len(run), 2)]
    frequent = sum(first in _FREQUENT_IN_CHINESE for first in pairs)
    return bool(pairs) and frequent * 2 > len(pairs)
