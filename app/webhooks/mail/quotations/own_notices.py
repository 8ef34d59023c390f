"""Lines of notices that we sent, in the replies that repeat them (pure).

People write between the lines of a notice and behind them, so each line is looked at for itself. A line is
ours if it stands in the notice that is answered (`sent`), or is a sentence of our notices, wrapped or not,
that names nothing but numbers and the title in the subject. Any line that could hold a person's words is not
ours. Only a notice that is marked line by line, and of which nothing is known, is ours as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache
from string import Formatter

from app.api.requests.raw_bodies import FORM_PAGES
from app.i18n import LANGUAGES, sentences

MARKED = re.compile(r"\s*[>＞]")
MARKS = re.compile(r"^[\s>＞|]*")
#: A notice of ours has hardly more lines, wrapped ones counted.
LONGEST_NOTICE = 400
#: Largest number of lines to which one of our sentences is wrapped, including a quoted text in a notice.
_SENTENCE_LINES = 6
_TOLD_LINES = 80
#: The footers of notices that earlier versions sent, which people still reply to.
_EARLIER_FOOTERS = ("This was sent by itself. What you are told of by mail you choose in your preferences.",)
#: Separators above the footer.
_DASHES = frozenset({"--", "—", "–"})
#: The tables of sentences that make a notice.
_TABLES = ("notice", "notice_ask", "notice_why")
#: Kinds of records whose notices are answered by mail; what else has notices is known by what was sent.
KINDS = ("Incident", "事件", "Request", "服务请求", "Problem", "问题", "Change", "变更", "Release", "发布")
_NUMBER = r"[A-Z]{2,5}-\d{4}-\d{6,}"
_HEADING = re.compile(rf"\S.{{0,60}}?\s{_NUMBER}(?:\s*[:：].*)?")
_OUR_HEADING = re.compile(rf"(?:{'|'.join(KINDS)})\s(?P<number>{_NUMBER})(?:\s*[:：]\s*(?P<topic>.*))?")
_LINK = re.compile(r"<?(?P<url>https?://[^\s<>]+)>?(?:\s*<(?P=url)>)?")
_LINE_BREAK = "\n"
_LONGEST_SENTENCE = 600
#: Placeholders with a fixed form; any other text may be a person's own.
_STRICT = {"number": _NUMBER, "percent": r"\d{1,5}", "days": r"\d{1,5}"}
_WORDS = "([^\n]{1,300}?)"
#: With what sentences begin that is filled in.
_FIRST_WORDS = {f"{{{name}}}": re.compile(_STRICT[name], re.IGNORECASE) for name in ("number", "percent")}


class OurLines:
    """The notice that a mail answers: its lines (`sent`), and its title as last words of the `subject`."""

    def __init__(self, sent: Collection[str] = (), subject: str = "") -> None:
        self._sent = _SentLines({line for each in sent if (line := _squeezed(MARKS.sub("", each)))})
        self._subject = _squeezed(subject)

    @property
    def has_lines(self) -> bool:
        """Whether lines of the notice are known."""
        return bool(self._sent)

    def count(self, squeezed: list[str], n: int, end: int) -> int:
        """Return of how many lines from the n-th on a line or a sentence of ours is made; 0: of none."""
        return self._sent.count_of_lines(squeezed, n, end) or _count_of_sentence(
            squeezed, n, end, self._subject
        )

    def is_title(self, title: str | None) -> bool:
        """Return whether the words are the title in the subject, or none at all."""
        return not title or self._subject.endswith(_squeezed(title))

    def among(self, lines: list[str]) -> set[int]:
        """Return the numbers of the lines that were sent, and of the empty ones."""
        squeezed = [_squeezed(MARKS.sub("", line)) for line in lines]
        ours: set[int] = set()
        n = 0
        while n < len(lines):
            count = self._sent.count_of_lines(squeezed, n, len(lines)) if squeezed[n] else 1
            ours |= set(range(n, n + count))
            n += count or 1
        return ours


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def own_lines(lines: list[str], notice: OurLines) -> Iterator[tuple[int, int, set[int]]]:
    """Yield of each notice of ours in the text where it begins and ends, and the numbers of its lines that
    are ours.
    """
    texts = [MARKS.sub("", line).strip() for line in lines]
    squeezed = [_squeezed(text) for text in texts]
    after = 0
    for n, line in enumerate(texts):
        if n < after or not line:
            continue
        end = _end_of_footer(squeezed, n)
        if end is None:
            continue
        earliest = max(after, n - LONGEST_NOTICE)
        headings = [m for m in range(earliest, n) if _HEADING.fullmatch(texts[m])]
        if not headings:
            continue
        if MARKED.match(lines[headings[-1]]):
            begin = headings[-1]
            if all(MARKED.match(each) for each in lines[begin:n] if each.strip()):
                empty = {m for m in range(begin, n) if not squeezed[m]}
                if notice.has_lines:
                    ours = empty | _lines_of_ours(texts, squeezed, begin, n, notice)
                else:
                    ours = set(range(begin, n))
                yield begin, end, {*ours, *range(n, end)}
        else:
            ours = set(range(n, end)) | _lines_of_ours(texts, squeezed, headings[0], n, notice)
            if ours & set(headings):
                begin = min(ours & set(headings))
                yield begin, end, {m for m in ours if m >= begin}
            else:
                yield n, end, ours
        after = end


def _lines_of_ours(texts: list[str], squeezed: list[str], begin: int, end: int, notice: OurLines) -> set[int]:
    """Return the numbers of the lines from `begin` to `end` that are of the notice, with the empty ones below
    each.
    """
    headings = _our_headings(texts, begin, end, notice)
    numbers = {match["number"] for match in map(_OUR_HEADING.fullmatch, texts[begin:end]) if match}
    ours: set[int] = set()
    n = begin
    while n < end:
        if not squeezed[n]:
            if n - 1 in ours:
                ours.add(n)
            n += 1
            continue
        count = notice.count(squeezed, n, end) or (1 if n in headings else 0) or _is_link(texts[n], numbers)
        if not count and texts[n] in _DASHES and not any(squeezed[n + 1 : end]):
            count = 1
        ours |= set(range(n, n + count))
        n += count or 1
    return ours


def _our_headings(texts: list[str], begin: int, end: int, notice: OurLines) -> set[int]:
    """Return the numbers of the lines that are headings with the title in the subject. If there are different
    ones with one number, a person may have written one of them, and none counts.
    """
    by_number: dict[str, dict[str, list[int]]] = {}
    for n in range(begin, end):
        match = _OUR_HEADING.fullmatch(texts[n])
        if match is not None and notice.is_title(match["topic"]):
            by_number.setdefault(match["number"], {}).setdefault(texts[n], []).append(n)
    return {n for forms in by_number.values() if len(forms) == 1 for places in forms.values() for n in places}


def _is_link(text: str, numbers: Collection[str]) -> bool:
    """Return whether the line is the address of one of the records with these numbers, or of a form that a
    notice leads to.
    """
    link = _LINK.fullmatch(text)
    if link is None:
        return False
    return link["url"].rpartition("/")[2] in numbers or any(page in link["url"] for page in FORM_PAGES)


class _SentLines:
    """Lines without their spaces, found however they are wrapped."""

    def __init__(self, lines: Collection[str]) -> None:
        self._lines = lines
        self._by_begin: dict[str, list[str]] = {}
        for line in lines:
            self._by_begin.setdefault(line[:8], []).append(line)

    def __bool__(self) -> bool:
        return bool(self._lines)

    def count_of_lines(self, squeezed: list[str], n: int, end: int) -> int:
        """Return of how many lines from the n-th on one of these was made; 0: of none."""
        if not self._lines or not squeezed[n]:
            return 0
        begin = squeezed[n][:8]
        candidates = (
            self._by_begin.get(begin, [])
            if len(begin) == 8
            else [line for line in self._lines if line.startswith(begin)]
        )
        joined = ""
        for count in range(min(_TOLD_LINES, end - n)):
            joined += squeezed[n + count]
            if joined in self._lines:
                return count + 1
            candidates = [line for line in candidates if line.startswith(joined)]
            if not candidates or not squeezed[n + count]:
                return 0
        return 0


@cache
def _footers() -> _SentLines:
    footers = [sentences(language)["notice"]["footer"] for language in LANGUAGES]
    return _SentLines({"".join(footer.split()).casefold() for footer in (*footers, *_EARLIER_FOOTERS)})


def _end_of_footer(squeezed: list[str], n: int) -> int | None:
    """Return the number of the line after the last sentence of a notice that begins in the n-th line, or
    None.
    """
    count = _footers().count_of_lines(squeezed, n, min(len(squeezed), n + _SENTENCE_LINES))
    return n + count if count else None


@cache
def _sentences() -> dict[str, tuple[str, ...]]:
    """Return our sentences without spaces, by their first two characters or the word that they begin with.
    Those that begin with a title could be anything.
    """
    by_begin: dict[str, list[str]] = {}
    for language in LANGUAGES:
        for table in _TABLES:
            for sentence in sentences(language)[table].values():
                squeezed = "".join(sentence.split())
                word = next((each for each in _FIRST_WORDS if squeezed.startswith(each)), None)
                if word is not None or not squeezed.startswith("{"):
                    by_begin.setdefault(word or squeezed[:2].casefold(), []).append(squeezed)
    return {begin: tuple(each) for begin, each in by_begin.items()}


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """Return the pattern of a sentence without spaces, which may be broken between any two characters. A
    number may stand in a line of its own; other words that are filled in begin in the line of those before
    them, and end in it.
    """
    pattern = ""
    for literal, name, _, _ in Formatter().parse(sentence):
        pattern += "".join(f"{re.escape(char)}{_LINE_BREAK}?" for char in literal.casefold())
        if name in _STRICT:
            pattern += f"{_STRICT[name]}{_LINE_BREAK}?"
        elif name is not None:
            pattern = f"{pattern.removesuffix(f'{_LINE_BREAK}?')}{_WORDS}{_LINE_BREAK}?"
    return re.compile(pattern, re.IGNORECASE)


def _count_of_sentence(squeezed: list[str], n: int, end: int, subject: str) -> int:
    """Return of how many lines from the n-th on a sentence of ours is made; 0: of none. Words in it without a
    form could be followed by a person's, unless they end the subject.
    """
    first = squeezed[n]
    word = next((each for each, form in _FIRST_WORDS.items() if form.match(first)), None)
    candidates = _sentences().get(word or first[:2], ())
    joined = ""
    for count in range(min(_SENTENCE_LINES, end - n) if candidates else 0):
        joined += (_LINE_BREAK if count else "") + squeezed[n + count]
        if not squeezed[n + count] or len(joined) > _LONGEST_SENTENCE:
            return 0
        matches = (_pattern(sentence).fullmatch(joined) for sentence in candidates)
        if any(all(map(subject.endswith, match.groups())) for match in matches if match is not None):
            return count + 1
    return 0
