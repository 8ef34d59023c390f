"""Refusals of commands. Each has a status, a stable code, and texts in i18n/en.toml and i18n/zh.toml.

Refusal
 ├─ NotFound             404  does not exist, or is not visible to this caller
 │   └─ SharedNumber     404  several tools use that number
 ├─ Forbidden            403  visible, but the caller may not do this
 ├─ OnlookerReads        403  visible only because the caller handed it over: they read it
 ├─ DoneInPerson         403  no assistant may do this: the person must do it themselves
 ├─ NarrowKey            403  the credential may not use all roles that the person holds
 ├─ KeyOfAnother         403  somebody else has made the credential, and may know its secret
 ├─ SegregationOfDuties  403  the caller has had a conflicting duty in the record
 ├─ ActionUnavailable    409  the state, or a check, forbids the action
 ├─ VersionMismatch      412  changed since the version in If-Match
 ├─ RetriesExhausted     409  others keep changing the command's read set
 ├─ VersionRequired      428  the action requires an If-Match header
 ├─ WrongValue           422  a value cannot be used; says where
 ├─ KeyReused            422  the same Idempotency-Key with another command
 ├─ StillRunning         409  the same command is still being performed
 └─ PersonErased         409  no text can be stored for a person whose key is destroyed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from app.i18n import Word, translate

if TYPE_CHECKING:
    from app.kernel.actions.actor_policy import RecordDuty

Check = TypeVar("Check")


@dataclass
class Refusal(Exception):
    """A refused command. Nothing was written.

    `words` are arguments of the messages; `more` are further members of the problem document.
    """

    STATUS: ClassVar[int] = 500
    CODE: ClassVar[str] = "refused"
    #: Seconds after which the unchanged command may succeed; None if something must change first.
    RETRY_SECONDS: ClassVar[int | None] = None

    words: Mapping[str, Word] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Return the stable code of the refusal."""
        return self.CODE

    def sentence(self, language: str) -> str:
        """Return the message for users in that language."""
        return translate(language, "detail", self.code, self.words)

    def __str__(self) -> str:
        return self.sentence("en")


@dataclass
class NotFound(Refusal):
    """The record does not exist, or is not visible to this caller: both cases get the same answer."""

    STATUS = 404
    CODE = "not_found"


@dataclass
class SharedNumber(NotFound):
    """Several tools use that number for records that the caller may see; `names` are unique ones."""

    CODE = "shared_number"


@dataclass
class SupersededSecret(Refusal):
    """The key was given another secret: the one before it does the work that it did, for a while, but neither
    makes, renews nor ends a credential.
    """

    STATUS = 403
    CODE = "superseded_secret"


@dataclass
class KeyOfAnother(Refusal):
    """Another person has made the key or its secret, so it does nothing that its person does themselves."""

    STATUS = 403
    CODE = "key_of_another"


@dataclass
class Forbidden(Refusal):
    """The caller may see the record, but not perform this action. `words` name those who may."""

    STATUS = 403
    CODE = "forbidden"


@dataclass
class OnlookerReads(Refusal):
    """The caller sees the record only because they handed it to another team: they read it."""

    STATUS = 403
    CODE = "onlooker_reads"


@dataclass
class DoneInPerson(Refusal):
    """An assistant has tried what persons do themselves. `words`: the action."""

    STATUS = 403
    CODE = "done_in_person"


@dataclass
class NarrowKey(Refusal):
    """The person may do this, but not by this credential, which may use fewer roles than they hold."""

    STATUS = 403
    CODE = "narrow_key"


@dataclass
class NoLongerEligible(Refusal):
    """The record names the person for the duty by which they would act, and they have lost the role or the
    team that it needs.
    """

    STATUS = 403
    CODE = "no_longer_eligible"


@dataclass
class SegregationOfDuties(Refusal):
    """The caller, or the person on whose behalf they act, has had a duty in the record that excludes this
    action.

    `words`: the action, and that duty.
    """

    STATUS = 403
    CODE = "separation_of_duties"


@dataclass
class ConflictingDuty(Exception):
    """A check finds that the caller has had a duty that excludes the action; turned into SegregationOfDuties
    when the command is performed.
    """

    duty: RecordDuty


#: Checks of payloads, and preparations for them, that look only at the caller and the record.
CALLER_CHECKS: set[object] = set()


def caller_check(check: Check) -> Check:
    """Note that the check, or preparation, looks at nothing of the payload but the child record that it
    names: it is asked before there is a payload, when the available actions are shown.
    """
    CALLER_CHECKS.add(check)
    return check


@dataclass
class ActionUnavailable(Refusal):
    """The action is not available. `more`: `state`, and `allowed_actions` that are available to this caller
    now.

    `because` is the code of the message: a check's, or `not_in_this_state`.
    """

    STATUS = 409
    CODE = "not_now"

    because: str = "not_in_this_state"

    @property
    def code(self) -> str:
        """Return the code of the check that refused the action."""
        return self.because


@dataclass
class PreparationRefused(Exception):
    """A `prepare` of an action refuses, or a check that has words to give, so the action is not available;
    turned into ActionUnavailable when the command is performed. `because` is the code of the message; `words`
    and `more` as for a Refusal.
    """

    because: str
    words: Mapping[str, Word] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


@dataclass
class VersionMismatch(Refusal):
    """The record has another version than the client expects."""

    STATUS = 412
    CODE = "changed_since"


@dataclass
class VersionRequired(Refusal):
    """The client must send the version of the record that it has read."""

    STATUS = 428
    CODE = "version_needed"


@dataclass
class RetriesExhausted(Refusal):
    """The command's read set kept changing; it was decided again several times."""

    STATUS = 409
    CODE = "busy"
    RETRY_SECONDS = 1


@dataclass
class WrongValue(Refusal):
    """A value cannot be used.

    `pointer` is its location in the payload (JSON Pointer), `parameter` the name of a query parameter;
    `because` is the code of the message. `further` are more wrong values in the same payload.
    """

    STATUS = 422
    CODE = "wrong_value"

    pointer: str = ""
    because: str = ""
    parameter: str | None = None
    further: tuple[WrongValue, ...] = ()

    def sentence(self, language: str) -> str:
        """Return the message: which value, and what is wrong with it."""
        where = self.parameter or self.pointer.removeprefix("/")
        return f"{where}: {translate(language, 'value', self.because, self.words)}"


@dataclass
class KeyReused(Refusal):
    """The Idempotency-Key was used for another command."""

    STATUS = 422
    CODE = "idempotency_key_reused"


@dataclass
class StillRunning(Refusal):
    """The first command with this Idempotency-Key is still being performed."""

    STATUS = 409
    CODE = "still_running"


@dataclass
class PersonErased(Refusal):
    """The person whose text this is has been erased."""

    STATUS = 409
    CODE = "person_erased"
