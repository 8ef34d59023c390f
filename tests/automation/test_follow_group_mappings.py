"""Members of provisioned groups get what a mapping gives, and lose it, when the mapping changes."""

from __future__ import annotations

from app.common.people import Person, rule_caller
from app.foundation.people.provisioning.accounts import JoinDirectoryGroupPerson
from app.foundation.people.provisioning.directory_groups import AddDirectoryGroup, EditDirectoryGroup
from app.foundation.people.provisioning.group_mappings import EditGroupMapping, MakeGroupMapping
from app.kernel.access.reads import load
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules
from tests.people import act, add_person

RULE = rule_caller("tests")


async def test_members_follow_each_change_of_a_mapping_and_of_a_group_s_name(desk: Desk) -> None:
    ledger = desk.ledger
    wu = await add_person(ledger, "Wu")
    lin = await add_person(ledger, "Lin", roles=("agent",))
    group = (await act(ledger, RULE, "directory_group", "add", body=AddDirectoryGroup(name="Desk"))).record
    joining = JoinDirectoryGroupPerson(directory_group=str(group.id))
    for person in (wu, lin):
        await act(ledger, RULE, "person", "join_directory_group", person.id, joining)

    async def roles(person: Person) -> list[str] | None:
        await desk.pass_time(minutes=1)
        loaded = await load(ledger.db, ledger.lifecycles["person"], str(person.id))
        assert loaded is not None
        held: list[str] | None = loaded.record.roles
        return held

    body = MakeGroupMapping(group_name="Desk", role="agent")
    mapping = (await act(ledger, RULE, "group_mapping", "make", body=body)).record
    assert await roles(wu) == ["agent"]
    edited = EditGroupMapping(role="engineer")
    await act(ledger, RULE, "group_mapping", "edit", mapping.id, edited)
    assert await roles(wu) == ["engineer"]
    assert await roles(lin) == ["agent", "engineer"]
    await act(ledger, RULE, "directory_group", "edit", group.id, EditDirectoryGroup(name="Help"))
    assert await roles(wu) is None
    await act(ledger, RULE, "directory_group", "edit", group.id, EditDirectoryGroup(external_id="Desk"))
    assert await roles(wu) == ["engineer"]
    await act(ledger, RULE, "group_mapping", "withdraw", mapping.id)
    assert (await roles(wu), await roles(lin)) == (None, ["agent"]), "what is held by hand stays"
    events = [e for e in await by_rules(ledger, lin.row_key) if e.actor == "rule:follow_group_mappings"]
    assert len(events) == 4, "nothing is told to whom nothing changes"
