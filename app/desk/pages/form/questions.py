"""Questions of pages before an action that ends or undoes something. A question shows the record's next
state, the action that reverses it, and, before an account is ended, the duties of its person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.api.authentication.auth import ledger_of
from app.common.people import Role
from app.desk.pages.context import Desk, require_signed_in
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.records import RecordView
from app.foundation.people.succession.duties import KIND_DUTIES
from app.foundation.people.succession.leaving import managed_kinds
from app.i18n.entries import joined
from app.kernel.actions.describe import outcomes

#: Actions that end the account of a person.
ENDS_ACCOUNT = frozenset({"deactivate", "erase"})
#: Action by which the duties of a person are given to another.
TRANSFER = "transfer_duties"


@dataclass(frozen=True, slots=True)
class HeldKind:
    """Duties in the records of one kind: what the kind is called, how many there are, the records themselves,
    who may hand them over, and whether the reader does.
    """

    label: str
    count: int
    records: tuple[tuple[str, str], ...]
    managers: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class ActionQuestion:
    """The question before an action. `becomes`: label of the record's state afterwards; `way_back`: label of
    the action that takes it back; `held`: what the person holds, with the number of their keys.
    """

    becomes: str | None
    way_back: str | None
    held: tuple[HeldKind, ...] = ()
    is_account: bool = False
    key_count: int = 0

    @property
    def duty_count(self) -> int:
        """Number of duties that the person holds."""
        return sum(kind.count for kind in self.held)


async def question_before(screen: ActionScreen) -> ActionQuestion | None:
    """Return the question before the action; None if it ends and undoes nothing."""
    desk, view = screen.desk, screen.view
    if view is None or not screen.lifecycle.face.is_dangerous(screen.row.name):
        return None
    becomes, way_back = _effect(screen, view)
    if screen.lifecycle.kind != "person" or screen.row.name not in ENDS_ACCOUNT:
        return ActionQuestion(becomes, way_back)
    person = view.record["id"]
    duties = await desk.calls.read_if_allowed(f"/v1/persons/{person}/duties") or {"counts": (), "items": ()}
    keys = await desk.calls.read_if_allowed("/v1/keys", {"person": person, "state": "active"})
    held = tuple(held_kinds(desk, duties))
    return ActionQuestion(
        becomes, way_back, held, is_account=True, key_count=len((keys or {"items": ()})["items"])
    )


def _effect(screen: ActionScreen, view: RecordView) -> tuple[str | None, str | None]:
    """Return the label of the state that the action leads to, and of the action that leads back."""
    lifecycle, language = screen.lifecycle, screen.desk.language
    present = next((state for state in lifecycle.states if state == view.record.get("state")), None)
    if present is None or screen.row.stays:
        return None, None
    reached = outcomes(lifecycle, screen.row, present)
    back = (
        row.label(language)
        for row in lifecycle.rows
        for state in reached
        if not row.opens and row.is_open_in(state) and present in outcomes(lifecycle, row, state)
    )
    return " / ".join(state.label(language) for state in reached) or None, next(back, None)


def managers_of(kind: str) -> frozenset[Role]:
    """Return the roles that hand over what somebody holds of that kind."""
    return KIND_DUTIES[kind].managers if kind in KIND_DUTIES else frozenset()


def managers_in_words(desk: Desk, kind: str) -> str:
    """Return the names of the roles that hand over what somebody holds of that kind."""
    labels = ledger_of(desk.request).role_labels
    roles = sorted(managers_of(kind), key=list(Role).index)
    return joined((labels.label(role, desk.language) for role in roles), desk.language)


def named_duty(desk: Desk, duty: Mapping[str, Any]) -> tuple[str, str]:
    """Return the address and name of the record that the person has the duty in."""
    return f"/desk/{duty['kind']}/{duty['number'] or duty['id']}", _called(desk, duty)


def held_kinds(desk: Desk, duties: Mapping[str, Any]) -> list[HeldKind]:
    """Return the duties that a person holds, by kind; those first that the reader may hand over."""
    own = managed_kinds(require_signed_in(desk.request))
    kinds = []
    for held in duties["counts"]:
        kind = held["kind"]
        records = tuple(named_duty(desk, duty) for duty in duties["items"] if duty["kind"] == kind)
        managers = managers_in_words(desk, kind)
        kinds.append(HeldKind(desk.kinds_label(kind), held["count"], records, managers, kind in own))
    return sorted(kinds, key=lambda kind: not kind.is_own)


async def reason_against_transfer(desk: Desk, view: RecordView) -> str | None:
    """Return who hands over what the person holds, if the reader hands over none of it."""
    duties = await desk.calls.read_if_allowed(f"/v1/persons/{view.record['id']}/duties")
    kinds = held_kinds(desk, duties) if duties else []
    if not kinds or any(kind.is_own for kind in kinds):
        return None
    roles = "; ".join(dict.fromkeys(kind.managers for kind in kinds))
    return desk.sentence("hands_over_none", roles=roles)


def _called(desk: Desk, duty: Mapping[str, Any]) -> str:
    """Return what the record is called, and which duty in it is meant."""
    called = " ".join(str(duty[name]) for name in ("number", "title") if duty[name])
    return f"{called} · {desk.display.duty(duty['duty'])}"
