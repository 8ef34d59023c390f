"""Numbers that records and documents have in other systems. Pure.

Nothing outside can be asked whether such a number exists, but its form tells it from a remark: other tools
number with digits alone, with letters in front of digits, or by the address of a page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set

#: Digits alone are a number from this many on; fewer are a count.
LEAST_DIGITS = 3
#: A number may stand among a few words, such as the name of its tool; three Chinese characters are a word.
_MOST_WORDS = 3
_CHARACTERS_OF_A_WORD = 3

#: Names of tools that have a digit and yet number nothing, in small letters and digits only.
_TOOLS_WITH_DIGITS = frozenset(
    {"office365", "microsoft365", "o365", "m365", "dynamics365", "d365", "saps4hana", "s4hana", "sapr3"}
    | {"neo4j", "k8s", "windows11"}
)
#: Words that count or date something, with a digit: `step 1`, `part-2`.
_COUNTING = frozenset(
    {"step", "page", "part", "phase", "section", "chapter", "week", "day", "item", "version"}
    | {"tomorrow", "today", "yesterday", "monday", "friday", "at", "in", "see", "mail", "email", "draft"}
    | {"attachment", "q", "h", "第", "步骤", "附件", "邮件", "见", "版本", "草稿", "我们的"}
)
#: The address of a page: a host with a dot, and a path.
_ADDRESS = re.compile(r"(?:^|(?<=\s))(?:[a-z][a-z0-9+.-]*://)?(?:[\w-]+\.)+[a-z][\w-]+(?::\d+)?/[^\s/]\S*")
_NUMBER_SIGN = re.compile(r"(?<!\w)(?:no|nr|num)[.: ]+(?=\d{3})")
#: The name of a document with its number, which may be short: `Contract no. 88`.
_NAMED_NUMBER = re.compile(r"(?<!\w)([^\W\d_]{3,}) (?:no|nr|num)[.:] ?\d+(?!\w)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
#: Days and times, which number no document.
_TIMES = re.compile(
    r"(?<!\d)(?:19|20)\d\d年(?:\d{1,2}月)?(?:\d{1,2}[日号])?|(?<!\d)\d{1,2}月(?:\d{1,2}[日号])?"
    r"|(?<![\w-])(?:19|20)\d\d-\d\d-\d\d(?![\w-])|(?<![\w.])\d{1,2}\.\s?\d{1,2}\.(?:\d{2,4})?(?!\w)"
    r"|(?<![\w/])\d{1,2}/\d{1,2}/\d{2,4}(?![\w/])|(?<!\d)\d{1,2}:\d\d(?!\d)"
    rf"|(?<!\w)\d{{1,2}}\.? {_MONTHS}(?: (?:19|20)\d\d)?(?!\w)"
    rf"|(?<!\w){_MONTHS} \d{{1,2}}(?:st|nd|rd|th)?(?:,? (?:19|20)\d\d)?(?!\w)"
    r"|(?<!\w)\d{1,2} ?(?:st|nd|rd|th|am|pm|h|min|x|d)(?!\w)"
)
_TOKEN = re.compile(r"[a-z0-9]+(?:[-_./#]+[a-z0-9]+)*")
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_external_number(text: str, fillers: Set[str]) -> bool:
    """Return whether the text can be the number of a record or document in another system, or the address of
    its page. `fillers` are words that name nothing, in small letters without signs; digits next to them do
    not make them a number.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    if _ADDRESS.search(folded):
        return True
    written = folded
    folded = _TIMES.sub(" ", _NUMBER_SIGN.sub(" ", _SCHEME.sub(" ", folded)))
    name = "".join(character for character in folded if character.isalnum())
    letters = "".join(character for character in name if not character.isdigit())
    if name in _TOOLS_WITH_DIGITS or letters in fillers or letters in _COUNTING:
        return False
    words = re.findall(r"[^\W\d_]+", _TOKEN.sub(_without_number, folded))
    if sum(map(_weight, words)) > _MOST_WORDS:
        return False
    tokens = _TOKEN.findall(folded)
    is_named = any(word not in fillers | _COUNTING for word in _NAMED_NUMBER.findall(written))
    if (
        is_named
        or any(_is_coded(token, fillers) for token in tokens)
        or _is_acronym_with_number(text, fillers)
    ):
        return True
    digits = [re.sub(r"\D", "", token) for token in tokens if not re.search(r"[a-z]", token)]
    numbers = [each for each in digits if not (words and _YEAR.fullmatch(each))]
    if len(numbers) < len(digits):  # the number of a letter has its year in front: 〔2026〕12号
        return bool(numbers)
    return any(len(each) >= LEAST_DIGITS and len(set(each)) > 1 for each in numbers)


def _without_number(token: re.Match[str]) -> str:
    """Return a token without a digit, and a blank for others, which are no words."""
    return " " if any(character.isdigit() for character in token[0]) else token[0]


def _weight(word: str) -> int:
    return 1 if word.isascii() else -(-len(word) // _CHARACTERS_OF_A_WORD)


def _is_coded(token: str, fillers: Set[str]) -> bool:
    """Return whether the token has letters and digits as numbers of tools do: `chg-12`, `4f2a91c`."""
    letters, digits = re.sub(r"[^a-z]", "", token), re.sub(r"\D", "", token)
    if not letters or not digits or token in _TOOLS_WITH_DIGITS or letters in fillers | _COUNTING:
        return False
    return len(digits) >= 2 or re.match(r"[a-z]{2,}\d|[a-z]+[-_./#]+(?:.*[-_./#])?\d", token) is not None


def _is_acronym_with_number(text: str, fillers: Set[str]) -> bool:
    """Return whether the text is an acronym, a blank or a colon, and a number: `SOP 12`."""
    acronym = re.fullmatch(r"([A-Z]{2,6})[ :#]+\d+", unicodedata.normalize("NFKC", text).strip())
    return acronym is not None and acronym[1].casefold() not in fillers | _COUNTING
