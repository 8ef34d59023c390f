"""Why a command is refused. Each reason has a status, a stable code, and words in text/en.toml and
text/zh.toml.

Refusal
 ├─ NotFound          404  not there, or not for this caller
 ├─ Forbidden         403  seen, but not allowed
 ├─ KeptApart         403  has had another part in it: separation of duties
 ├─ NotNow            409  the state, or something looked up, forbids it
 ├─ Changed           412  edited since the version that If-Match names
 ├─ Busy              409  others keep changing what the command looks at
 ├─ VersionNeeded     428  what is edited must be said to have been read
 ├─ WrongValue        422  a value cannot be used; says where
 ├─ KeyReused         422  the same Idempotency-Key with another command
 ├─ StillRunning      409  the same command is being carried out at this moment
 └─ PersonErased      409  no words can be kept for somebody whose key is destroyed
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from app.i18n import translate


@dataclass
class Refusal(Exception):
    """A command that is not carried out. Nothing was written.

    `words` fill the sentences; `more` are further members of the problem document.
    """

    STATUS: ClassVar[int] = 500
    CODE: ClassVar[str] = "refused"

    words: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """The stable code of the problem."""
        return self.CODE

    def sentence(self, language: str) -> str:
        """What it says to people."""
        return translate(language, "detail", self.code, self.words)

    def __str__(self) -> str:
        return self.sentence("en")


@dataclass
class NotFound(Refusal):
    """There is no such record, or it is not for this caller: the answer is the same."""

    STATUS = 404
    CODE = "not_found"


@dataclass
class Forbidden(Refusal):
    """The caller sees the record and may not do this. `words`: who may."""

    STATUS = 403
    CODE = "forbidden"


@dataclass
class SegregationOfDuties(Refusal):
    """The caller, or whom it is done for, has had a part in the record that is kept apart from this one.

    `words`: the action, and which part that is.
    """

    STATUS = 403
    CODE = "separation_of_duties"


@dataclass
class ActionUnavailable(Refusal):
    """The action is not open. `more`: `state`, and `allowed_actions` that are open to this caller now.

    `because` is the code of a sentence: a check's, or `not_in_this_state`.
    """

    STATUS = 409
    CODE = "not_now"

    because: str = "not_in_this_state"

    @property
    def code(self) -> str:
        """The check's sentence is the problem."""
        return self.because


@dataclass
class PreparationRefused(Exception):
    """What is prepared cannot be, and so the action is not open: a NotNow, which whoever performs it makes of
    this. `because` is the code of its sentence.
    """

    because: str


@dataclass
class VersionMismatch(Refusal):
    """The record has another version than the client believes."""

    STATUS = 412
    CODE = "changed_since"


@dataclass
class VersionRequired(Refusal):
    """Who edits a record must say which version they have read."""

    STATUS = 428
    CODE = "version_needed"


@dataclass
class RetriesExhausted(Refusal):
    """What the command depends on kept moving; it was decided again several times."""

    STATUS = 409
    CODE = "busy"


@dataclass
class WrongValue(Refusal):
    """A value cannot be used.

    `pointer` says where in the body (JSON Pointer), `parameter` which one of the query; `because` is the code
    of a sentence. `further` are further ones of the same body.
    """

    STATUS = 422
    CODE = "wrong_value"

    pointer: str = ""
    because: str = ""
    parameter: str | None = None
    further: tuple[WrongValue, ...] = ()

    def sentence(self, language: str) -> str:
        """Which value, and what is wrong with it."""
        where = self.parameter or self.pointer.removeprefix("/")
        return f"{where}: {translate(language, 'value', self.because, self.words)}"


@dataclass
class KeyReused(Refusal):
    """The Idempotency-Key was used for another command."""

    STATUS = 422
    CODE = "idempotency_key_reused"


@dataclass
class StillRunning(Refusal):
    """The first command with this Idempotency-Key has not been answered yet."""

    STATUS = 409
    CODE = "still_running"


@dataclass
class PersonErased(Refusal):
    """The person whose words these are has been erased."""

    STATUS = 409
    CODE = "person_erased"
