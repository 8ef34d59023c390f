"""Words for codes where the schema of a value does not name its codes (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from app.common.records import CodeEnum
from app.i18n import sentences, translate

#: A code that no person would write as a word.
CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
#: A KPI as improvements name their evidence, with the dimension and the value that it was measured of.
MEASURED = re.compile(r"kpi:(?P<kpi>[a-z][a-z0-9_]*)(?::(?P<scope>.+))?")
#: Members whose values people have made up, however they look.
FREE_TEXTS = frozenset({"key", "name", "title", "label", "text", "tag", "tags", "value"})
#: How a name ends that holds a state, and a kind of record or a process.
STATES = frozenset({"state", "states"})
KINDS = frozenset({"kind", "kinds", "process", "processes"})
#: The consents to steps of an agreement that wait for the other side's.
CONSENTS = "pending_consents"
KPI_MEMBERS = frozenset({"kpi", "kpis"})
#: How a name ends that holds the tool of a source, and the language of a person.
ADAPTERS = frozenset({"adapter"})
LOCALES = frozenset({"locale"})
#: Each language by its own name.
NAMES_OF_LANGUAGES = {"en": "English", "zh": "中文"}
_WORD = re.compile("[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


class CodeWords:
    """Words for the kinds of records, their states and the KPIs in one language."""

    def __init__(
        self,
        language: str,
        kinds: Mapping[str, str],
        states: Mapping[str, str],
        kpis: Mapping[str, str],
        adapters: Mapping[str, str],
    ) -> None:
        self._conditions = sentences(language)["alerted_condition"]
        self._language = language
        self._kinds = kinds
        self._states = states
        self._kpis = kpis
        self._adapters = adapters

    def spoken(self, name: str, text: str) -> str:
        """Return what people call the code that the member of that name holds; the text itself if it is no
        code of this program, and nothing for the key of a condition, which only programs compare.
        """
        if name == "key" and ":" in text and text.partition(":")[0] in self._conditions:
            return ""
        if name == CONSENTS:
            return self._consent(*text.partition(":")[::2])
        if measured := MEASURED.fullmatch(text):
            return self._measured(measured["kpi"], measured["scope"])
        label = self._words_of_member(name).get(text)
        if label is None and name not in FREE_TEXTS:
            label = _label_of_member(name, text, self._language)
            if label is None and CODE.fullmatch(text):
                label = self._kinds.get(text)
        return text if label is None else label

    def _words_of_member(self, name: str) -> Mapping[str, str]:
        if name == "code":
            return self._conditions
        last = name.rpartition("_")[2]
        tables = (
            (KPI_MEMBERS, self._kpis),
            (STATES, self._states),
            (KINDS, self._kinds),
            (ADAPTERS, self._adapters),
            (LOCALES, NAMES_OF_LANGUAGES),
        )
        return next((table for names, table in tables if last in names), {})

    def _consent(self, subject: str, side: str) -> str:
        """Return which side of an agreement has consented to what, for which the other one waits."""
        label = _label_of_member("consent_subject", subject, self._language) or subject
        return translate(self._language, "desk", f"consent_of_{side}", {"subject": label})

    def _measured(self, kpi: str, scope: str | None) -> str:
        """Return the name of a KPI, and what it was measured of."""
        name = self._kpis.get(kpi, kpi)
        return name if scope is None else f"{name} ({scope.partition('/')[2] or scope})"


@cache
def _label_of_member(name: str, text: str, language: str) -> str | None:
    """Return the label of the code by the codes that are called as the member is, or, if it is no word, by
    any codes that have it, or None.
    """
    called_so = [codes for codes in _all_codes() if _is_called(codes, name)]
    all_codes = _all_codes() if CODE.fullmatch(text) else ()
    labels = (codes(text).label(language) for codes in (*called_so, *all_codes) if text in _values(codes))
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
