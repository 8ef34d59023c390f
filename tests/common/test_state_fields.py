"""Fields that follow from a record's state: set and cleared by the change of the state alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest

from app.common.records import CodeEnum, Record, empty
from app.common.state_fields import ClearedBy, EnteredAt, StateBefore, enter_state


class LampState(CodeEnum):
    """The state of a lamp."""

    off = "off"
    on = "on"
    dimmed = "dimmed"
    broken = "broken"


class Lamp(Record):
    """A lamp."""

    KIND: ClassVar[str] = "lamp"

    state: LampState | None = None
    state_since: Annotated[datetime | None, EnteredAt()] = None
    first_on_at: Annotated[datetime | None, EnteredAt(LampState.on, first=True)] = None
    on_at: Annotated[datetime | None, EnteredAt(LampState.on), ClearedBy(leaving={LampState.on})] = None
    lit_at: Annotated[datetime | None, EnteredAt(LampState.on, LampState.dimmed, after={LampState.off})] = (
        None
    )
    switched_on_at: Annotated[datetime | None, EnteredAt(LampState.on, not_after={LampState.dimmed})] = None
    dimmed_from: Annotated[
        LampState | None, StateBefore(LampState.dimmed, among={LampState.on}, otherwise=LampState.off)
    ] = None
    owner: Annotated[str | None, ClearedBy(entering={LampState.broken})] = None
    fault: Annotated[str | None, ClearedBy(leaving={LampState.broken}, entering={LampState.on})] = None


NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def a_lamp(**fields: Any) -> Lamp:
    """Return a lamp with these fields."""
    lamp = empty(Lamp, UUID(int=1))
    for name, value in fields.items():
        setattr(lamp, name, value)
    return lamp


def enter(lamp: Lamp, *states: LampState) -> Lamp:
    """Let the lamp enter these states, one in each minute from noon on."""
    for minute, state in enumerate(states):
        enter_state(lamp, state, NOON + timedelta(minutes=minute))
    return lamp


def minute(instant: datetime | None) -> int | None:
    """Return the minute after noon."""
    return None if instant is None else (instant - NOON).seconds // 60


def test_a_field_without_states_holds_the_time_of_the_last_change() -> None:
    assert minute(enter(a_lamp(), LampState.off, LampState.on).state_since) == 1


def test_a_state_that_is_entered_again_is_stamped_again_unless_the_first_time_stays() -> None:
    lamp = enter(a_lamp(), LampState.on, LampState.off, LampState.on)
    assert (minute(lamp.on_at), minute(lamp.first_on_at)) == (2, 0)


@pytest.mark.parametrize(
    ("before", "state", "stamped"),
    [
        (LampState.off, LampState.on, (True, True)),
        (LampState.off, LampState.dimmed, (True, False)),
        (LampState.dimmed, LampState.on, (False, False)),
        (None, LampState.on, (False, True)),
    ],
)
def test_only_entries_from_the_states_that_are_named_count(
    before: LampState | None, state: LampState, stamped: tuple[bool, bool]
) -> None:
    lamp = enter(a_lamp(state=before), state)
    assert (lamp.lit_at is not None, lamp.switched_on_at is not None) == stamped


def test_a_field_is_cleared_by_entering_or_by_leaving_a_state() -> None:
    lamp = enter(a_lamp(owner="Ann"), LampState.on, LampState.dimmed)
    assert (lamp.owner, lamp.on_at) == ("Ann", None)
    assert enter(lamp, LampState.broken).owner is None


def test_a_field_with_both_is_cleared_only_by_going_from_one_to_the_other() -> None:
    lamp = enter(a_lamp(state=LampState.broken, fault="fuse"), LampState.off, LampState.on)
    assert lamp.fault == "fuse"
    assert enter(lamp, LampState.broken, LampState.on).fault is None


def test_a_field_holds_the_state_before_or_the_usual_one() -> None:
    assert enter(a_lamp(), LampState.on, LampState.dimmed).dimmed_from is LampState.on
    assert enter(a_lamp(), LampState.broken, LampState.dimmed).dimmed_from is LampState.off


def test_a_mark_names_some_change_of_the_state() -> None:
    with pytest.raises(AssertionError, match="some change"):
        ClearedBy()
