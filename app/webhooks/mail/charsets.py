"""Bytes of mails as text, also where the declared character set is unknown or wrong (pure)."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence

from app.webhooks.mail.escapes import decode_escapes, decode_hz, has_escapes
from app.webhooks.mail.guessed_charsets import guess_charset

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
# Python has them as text encodings, but they are never used in mails.
_NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "palmos", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"}
)
_NAME = re.compile(r"[A-Za-z0-9_.:+()-]{1,40}")
_ONE_BYTE = re.compile(r"iso8859|cp12|cp8|koi8|mac")
_HALF = re.compile("[\ud800-\udfff]")
_SEVERAL_BYTES = re.compile(r"gb|big5|cp932|cp949|euc|shift|johab")
_WIDE = re.compile(r"utf[-_](?:16|32)")
#: Texts of which each character has two bytes and more are hardly ever words of ASCII as well.
_SHORTEST_WIDE = 16
#: So many characters beyond ASCII are hardly ever valid UTF-8 by chance.
_SEVERAL = 4
#: Characters to which Windows' codec turns bytes that Shift JIS does not have.
_NOT_IN_SHIFT_JIS = re.compile("[\uf8f0-\uf8f3]")
#: Characters from here on have three bytes and more in UTF-8, which sets of two bytes hardly resemble.
_LONGER = "\u0800"
_PUNCTUATION = frozenset(map(chr, range(0xA0, 0xC0)))
_ALPHABETS = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "HEBREW", "ARABIC"})
_IN_A_WORD = re.compile(r"(?<=[A-Za-z])[\xc0-\u024f]|[\xc0-\u024f](?=[A-Za-z])")


def decode_text(raw: bytes, declared: str | None) -> tuple[str, bool]:
    """Return the text, and whether its character set had to be guessed: the declared one is unknown or does
    not fit. Bytes that fit no set become U+FFFD. None declares nothing; ASCII and UTF-8 are no guess then.
    """
    text, guessed = _decoded(raw, declared)
    # Some codecs (UTF-7, UTF-16) let half of a pair pass, which no database stores.
    storable = _HALF.sub("\ufffd", text)
    return storable.removeprefix("\ufeff"), guessed or storable != text


def _decoded(raw: bytes, declared: str | None) -> tuple[str, bool]:
    codec = _codec(declared) if declared else "utf-8"
    if has_escapes(raw):
        # All of it is ASCII, so that any other set would seem to fit.
        return decode_escapes(raw), codec is None or not codec.startswith("iso2022")
    if codec in ("utf-8", None) and (text := decode_hz(raw)) is not None:
        return text, True
    if not raw.isascii() and declared is not None and _is_ascii(declared):
        codec = None
    # Text in a set of one byte per character is hardly ever valid UTF-8 by chance.
    is_one_byte = codec is None or codec == "cp1252" or _ONE_BYTE.match(codec)
    first = ["utf-8"] if is_one_byte or _is_utf8_instead(raw, codec or "") else []
    for tried in (*first, *([codec] if codec else []), "utf-8"):
        try:
            text = raw.decode(tried)
        except UnicodeError:
            continue
        if tried == "cp932" and _NOT_IN_SHIFT_JIS.search(text):
            return _NOT_IN_SHIFT_JIS.sub("\ufffd", text), True
        is_utf8_in_wide = tried != codec and codec is not None and _WIDE.match(codec) is not None
        return text, tried != codec and (is_utf8_in_wide or not raw.isascii())
    if codec is not None:
        # Few wrong bytes in the declared set, as where a text was cut off, are likelier than another set.
        text = raw.decode(codec, "replace")
        if sum(char > "\x7f" for char in text) > 2 * text.count("\ufffd"):
            return text, True
    return raw.decode(guess_charset(raw) or "cp1252", "replace"), True


def _is_utf8_instead(raw: bytes, codec: str) -> bool:
    """Return whether the bytes are UTF-8 although a set of several bytes is declared, in which they would
    be other characters.
    """
    if not is_utf8(raw):
        return False
    text = raw.decode()
    if _WIDE.match(codec):
        return len(raw) >= _SHORTEST_WIDE and b"\0" not in raw and (b" " in raw or b"\n" in raw)
    if not _SEVERAL_BYTES.match(codec):
        return False
    beyond, in_words = [char for char in text if char > "\x7f"], len(_IN_A_WORD.findall(text))
    if 0 < len(beyond) == in_words:
        return True
    return len(beyond) >= _SEVERAL and (max(beyond) >= _LONGER or _is_of_one_alphabet(beyond, in_words))


def _is_of_one_alphabet(beyond: Sequence[str], in_words: int) -> bool:
    """Return whether the characters beyond ASCII are words of one alphabet. Pairs of bytes of Chinese text
    are also valid UTF-8, of letters of several alphabets or of none.
    """
    letters = [char for char in beyond if char not in _PUNCTUATION]
    alphabets = {unicodedata.name(char, "").partition(" ")[0] for char in letters}
    if not alphabets < _ALPHABETS or len(alphabets) != 1 or not all(char.isalpha() for char in letters):
        return False
    return alphabets != {"LATIN"} or 2 * in_words >= len(letters)


def fits_declared(declared: str | None, raw: bytes) -> bool:
    """Return whether the bytes are text in the declared set of several bytes per character."""
    codec = _codec(declared) if declared else None
    if codec is None or not (_SEVERAL_BYTES.match(codec) or _WIDE.match(codec)):
        return False
    try:
        raw.decode(codec)
    except UnicodeError:
        return False
    return True


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
    return raw.isascii() or not _is_ascii(declared)


def _is_ascii(declared: str) -> bool:
    return declared.strip().strip("\"'").lower() in ("ascii", "us-ascii")


def is_utf8(raw: bytes) -> bool:
    """Return whether the bytes are valid UTF-8, which hardly any text in another set is by chance."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def charset_of_html(raw: bytes) -> str | None:
    """Return the character set that the HTML itself declares; None if it is none that is known."""
    declared = _META.search(raw[:_META_WITHIN])
    name = None if declared is None else declared[1].decode("ascii")
    return name if name is not None and _codec(name) is not None else None
