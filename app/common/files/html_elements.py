"""The elements of HTML that are open, and where each ends, with an end tag or without one (pure)."""

from __future__ import annotations

import re

LINES = frozenset({"address", "article", "dd", "div", "dt", "footer", "header", "li", "section", "tr"})
LINES |= {"aside", "details", "fieldset", "figcaption", "legend", "main", "nav", "summary"}
PARAGRAPHS = frozenset(
    {"blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"}
)
#: All that HTML has, and had, with drawings and formulas; and what mail programs write.
_NAMES = (
    "a abbr acronym address annotation applet area article aside audio b base basefont bdi bdo bgsound "
    "big blink blockquote body br button canvas caption center cite clippath code col colgroup data "
    "datalist dd defs del desc details dfn dialog dir div dl dt ellipse em embed fieldset figcaption "
    "figure filter font footer foreignobject form frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup "
    "hr html i iframe image img input ins isindex kbd keygen label layer legend li line lineargradient "
    "link listing main map mark marquee mask math menu menuitem meta meter mfenced mfrac mi mn mo mover "
    "mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr multicol munder munderover "
    "nav nextid nobr noembed noframes nolayer noscript object ol optgroup option output p param path "
    "picture plaintext polygon polyline pre progress q radialgradient rb rect rp rt rtc ruby s samp "
    "script search section semantics slot small source spacer span stop strike strong style sub "
    "summary sup svg symbol table tbody td template text textarea tfoot th thead time title tr track "
    "tspan tt u ul use var video wbr xml xmp"
)
ELEMENTS = frozenset({*_NAMES.split(), "select"})
# A cell holds its own elements: nothing in it ends one around its table.
_BORDERS = frozenset({"caption", "table", "td", "th"})
ROWS = frozenset({"tbody", "tfoot", "thead", "tr"})
_BLOCKS = LINES | PARAGRAPHS
_BLOCKS |= {"aside", "center", "details", "fieldset", "figure", "form", "hr", "main", "nav"}
_PARAGRAPH_ENDS = tuple((name, _BORDERS) for name in ("title", "head", "p"))
#: Elements that an opening element closes, if they have no end tag (HTML, 13.1.2.4), up to the nearest of the
#: listed borders.
_ENDS_BEFORE: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {
    **dict.fromkeys(_BLOCKS, _PARAGRAPH_ENDS),
    "li": (*_PARAGRAPH_ENDS, ("li", _BORDERS | {"ol", "ul"})),
    **dict.fromkeys(("dd", "dt"), (*_PARAGRAPH_ENDS, *((name, _BORDERS | {"dl"}) for name in ("dd", "dt")))),
    **dict.fromkeys(("td", "th"), tuple((name, frozenset({"table", "tr"})) for name in ("td", "th"))),
    "tr": (("tr", frozenset({"table"})),),
    **dict.fromkeys(
        ("tbody", "tfoot", "thead"), tuple((name, frozenset({"table"})) for name in sorted(ROWS))
    ),
    "body": (("title", frozenset()), ("head", frozenset())),
}
# Elements that may stand in a head. Any other element, and any text, closes an open head.
_OF_HEADS = frozenset(
    {"base", "basefont", "bgsound", "head", "html", "link", "meta", "noscript", "script", "style", "template"}
    | {"title", "xml"}
)


# Programs that make HTML of a text may leave its angle brackets as they are.
_ADDRESS = re.compile(
    r"<(?:(?:https?|ftp|file)://|mailto:|[^\s<>@/\"'=]+@[^\s<>@/\"'=]+\.)[^\s<>\"']+>", re.IGNORECASE
)
# Names with a colon or a hyphen are elements of programs.
_WORD = re.compile(r"\w+")


def is_written(name: str, token: str) -> bool:
    """Return whether what looks like a tag is text whose angle brackets a program has left as they were: an
    address, or a word that is no element, as `vector<int>` and `<your name>` have it.
    """
    if _ADDRESS.match(token):
        return True
    return name not in ELEMENTS and _WORD.fullmatch(name) is not None and "=" not in token


class OpenElements:
    """The elements that are open, and whether one of them is hidden."""

    def __init__(self) -> None:
        self._names: list[str] = []
        #: The places in the list of those that are open, by their names.
        self._places: dict[str, list[int]] = {}
        self._hidden_at: int | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether nothing is shown at this point."""
        return self._hidden_at is not None

    @property
    def innermost(self) -> str:
        """The element that was opened last; empty if all are closed."""
        return self._names[-1] if self._names else ""

    @property
    def depth(self) -> int:
        """The number of elements that are open."""
        return len(self._names)

    def open(self, name: str, *, is_hidden: bool) -> None:
        """Open an element."""
        if is_hidden and self._hidden_at is None:
            self._hidden_at = len(self._names)
        self._places.setdefault(name, []).append(len(self._names))
        self._names.append(name)

    def end_before(self, name: str) -> None:
        """End what an element of that name ends by beginning."""
        if self.innermost == "head" and name not in _OF_HEADS and ":" not in name:
            self._end_from(len(self._names) - 1)
        for ended, borders in _ENDS_BEFORE.get(name, ()):
            place = self._place(ended)
            if place >= 0 and all(place > self._place(border) for border in borders):
                self._end_from(place)

    def close(self, name: str) -> bool:
        """End the element of that name, with all in it. Return whether its end is seen."""
        place = self._place(name)
        borders = frozenset({"table"}) - {name} if name in _BORDERS | ROWS else _BORDERS
        if place < 0 or any(place < self._place(border) for border in borders):
            return not self.is_hidden
        is_seen = self._hidden_at is None or place < self._hidden_at
        self._end_from(place)
        return is_seen

    def _place(self, name: str) -> int:
        """Return the place of the innermost open element of that name, or -1."""
        places = self._places.get(name)
        return places[-1] if places else -1

    def _end_from(self, place: int) -> None:
        for name in self._names[place:]:
            self._places[name].pop()
        del self._names[place:]
        if self._hidden_at is not None and place <= self._hidden_at:
            self._hidden_at = None
