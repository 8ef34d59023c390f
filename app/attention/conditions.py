"""Conditions that need attention, and their sentences (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from app.attention.values import SentenceValue
from app.common.records import CodeEnum
from app.i18n import LANGUAGES, sentences, translate

TABLE = "attention"


class Severity(CodeEnum):
    """The severity of a condition that needs attention, the most urgent first."""

    banner = "banner", "Do not rely on the figures", "指标暂不可信"
    now = "now", "Now", "立即"
    missed = "missed", "Missed", "未达标"
    changed = "changed", "Changed", "异常变化"
    stuck = "stuck", "Stuck", "停滞"
    yours = "yours", "Yours", "待您处理"


class OwnerKind(CodeEnum):
    """The kind of the owner of a condition that needs attention."""

    team = "team", "A team", "团队"
    person = "person", "A person", "人员"
    role = "role", "A role", "角色"


@dataclass(frozen=True, slots=True)
class ConditionOwner:
    """The owner of an attention condition: a team or person by id, or a role by its code. `names` are its
    names in each language.
    """

    kind: OwnerKind
    id: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AttentionCondition:
    """A condition that a rule has found.

    `subject` distinguishes it from others of its code and process, and never changes while it lasts.
    `sentence` is the code of its sentence; None means `code`. `misses` is the number of consecutive periods
    with a missed target.
    `cases` is the address of a list of the API with exactly `count` cases, or that of one record; `desk` that
    of its page. One that `folds` becomes one sentence with others of its code and process: `several` and
    `several_desk` are the addresses of all of them, `folded` those that it then stands for.
    """

    code: str
    severity: Severity
    process: str | None
    parameters: Mapping[str, SentenceValue]
    cases: str | None
    count: int
    subject: str = ""
    sentence: str | None = None
    desk: str | None = None
    owner: ConditionOwner | None = None
    since: datetime | None = None
    due_at: datetime | None = None
    misses: int = 0
    weight: float = 0
    folds: bool = False
    several: str | None = None
    several_desk: str | None = None
    folded: tuple[AttentionCondition, ...] = ()

    @property
    def key(self) -> str:
        """Return the name by which people put it aside."""
        return ":".join((self.code, self.process or "", self.subject)).rstrip(":")

    def sentences(self) -> dict[str, str]:
        """Return the sentence in each language."""
        code = self.sentence or self.code
        if self.count == 1 and f"{code}_one" in _codes():
            code = f"{code}_one"
        return {
            language: translate(
                language,
                TABLE,
                code,
                {name: value.words[language] for name, value in self.parameters.items()},
            )
            for language in LANGUAGES
        }


@cache
def _codes() -> frozenset[str]:
    return frozenset(sentences(LANGUAGES[0])[TABLE])
