"""Outcome of an examination, and what the examinations look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from app.i18n import sentences, translate
from app.platform.db import Database
from app.platform.settings import Settings

SENTENCES, REMEDIES = "doctor", "doctor_remedy"


class CheckStatus(StrEnum):
    """The outcome of an examination, from good to bad."""

    ok = "ok"
    warning = "warning"
    failed = "failed"


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The outcome of one examination: the code of its sentence, which has a remedy in a table of its own, and
    the words that fill both.
    """

    check: str
    status: CheckStatus
    code: str
    words: dict[str, str]

    def sentence(self, language: str) -> str:
        """Return the sentence that describes the finding."""
        return translate(language, SENTENCES, self.code, self.words)

    def remedy(self, language: str) -> str | None:
        """Return how to mend it; None: nothing is to be done."""
        if self.code not in sentences(language)[REMEDIES]:
            return None
        return translate(language, REMEDIES, self.code, self.words)


def _outcome(status: CheckStatus, code: str, words: dict[str, Any]) -> CheckOutcome:
    """Return an outcome of the check that the code begins with."""
    filled = {name: str(word) for name, word in words.items()}
    return CheckOutcome(code.partition("_")[0], status, code, filled)


def success(code: str, **words: object) -> CheckOutcome:
    """Return that nothing is to be done."""
    return _outcome(CheckStatus.ok, code, words)


def warning(code: str, **words: object) -> CheckOutcome:
    """Return that something is to be looked at before it fails."""
    return _outcome(CheckStatus.warning, code, words)


def failure(code: str, **words: object) -> CheckOutcome:
    """Return that something is wrong."""
    return _outcome(CheckStatus.failed, code, words)


@dataclass(frozen=True, slots=True)
class InstallationSetup:
    """The installation as it is set up, before anything is asked of its database. `data_dir` is None if the
    database is not embedded. `apis` and `workers` are the numbers of processes that are to run.
    """

    settings: Settings
    secrets_dir: Path
    data_dir: Path | None
    apis: int
    workers: int


@dataclass(frozen=True, slots=True)
class ReachedDatabase:
    """A database that answers, and the installation that it belongs to."""

    db: Database
    setup: InstallationSetup
