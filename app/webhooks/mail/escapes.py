"""Text in seven bits whose character sets are switched by escapes: ISO-2022 (Japanese, Korean, Chinese), and
HZ.

Senders use more than the standards allow (the characters of NEC and IBM, katakana of half width) and often
declare nothing, so the bytes alone decide. Pure.
"""

from __future__ import annotations

import re

_ESC = b"\x1b"
#: Beginning of a text in these encodings: programs that colour terminals never send these.
_SWITCH = re.compile(rb"\x1b(?:\$[@AB]|\$\([@A-DOPQ]|\$\)[ACEG]|\(I)")
_TOKEN = re.compile(rb"\x1b\$[@AB]|\x1b\$[()][@A-GOPQ]|\x1b[(][A-Z@]|\x0e|\x0f|[^\x1b\x0e\x0f]+|\x1b")
_HZ = re.compile(rb"~\{((?:[\x21-\x7d][\x21-\x7e]){1,500})~\}")
_PAIR = 2
_HIGH = 0x80


def has_escapes(raw: bytes) -> bool:
    """Return whether the bytes switch to a character set of ISO-2022."""
    return _SWITCH.search(raw) is not None


def decode_escapes(raw: bytes) -> str:
    """Return the text of bytes that switch their character sets. Bytes outside all of them become U+FFFD."""
    texts: list[str] = []
    set_0, set_1, shifted = "ascii", "ascii", False
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token == b"\x0e":
            shifted = True
        elif token == b"\x0f":
            shifted = False
        elif token.startswith(_ESC):
            name = _SETS.get(token[1:])
            if name is None:
                texts.append(token.decode("latin-1") if len(token) == 1 else "")
            elif token[1:3] == b"$)":
                set_1 = name
            else:
                set_0, shifted = name, False
        else:
            texts.append(
                _decoded(token, set_1 if shifted and set_1 != "ascii" else "kana" if shifted else set_0)
            )
    return "".join(texts)


def decode_hz(raw: bytes) -> str | None:
    """Return the text of bytes in HZ (RFC 1843); None if these are no such text."""
    if not raw.isascii() or _HZ.search(raw) is None:
        return None
    try:
        return raw.decode("hz")
    except UnicodeError:
        return None


_SETS = {
    b"(B": "ascii",
    b"(J": "ascii",
    b"(I": "kana",
    b"$@": "jis",
    b"$B": "jis",
    b"$(@": "jis",
    b"$(B": "jis",
    b"$(D": "jis_more",
    b"$(O": "jis_2000",
    b"$(P": "jis_2000",
    b"$(Q": "jis_2000",
    b"$A": "gb2312",
    b"$(A": "gb2312",
    b"$)A": "gb2312",
    b"$(C": "korean",
    b"$)C": "korean",
    b"(A": "ascii",
    b"(H": "ascii",
}


def _decoded(token: bytes, charset: str) -> str:
    if charset == "ascii":
        return token.decode("ascii", "replace")
    # Line breaks stand in one byte in each set, though the standard wants ASCII by then.
    return "".join(
        piece.decode("ascii", "replace") if piece[0] <= 0x20 else _characters(piece, charset)
        for piece in re.findall(rb"[\x00-\x20]+|[^\x00-\x20]+", token)
    )


def _characters(piece: bytes, charset: str) -> str:
    if charset == "kana":
        return bytes(byte | _HIGH for byte in piece).decode("cp932", "replace")
    pairs = [piece[n : n + _PAIR] for n in range(0, len(piece), _PAIR)]
    return "".join(_character(pair, charset) for pair in pairs)


def _character(pair: bytes, charset: str) -> str:
    if len(pair) < _PAIR:
        return "\ufffd"
    high = bytes(byte | _HIGH for byte in pair)
    raw, codec = {
        "jis": (_shift_jis(pair[0], pair[1]), "cp932"),
        "jis_more": (b"\x8f" + high, "euc_jp"),
        "jis_2000": (high, "euc_jis_2004"),
        "gb2312": (high, "gb18030"),
        "korean": (high, "cp949"),
    }[charset]
    try:
        return raw.decode(codec)
    except UnicodeError:
        return "\ufffd"


def _shift_jis(row: int, cell: int) -> bytes:
    """Return the pair of JIS X 0208 as in Shift_JIS, which has the rows of NEC and IBM, too."""
    first = (row - 0x21) // 2 + (0x81 if row < 0x5F else 0xC1)
    odd = cell + (0x1F if cell < 0x60 else 0x20)
    second = odd if row % 2 else cell + 0x7E
    return bytes((first & 0xFF, second & 0xFF))
