"""HTML as plain text, in time that grows with its length (pure).

The standard library's parser looks through the whole rest at every tag that is not closed: 80 KB of `<a` keep
it busy for seconds, and the sender of a mail chooses its content.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from app.common.files.data_files import without_data
from app.common.files.html_addresses import Addresses, is_address_of
from app.common.files.html_attributes import (
    attributes_of,
    count_items,
    field_text,
    fraction_sign,
    integer_of,
    is_hidden,
    list_kind_of,
    mark_of,
    numeral,
)
from app.common.files.html_elements import LINES, PARAGRAPHS, ROWS, OpenElements, is_written
from app.common.files.html_emphasis import Emphasis, OpenEmphasis
from app.common.files.html_rows import Table, row_lines
from app.common.files.symbol_fonts import seen_signs

# Values in quotes may contain `>`, and eight of a tag `<`, within a bound: each `<` is looked at a few times.
_WITH_TAG = r"(?<==)(?:\"[^\"]{0,999}+\"|'[^']{0,999}+')(?=[\s/>])"
_PIECES = rf"(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|(?!{_WITH_TAG})[\"'])*+"
# A comment that is not closed reaches to the end.
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<[!?][^<>]*+>"
    r"|<(?P<end>/?)(?P<name>[a-zA-Z][^\s/<>\"']*+)"
    rf"(?P<attributes>{_PIECES}(?:{_WITH_TAG}{_PIECES}){{0,8}}+)>",
    re.DOTALL,
)
_SPACES_STYLE = re.compile(r"white-space(?:-collapse)?\s*:\s*([a-z-]+)", re.IGNORECASE)
_KEEPING_LINES = frozenset({"pre", "pre-wrap", "pre-line", "break-spaces", "preserve", "preserve-breaks"})
#: Endings of numbers, and signs, which mean the same in one line.
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "re", "e", "ème", "o", "a", "tm"})
#: Elements that show what stands at an address, and the attribute that has it.
_SHOWING = {
    "audio": "src",
    "embed": "src",
    "frame": "src",
    "iframe": "src",
    "object": "data",
    "source": "src",
    "video": "src",
}
# They separate nothing and have no shape; senders fill the preview of a mail with them.
_SHAPELESS = re.compile("[\u00ad\u034f\u200b\u2060\ufeff]")
# Joiners and marks of direction shape words and emoji; alone they fill previews, too.
_ALONE = re.compile("(?<!\\S)[\u200c-\u200f]++(?!\\S)")

# Within these nothing but their own end has a meaning: no comment, no tag (HTML, 13.2.5).
_ENDS = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("iframe", "noembed", "noframes", "script", "style", "textarea", "title")
}
_UNSEEN = frozenset({"head", "script", "style", "template", "title"})
_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "frame",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
    }
    | {"wbr"}
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_MOST_MARKS = 3
_RULE = "-" * 20
_LISTS = frozenset({"ol", "ul"})
#: Elements whose lines a row keeps: it arranges a page.
_ARRANGED = _LISTS | {"blockquote", "pre", "table"}
#: A cell of a table without headings has at most so many lines; one with more arranges a page, too.
_MOST_CELL_LINES = 3
_DEEPEST_QUOTE = 20


def html_to_text(html: str, *, with_answers: bool = False, pictures: Mapping[str, str] | None = None) -> str:
    """Return the visible text of the HTML.

    Paragraphs, list items and rows of tables are lines of their own, quotations have `> ` before each line.
    Links are followed by `<address>`; pictures are `[description]` or `[picture <address>]`. Struck-out text
    stands between `~~`, raised text behind `^` and lowered text behind `_`. A picture within the HTML is
    shown by its name, as `without_data` leaves it, and one in its mail by the name that
    `pictures` have for its Content-ID. `with_answers`: lines of a quotation that
    are emphasised, among others that are not, are answers to it and stand outside of it.
    """
    html, pictures = without_data(html), pictures or {}
    if not with_answers:
        return _read(html, None, pictures).finished()
    for answers in (Emphasis.weak, Emphasis.strong):
        text = _read(html, answers, pictures)
        finished = text.finished()
        # The person who is quoted may write in bold or a colour, too: then hardly any line is without it.
        if text.quoted_length and (answers is Emphasis.strong or text.answers_length <= text.quoted_length):
            return finished
    return _read(html, None, pictures).finished()


def _read(html: str, answers: Emphasis | None, pictures: Mapping[str, str]) -> _Text:
    text = _Text(answers, pictures)
    position = 0
    without_end: set[str] = set()
    started: set[str] = set()
    while (token := _TOKEN.search(html, position)) is not None:
        text.add(html[position : token.start()])
        position = token.end()
        name = (token["name"] or "").lower()
        if name and name not in started and is_written(name, token[0]):
            text.add(token[0])
        elif token["end"]:
            text.end(name)
        elif name:
            started.add(name)
            attributes = attributes_of(token["attributes"])
            if name == "ol" and "reversed" in attributes:
                attributes.setdefault("start", count_items(html, position))
            text.start(name, attributes)
        if name not in _ENDS or token["end"] or name in without_end:
            continue
        end = _ENDS[name].search(html, position)
        if end is not None:
            text.add_raw(name, html[position : end.start()])
            position = end.start()
        elif name in ("title", "textarea"):  # not closed, as in many templates: what follows is still read
            without_end.add(name)
        else:
            return text
    text.add(html[position:])
    return text


@dataclass(slots=True)
class _Mark:
    """A mark that is open: within so many elements, and from that piece of the line on."""

    sign: str
    depth: int
    begin: int


@dataclass(slots=True)
class _Row:
    """A row of a table that is open: how many tables are open with its own, where its cells begin among the
    lines, and whether it may become one line.
    """

    tables: int
    quotes: int
    cells: list[int]
    is_line: bool = True


class _Text:
    """Text in the making: the lines so far, and what is open at this point."""

    def __init__(self, answers: Emphasis | None, pictures: Mapping[str, str]) -> None:
        self._addresses = Addresses(pictures)
        #: Least emphasis that marks words in a quotation as answers to it; None if no emphasis does.
        self._answers = answers
        #: The lengths of the lines that are answers within quotations, and of those that are quoted.
        self.answers_length = self.quoted_length = 0
        #: Whether this line has quoted words, and the emphasis of its last ones.
        self._line_quoted, self._line_emphasis = False, Emphasis.none
        self._emphasis = OpenEmphasis()
        self._lines: list[str] = []
        self._line: list[str] = []
        #: The sign or number of the list item that begins with the next line.
        self._item = ""
        self._quotes = 0
        self._preformatted = 0
        #: Depth of the elements whose style keeps or drops line breaks, and whether it keeps them.
        self._kept_lines: list[tuple[int, bool]] = []
        #: Depth of the elements whose font has symbols, and the letters that these stand for.
        self._fonts: list[tuple[int, dict[int, str]]] = []
        #: The fractions and powers that are open, and whether their first part has begun.
        self._fractions: list[tuple[int, bool]] = []
        #: Whether the line has text whose spaces are kept.
        self._keeps_spaces = False
        #: The last number of each list that is open, its kind, and the step to the next; None: not numbered.
        self._lists: list[tuple[int, str, int] | None] = []
        self._open_marks: list[_Mark] = []
        self._rows: list[_Row] = []
        self._tables: list[Table] = []
        #: The link that is open, and where its text began in the line.
        self._link: tuple[str, int] | None = None
        self._elements = OpenElements()

    def add(self, html: str) -> None:
        """Add text between two tags."""
        if self._elements.innermost == "head" and html.strip():
            self._elements.close("head")
        if self._elements.is_hidden or not html:
            return
        text = unescape(html)
        if self._fonts:
            text = text.translate(self._fonts[-1][1])
        text = _SHAPELESS.sub("", text)
        if self._answers is not None and self._quotes and text.strip():
            self._note_emphasis(self._answers)
        if self._preformatted or (self._kept_lines and self._kept_lines[-1][1]):
            self._keeps_spaces = True
            first, *further_lines = text.replace("\r\n", "\n").split("\n")
            self._line.append(first)
            for line in further_lines:
                self._break()
                self._keeps_spaces = True
                self._line.append(line)
            return
        self._line.append(_SPACES.sub(" ", text))

    def _note_emphasis(self, answers: Emphasis) -> None:
        self._line_emphasis = Emphasis.none if self._link else self._emphasis.level(self._quotes)
        self._line_quoted |= self._line_emphasis < answers

    @property
    def _is_answer(self) -> bool:
        """Whether this line is an answer within a quotation: all of it is emphasised, or its end strongly."""
        if self._answers is None or self._line_emphasis < self._answers:
            return False
        return not self._line_quoted or self._line_emphasis is Emphasis.strong

    def add_raw(self, name: str, content: str) -> None:
        """Add what stands in an element that has no tags in it; only that of a field is seen."""
        if name == "style":
            self._emphasis.read_styles(content)
        if name == "textarea":
            self._preformatted += 1
            self.add(content)
            self._preformatted -= 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in a start tag."""
        self._elements.end_before(name)
        self._end_marks()
        if name == "base":
            self._addresses.base = self._addresses.base or attributes.get("href", "").strip()
        self._begin_part()
        if name not in _VOID:
            self._elements.open(name, is_hidden=name in _UNSEEN or (name != "body" and is_hidden(attributes)))
        if self._elements.is_hidden:
            return
        if name == "br":
            self._break()
        elif name == "hr":
            self._keep_lines_of_rows()
            self._finish_line()
            self._line.append(_RULE)
            self._break()
        elif name in ("area", "img"):
            self._line.append(self._addresses.picture(name, attributes))
        elif name in ("input", "option"):
            self._line.append(field_text(name, attributes))
        elif name in _SHOWING:
            address = self._addresses.address(attributes.get(_SHOWING[name], ""))
            self._line.append(f" <{address}> " if address else "")
        elif name == "a":
            self._link = (self._addresses.address(attributes.get("href", "")), len(self._line))
        elif name in ("td", "th"):
            self._start_cell(name, attributes)
        else:
            self._start_block(name, attributes)
        self._note_style(name, attributes)
        sign = mark_of(name, attributes)
        is_repeated = sign == "~~" and any(mark.sign == sign for mark in self._open_marks)
        if sign and name not in _VOID and not is_repeated and len(self._open_marks) < _MOST_MARKS:
            self._open_marks.append(_Mark(sign, self._elements.depth, len(self._line)))

    def _begin_part(self) -> None:
        """Separate the parts of a fraction or a power."""
        if self._fractions and self._fractions[-1][0] == self._elements.depth:
            self._line.append(fraction_sign(self._elements.innermost) if self._fractions[-1][1] else "")
            self._fractions[-1] = (self._elements.depth, True)

    def _note_style(self, name: str, attributes: dict[str, str]) -> None:
        """Note the emphasis of an element, and whether it keeps line breaks and spaces."""
        if name in _VOID:
            return
        if self._quotes and self._answers is not None:
            self._emphasis.open(self._elements.depth, self._quotes, name, attributes)
        if (signs := seen_signs(attributes)) is not None:
            self._fonts.append((self._elements.depth, signs))
        if fraction_sign(name):
            self._fractions.append((self._elements.depth, False))
        spaces = _SPACES_STYLE.search(attributes.get("style", ""))
        if spaces is not None:
            self._kept_lines.append((self._elements.depth, spaces[1].lower() in _KEEPING_LINES))

    def end(self, name: str) -> None:
        """Take in an end tag."""
        is_seen = self._elements.close(name)
        self._end_marks()
        if not is_seen:
            return
        if name == "a":
            self._end_link()
        elif name == "q":
            self._line.append("”")
        elif name in LINES:
            self._finish_line()
            if name == "tr":
                self._end_rows(len(self._tables))
        elif name in PARAGRAPHS:
            self._finish_line()
            if name == "table":
                self._end_rows(len(self._tables))
            if name == "blockquote":
                self._quotes = max(self._quotes - 1, 0)
            elif name == "pre":
                self._preformatted = max(self._preformatted - 1, 0)
            elif name in _LISTS and self._lists:
                self._lists.pop()
            elif name == "table" and self._tables:
                self._tables.pop()
            if name not in _LISTS or not self._lists:
                self._empty_line()

    def finished(self) -> str:
        """Return the text; nothing is added afterwards."""
        self._finish_line()
        self._end_rows(0)
        return "\n".join(self._lines).strip("\n")

    def _end_marks(self) -> None:
        for opened in (self._kept_lines, self._fonts, self._fractions):
            while opened and opened[-1][0] > self._elements.depth:
                opened.pop()
        self._emphasis.close(self._elements.depth)
        while self._open_marks and self._open_marks[-1].depth > self._elements.depth:
            self._set_mark(self._open_marks.pop())

    def _set_mark(self, mark: _Mark) -> None:
        """Put the mark around what the line holds since it began."""
        filled = [n for n in range(mark.begin, len(self._line)) if self._line[n].strip()]
        if not filled:
            return
        first, last = filled[0], filled[-1]
        text = "".join(self._line[first : last + 1]).strip()
        begin = end = mark.sign
        if mark.sign != "~~":
            if not any(char.isalnum() for char in text) or (text.lower() in _ORDINALS and first):
                return
            is_plain = re.fullmatch(r"[-+\u2212]?\w+", text) is not None
            begin, end = (mark.sign, "") if is_plain else (f"{mark.sign}(", ")")
        self._line[first] = re.sub(r"\S", lambda match: begin + match[0], self._line[first], count=1)
        self._line[last] = self._line[last].rstrip() + end + (" " if self._line[last][-1].isspace() else "")

    def _start_cell(self, name: str, attributes: dict[str, str]) -> None:
        self._finish_line()
        if not self._rows or self._rows[-1].tables < len(self._tables):
            self._rows.append(_Row(len(self._tables), self._quotes, []))
        row, table = self._rows[-1], self._tables[-1] if self._tables else Table()
        row.cells += [len(self._lines)] * table.empty_before(len(row.cells), attributes)
        row.cells.append(len(self._lines))
        table.is_data |= name == "th"

    def _keep_lines_of_rows(self) -> None:
        """Let the rows that are open keep their lines."""
        for row in reversed(self._rows):
            if not row.is_line:  # neither do those around it
                break
            row.is_line = False

    def _end_rows(self, tables: int) -> None:
        """End the rows of that table, and of all in it."""
        while self._rows and self._rows[-1].tables >= tables:
            row = self._rows.pop()
            if 0 < row.tables <= len(self._tables):
                self._tables[row.tables - 1].end_row()
            self._join_cells(row)

    def _join_cells(self, row: _Row) -> None:
        """Put the cells of the row side by side. In tables that only arrange a page one cell of a row holds
        something, or more than a few lines.
        """
        if not row.is_line or len(row.cells) < 2:
            return
        mark = "> " * min(row.quotes, _DEEPEST_QUOTE)
        ends = [*row.cells[1:], len(self._lines)]
        cells = [
            [line.removeprefix(mark) for line in self._lines[begin:end]]
            for begin, end in zip(row.cells, ends, strict=True)
        ]
        lengths = [sum(line not in ("", ">") for line in cell) for cell in cells]
        has_headings = bool(self._tables and self._tables[-1].is_data)
        if sum(map(bool, lengths)) < (1 if has_headings else 2):
            return
        if max(lengths) > _MOST_CELL_LINES and not has_headings:
            return
        if self._tables:
            self._tables[-1].is_data = True
        self._lines[row.cells[0] :] = [mark + line for line in row_lines(cells)]

    def _start_block(self, name: str, attributes: dict[str, str]) -> None:
        if name in _ARRANGED:
            self._keep_lines_of_rows()
        if name in LINES:
            self._finish_line()
        elif name in PARAGRAPHS:
            self._finish_line()
            is_nested = name in _LISTS and bool(self._lists)
            if not self._item and not is_nested:
                self._empty_line()
        if name in ROWS:
            self._finish_line()
            self._end_rows(len(self._tables))
        if name == "table":
            self._tables.append(Table())
        elif name == "blockquote":
            self._quotes += 1
        elif name == "pre":
            self._preformatted += 1
        elif name in _LISTS:
            step = -1 if "reversed" in attributes else 1
            numbered = (integer_of(attributes, "start", 1) - step, list_kind_of(attributes), step)
            self._lists.append(numbered if name == "ol" else None)
        elif name == "q":
            self._line.append("“")
        elif name == "li":
            self._item = "  " * (len(self._lists) - 1) + self._next_item(attributes)

    def _next_item(self, attributes: dict[str, str]) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        last, kind, step = self._lists[-1]
        number = integer_of(attributes, "value", last + step)
        self._lists[-1] = (number, kind, step)
        return f"{numeral(number, kind)}. "

    def _end_link(self) -> None:
        if self._link is None:
            return
        address, begin = self._link
        self._link = None
        link_text = "".join(self._line[begin:]).strip()
        if address and not is_address_of(address, link_text):
            self._line.append(f" <{address}>" if link_text else f"<{address}>")

    def _finish_line(self) -> None:
        if self._text_of_line().strip():
            self._break()
        self._begin_line()

    def _begin_line(self) -> None:
        self._line = []
        self._keeps_spaces = self._line_quoted = False
        self._line_emphasis = Emphasis.none
        if self._link is not None:
            self._link = (self._link[0], 0)
        for mark in self._open_marks:
            mark.begin = 0

    def _text_of_line(self) -> str:
        return _ALONE.sub("", "".join(self._line))

    def _break(self) -> None:
        """End the line, even if nothing stands in it."""
        for mark in reversed(self._open_marks):
            self._set_mark(mark)
        text, keeps_spaces = self._text_of_line(), self._keeps_spaces
        is_answer = self._is_answer
        self.answers_length += len(text) if is_answer else 0
        self.quoted_length += len(text) if self._quotes and not is_answer else 0
        self._begin_line()
        # Spaces that do not break stand for columns, and for the indentation of code.
        text = text.rstrip() if keeps_spaces else re.sub(" {2,}", " ", text).strip(" ").rstrip()
        text = text.replace("\u00a0", " ")
        if text:
            quotation = "> " * min(self._quotes - is_answer, _DEEPEST_QUOTE)
            self._lines.append(quotation + self._item + text)
            self._item = ""
        else:
            self._empty_line()

    def _empty_line(self) -> None:
        mark = ">" if self._quotes and self._lines and self._lines[-1].startswith(">") else ""
        if self._lines and self._lines[-1] in ("", ">"):
            self._lines[-1] = mark
        elif self._lines:
            self._lines.append(mark)
