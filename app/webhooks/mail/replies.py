"""The text of a reply without what it quotes. Pure."""

from __future__ import annotations

import re

#: A program breaks the line that introduces a quotation into at most so many, of together so many characters.
_INTRODUCTION_LINES = 3
_LONGEST_INTRODUCTION = 500
#: A line `--` without its space is a rule, and no signature, if more lines follow it.
_LONGEST_SIGNATURE = 12

_QUOTED = re.compile(r"\s*>")
_INTRODUCTION_BEGIN = re.compile(
    r"\s*(?:On|Am)\b|\s*[在于]|[^<>@]{1,100}<[^<>@\s]+@[^<>@\s]+>", re.IGNORECASE
)
# "Lin <lin@example.org> schrieb am 23. November 2026 um 10:00:" has its date at the end.
_INTRODUCTION_END = re.compile(r"(?:\bwrote|\bschrieb(?:\s.{1,200})?|写道|寫道)\s*[:：]\s*\Z", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s*[-_=]{2,}\s*(?:Original (?:Message|Appointment)|Ursprüngliche Nachricht|Original-?Nachricht"
    r"|原始邮件|原邮件|原始郵件|Original)\s*[-_=]{2,}\s*",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*(?:-{2,}\s*(?:Forwarded message|Weitergeleitete Nachricht|转发的?邮件|轉寄郵件).{0,20}"
    r"|(?:Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail))\s*:)\s*",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*[-_]{3,}\s*")
_FROM = re.compile(r"\s*\*?(?:From|Von|De|发件人|寄件者|發件人)\s*[:：]\*?\s*\S", re.IGNORECASE)
_OTHER_FIELDS = re.compile(
    r"\s*\*?(Sent|Date|Gesendet|Envoyé|Datum|发送时间|发件日期|日期|时间|寄件日期|To|An|收件人|收件者"
    r"|À|Subject|Betreff|Objet|主题|主旨|Cc|抄送)\s*[:：]",
    re.IGNORECASE,
)


def reply_text(text: str) -> tuple[str, str]:
    """Return what is written in a reply, and the history and signature cut from it. A mail that would be left
    without a word, and a forwarded one, is not cut; quotations between answers stay with them.
    """
    lines = text.split("\n")
    end, forwarded = _history(lines)
    if forwarded:
        return text.strip(), ""
    begin, end = _without_quotation(lines, end)
    end = _signature(lines, begin, end)
    own = "\n".join(lines[begin:end]).strip()
    if not own:
        return text.strip(), ""
    return own, "\n".join([*lines[:begin], *lines[end:]]).strip()


def _history(lines: list[str]) -> tuple[int, bool]:
    """Return the line at which a history begins that is not marked line by line, and whether that is a mail
    that was forwarded.
    """
    for n, line in enumerate(lines):
        if _FORWARDED.fullmatch(line):
            return len(lines), True
        introduced = _introduction(lines, n)
        if introduced and not _is_quotation(lines, n + introduced):
            return n, False
        if _SEPARATOR.fullmatch(line) or _is_header_block(lines, n):
            return n, False
    return len(lines), False


def _introduction(lines: list[str], n: int) -> int:
    """Return how many lines introduce a quotation from the n-th on; 0: none."""
    if _QUOTED.match(lines[n]):
        return 0
    # One that is broken into several lines is known by its beginning, too.
    is_beginning = _INTRODUCTION_BEGIN.match(lines[n]) is not None
    for count in range(1, _INTRODUCTION_LINES + 1 if is_beginning else 2):
        if count > 1 and _INTRODUCTION_BEGIN.match("".join(lines[n + count - 1 : n + count])):
            return 0
        joined = " ".join(line.strip() for line in lines[n : n + count])
        if len(joined) > _LONGEST_INTRODUCTION:
            return 0
        # A person who introduces something seldom says when; a program always does.
        if _INTRODUCTION_END.search(joined) and any(char.isdigit() or char == "@" for char in joined):
            return count
    return 0


def _is_quotation(lines: list[str], n: int) -> bool:
    following = next((line for line in lines[n : n + 3] if line.strip()), "")
    return _QUOTED.match(following) is not None


def _is_header_block(lines: list[str], n: int) -> bool:
    if not _FROM.match(lines[n]):
        return False
    fields = {match[1].lower() for line in lines[n + 1 : n + 7] if (match := _OTHER_FIELDS.match(line))}
    return len(fields) >= 2


def _without_quotation(lines: list[str], end: int) -> tuple[int, int]:
    """Return the first and the last line, excluded, without quotations at the end and at the beginning. If
    there are further ones between, the mail answers point by point, and the first one stays.
    """
    end = _before_quotation(lines, end)
    begin = next((n for n in range(end) if lines[n].strip()), end)
    begin += _introduction(lines, begin) if begin < end else 0
    after = next((n for n in range(begin, end) if lines[n].strip() and not _QUOTED.match(lines[n])), end)
    is_quoted = any(_QUOTED.match(line) for line in lines[begin:after])
    if is_quoted and not any(_QUOTED.match(line) for line in lines[after:end]):
        return after, end
    return 0, end


def _before_quotation(lines: list[str], end: int) -> int:
    cut = end
    while cut and (
        not lines[cut - 1].strip() or _QUOTED.match(lines[cut - 1]) or _RULE.fullmatch(lines[cut - 1])
    ):
        cut -= 1
    if any(_QUOTED.match(line) for line in lines[cut:end]):
        for count in range(min(_INTRODUCTION_LINES, cut), 0, -1):
            if _introduction(lines, cut - count) == count:
                return cut - count
    return cut


def _signature(lines: list[str], begin: int, end: int) -> int:
    """Return the line at which the signature begins; `end` if there is none."""
    for n in range(begin, end):
        if lines[n] == "-- " or (lines[n] == "--" and end - n <= _LONGEST_SIGNATURE):
            return n
    return end
