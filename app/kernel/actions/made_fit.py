"""Fit texts from outside (tools, mails, imported files, SCIM) to record fields (pure functions).

A text from outside is never refused for its characters or its length: it is changed as little as the field
demands, and each change has a code. Users' own requests are validated instead (`payloads.py`).
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from typing import NamedTuple

from app.common.personal import PREFIX
from app.common.records import CodeEnum
from app.kernel.actions.payloads import LONGEST_LINE, LONGEST_PARAGRAPH, holds_visible

_CUT_MARK = "…"
#: Stands before a text that would be taken for a ciphertext, so that readers see that it was changed.
ESCAPE = "\\"
_DIGEST_LENGTH = 16

# Characters that no line may contain, as in `_NOT_IN_A_LINE` of the payloads, and halves of characters.
_NOT_IN_A_LINE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
    r"[ \x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]*"
)
# Colours and cursor movements of terminals, which command line tools write into their messages.
_TERMINAL_CODE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_OTHER_LINE_ENDS = re.compile(r"\r\n?")
_PAGE_ENDS = re.compile(r"[\x0b\x0c]")
_NOT_IN_A_PARAGRAPH = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


class Alteration(CodeEnum):
    """A change of a text or a field that came from outside."""

    one_line = "one_line", "Line breaks replaced", "换行已替换"
    characters_removed = "characters_removed", "Control characters removed", "控制字符已移除"
    cut = "cut", "Cut to the allowed length", "已按长度截断"
    escaped = "escaped", "Escaped", "已转义"
    left_out = "left_out", "Left out", "已省略"
    guessed = "guessed", "Character set guessed", "字符集为推测"
    unreadable = "unreadable", "Could not be read", "无法识别"
    repaired = "repaired", "JSON repaired", "JSON 已修复"
    clock_differs = "clock_differs", "Converted from a clock that differs", "时钟有偏差，时间已换算"
    doubled_key = "doubled_key", "A key came twice; the last one counts", "键重复，以最后一个为准"


class FitText(NamedTuple):
    """A text that the field can hold, and how it differs from the text that came. An empty `text` had nothing
    that can be seen.
    """

    text: str
    altered: tuple[Alteration, ...] = ()


def fit_line(text: str, longest: int = LONGEST_LINE) -> FitText:
    """Return the text as one line: each run of line breaks, tabs and control characters becomes a space."""
    stripped = text.strip()
    plain = _TERMINAL_CODE.sub("", stripped)
    line = " ".join(part.rstrip(" ") for part in _NOT_IN_A_LINE.split(plain)).strip()
    altered = [] if line == stripped else [Alteration.one_line]
    return _fit(line, longest, altered)


def fit_paragraph(text: str, longest: int = LONGEST_PARAGRAPH) -> FitText:
    """Return the text without control characters. Line breaks, tabs, direction marks and joiners stay."""
    stripped = _OTHER_LINE_ENDS.sub("\n", text).strip()
    plain = _PAGE_ENDS.sub("\n", _TERMINAL_CODE.sub("", stripped))
    paragraph = _NOT_IN_A_PARAGRAPH.sub("", plain).strip()
    altered = [] if paragraph == stripped else [Alteration.characters_removed]
    return _fit(paragraph, longest, altered)


def fit_name(text: str, longest: int = LONGEST_LINE) -> str:
    """Return a name by which a program knows something, as a key of alerts: one line. A name that had to be
    changed ends with a digest of all of it, so that different names stay different.
    """
    fit = fit_line(text, longest)
    if not fit.altered and fit.text:
        return fit.text
    digest = sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    begin = cut_text(fit.text, longest - _DIGEST_LENGTH - 1)
    return f"{begin}#{digest}" if begin else digest


def cut_text(text: str, longest: int) -> str:
    """Return at most so many characters of the text, ending with `…` where some are missing. A unit that is
    drawn as one character (a letter with its marks, an emoji of several parts, a flag) is not cut in two.
    """
    if len(text) <= longest:
        return text
    end = longest - len(_CUT_MARK)
    while end and _continues(text, end):
        end -= 1
    return text[: end or longest - len(_CUT_MARK)].rstrip() + _CUT_MARK


def _fit(text: str, longest: int, altered: list[Alteration]) -> FitText:
    if text.startswith(PREFIX):
        text = ESCAPE + text
        altered = [*altered, Alteration.escaped]
    if not holds_visible(text):
        return FitText("", (Alteration.left_out,) if text else ())
    if len(text) > longest:
        text = cut_text(text, longest)
        altered = [*altered, Alteration.cut]
    return FitText(text, tuple(altered))


def _continues(text: str, place: int) -> bool:
    """Return whether the character at the place is drawn together with the one before it."""
    here, before = text[place], text[place - 1]
    if here in _JOINERS or before == "\u200d" or unicodedata.category(here).startswith("M"):
        return True
    if ord(here) in _SKIN_TONES:
        return True
    if ord(here) not in _FLAG_LETTERS:
        return False
    begin = place
    while begin and ord(text[begin - 1]) in _FLAG_LETTERS:
        begin -= 1
    return (place - begin) % 2 == 1
