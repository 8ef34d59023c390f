"""Constraints of the database: what comes of a command that violates one, as the lifecycle declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from app.common.personal import KnownAs
from app.common.uploads import Uploaded
from app.kernel.bodies import marks
from app.kernel.guards import not_now
from app.kernel.refusals import Refusal, WrongValue
from app.log.writer import Stale

if TYPE_CHECKING:
    from app.kernel.perform import Act


@dataclass(frozen=True, slots=True)
class Taken:
    """The value of that field is another record's."""

    field: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The action is not open, as if a check had given this code."""

    code: str


@dataclass(frozen=True, slots=True)
class WrongMarked:
    """The value of the field that the body marks so cannot be used; `because` is the code of the sentence."""

    mark: type
    because: str


@dataclass(frozen=True, slots=True)
class DecidedAgain:
    """Somebody took the same at once: it is decided again, on what there is by now."""


Violation = Taken | Refused | WrongMarked | DecidedAgain
#: Those of the vault, which any command can write to whose body has such a field.
OF_THE_VAULT: Mapping[str, WrongMarked] = MappingProxyType(
    {
        "known_as_source_fingerprint_key": WrongMarked(KnownAs, "taken"),
        "personal_key_pkey": WrongMarked(Uploaded, "attached_already"),
    }
)


def declared(act: Act, constraint: str) -> Violation | None:
    """What comes of it by the act's own lifecycle, or by the vault's if it writes there; None: it is not the
    act that has violated the constraint.
    """
    violation = act.lifecycle.constraints.get(constraint)
    if violation is None and (marked := OF_THE_VAULT.get(constraint)) is not None:
        return marked if marks(type(act.body), marked.mark) else None
    return violation


def refusal(violation: Violation, act: Act, record: Any) -> Refusal | Stale:
    """What the act is refused with; Stale: it is not refused, but decided again."""
    if isinstance(violation, DecidedAgain):
        return Stale()
    if isinstance(violation, Refused):
        return not_now(act, record, violation.code)
    if isinstance(violation, Taken):
        return WrongValue({"field": violation.field}, pointer=f"/{violation.field}", because="taken")
    field = next(iter(marks(type(act.body), violation.mark)))
    return WrongValue({"field": field}, pointer=f"/{field}", because=violation.because)
