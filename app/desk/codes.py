"""Words for codes where the schema of a value does not name its codes (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from app.common.records import CodeEnum

#: A code that no person would write as a word.
CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
#: Members whose values people have made up, however they look.
MADE_UP = frozenset({"key", "name", "title", "label", "text", "tag", "tags", "value"})
#: How a name ends that holds a state, and a kind of record or a process.
STATES = ("state", "states")
KINDS = ("kind", "kinds", "process", "processes")
KPI_MEMBERS = frozenset({"kpi", "kpis"})
_WORD = re.compile("[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


class CodeWords:
    """Words for the kinds of records, their states and the KPIs in one language."""

    def __init__(
        self, language: str, kinds: Mapping[str, str], states: Mapping[str, str], kpis: Mapping[str, str]
    ) -> None:
        self._language = language
        self._kinds = kinds
        self._states = states
        self._kpis = kpis

    def spoken(self, name: str, text: str) -> str:
        """Return what people call the code that the member of that name holds; the text itself if it is no
        code of this program.
        """
        last = name.rpartition("_")[2]
        if last in KPI_MEMBERS:
            return self._kpis.get(text, text)
        if last in STATES and text in self._states:
            return self._states[text]
        if last in KINDS and text in self._kinds:
            return self._kinds[text]
        if name in MADE_UP:
            return text
        if label := _label_of_member(name, text, self._language):
            return label
        return self._kinds.get(text) or text if CODE.fullmatch(text) else text


@cache
def _label_of_member(name: str, text: str, language: str) -> str | None:
    """Return the label of the code by the codes that are called as the member is, or, if it is no word, by
    any codes that have it; None if there is none.
    """
    called_so = [codes for codes in _all_codes() if _is_called(codes, name)]
    others = _all_codes() if CODE.fullmatch(text) else ()
    labels = (codes(text).label(language) for codes in (*called_so, *others) if text in _values(codes))
    return next(labels, None)


def _is_called(codes: type[CodeEnum], name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(codes.__name__)]
    return words[-len(parts) :] == parts if (parts := name.removesuffix("s").split("_")) else False


@cache
def _values(codes: type[CodeEnum]) -> frozenset[str]:
    return frozenset(codes)


@cache
def _all_codes() -> tuple[type[CodeEnum], ...]:
    return tuple(sorted(_subclasses(CodeEnum), key=lambda codes: codes.__name__))


def _subclasses(base: type[CodeEnum]) -> Iterator[type[CodeEnum]]:
    for codes in base.__subclasses__():
        yield codes
        yield from _subclasses(codes)
