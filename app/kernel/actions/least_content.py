"""The least content of texts in which a person has to say something (pure functions).

A dash in a mandatory field satisfies its presence only: a plan, a reason or a proof has to say something.
Where there is nothing to report, "none, because ..." says so. Texts of imports, tools, mails and rules are
exempt: they report what was written elsewhere.
"""

from __future__ import annotations

LEAST_LETTERS = 2

# Words that only fill a field, in small letters and without anything between them.
_FILLERS = frozenset(
    {
        "na",
        "none",
        "nil",
        "null",
        "nothing",
        "tbd",
        "todo",
        "xx",
        "xxx",
        "没有",
        "暂无",
        "不适用",
        "无内容",
        "待定",
    }
)


class Statement:
    """Marks a text of a payload in which a person has to say something."""


def says_something(text: str) -> bool:
    """Return whether the text has at least two letters or digits (a Chinese character counts as a letter) and
    is more than a word that only fills the field.
    """
    letters = "".join(character for character in text.casefold() if character.isalnum())
    return len(letters) >= LEAST_LETTERS and letters not in _FILLERS
