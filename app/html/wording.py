"""The sentences and labels of a page in one language (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.records import CodeEnum
from app.i18n import translate


@dataclass(frozen=True, slots=True)
class Wording:
    """The wording of a page in its language; `table` is the table of its sentences."""

    language: str
    table: str

    def sentence(self, code: str, **words: object) -> str:
        """Return the sentence of that code, with its blanks filled. `page.problems` is the sentence
        `problems` of the table `page`; a code without a dot is of the page's own.
        """
        table, _, name = code.rpartition(".")
        blanks = {blank: str(word) for blank, word in words.items()}
        return translate(self.language, table or self.table, name, blanks)

    def label(self, code: CodeEnum) -> str:
        """Return the label of the code."""
        return code.label(self.language)
