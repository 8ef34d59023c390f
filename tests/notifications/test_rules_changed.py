"""Those who vote by an approval rule are told of each change of it, and whoever changes it is not."""

from __future__ import annotations

from app.common.people import Role
from tests.extent import in_test_all
from tests.foundation.decisions.rules import group_of, set_rule
from tests.notifications.conftest import Office
from tests.people import act, add_caller


@in_test_all
async def test_voters_of_the_newest_version_and_of_the_one_before_are_told(office: Office) -> None:
    member = await add_caller(office.ledger, "Member", Role.cab_member)
    chair = await add_caller(office.ledger, "Chair", Role.agent)
    keeper = await add_caller(office.ledger, "Keeper", Role.process_owner, Role.cab_member)
    await set_rule(office.ledger, [{"role": "cab_member"}], by=keeper)
    await office.deliver_all()
    assert await office.told_steps(member) == ["rule_changed"]
    assert await office.told_steps(keeper) == [], "who sets it knows"
    group = await group_of(office.ledger, "board", [chair])
    await set_rule(office.ledger, group, by=keeper)
    await office.deliver_all()
    assert await office.told_steps(member) == ["rule_changed"] * 2, "they vote no more"
    await act(office.ledger, keeper, "approval_rule", "end", "change")
    await office.deliver_all()
    assert await office.told_steps(chair) == ["rule_changed"] * 2
    assert await office.told_steps(office.agent) == []
