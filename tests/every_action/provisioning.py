"""What is said of people and groups that the identity provider keeps here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.common.people import rule_caller
from app.foundation.people.persons import RevokeRolePerson
from app.foundation.people.provisioning.accounts import (
    JoinDirectoryGroupPerson,
    LeaveDirectoryGroupPerson,
    ProvisionPerson,
)
from app.foundation.people.provisioning.directory_groups import AddDirectoryGroup, EditDirectoryGroup
from app.foundation.people.provisioning.grants import ProvideGrantsPerson
from app.foundation.people.provisioning.group_mappings import EditGroupMapping, MakeGroupMapping
from app.kernel.actions.payloads import Payload
from tests.client import Client, Json
from tests.every_action.world_data import NOBODYS, NUMBERS
from tests.people import act

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    MakeGroupMapping: lambda: {"group_name": f"Desk {next(NUMBERS)}", "role": "agent"},
    EditGroupMapping: lambda: {"role": "engineer"},
    AddDirectoryGroup: lambda: {"name": f"Desk {next(NUMBERS)}", "external_id": f"g-{next(NUMBERS)}"},
    EditDirectoryGroup: lambda: {"name": f"Desks {next(NUMBERS)}", "external_id": f"g-{next(NUMBERS)}"},
    ProvideGrantsPerson: lambda: {"provided_by": "sign_in", "groups": ["Desk"]},
    ProvisionPerson: lambda: {
        "name": "Sun Li-Berg",
        "email": "sun.berg@example.org",
        "phone": "+86 10 5555 0102",
        "further_emails": "home: sun@home.example",
        "further_phones": "mobile: +86 139 5555 0102",
        "login": f"sun-{next(NUMBERS)}",
        "department": "Purchasing",
        "post": "Head of purchasing",
        "locale": "en",
        "time_zone": "Europe/Berlin",
        "scim_user_name": f"sun-{next(NUMBERS)}@example.org",
        "scim_external_id": f"u-{next(NUMBERS)}",
        "scim_status": "provisioned",
        "scim_qualifiers": ["email_work", "email_primary"],
    },
    JoinDirectoryGroupPerson: lambda: {"directory_group": NOBODYS},
    LeaveDirectoryGroupPerson: lambda: {"directory_group": NOBODYS},
}


async def _mapped(client: Client, path: str) -> Json:
    """A group that gives a role for a service that nobody has."""
    name = f"Desk {next(NUMBERS)}"
    body = MakeGroupMapping(group_name=name, role=f"agent@service/none-{next(NUMBERS)}")
    await act(client.app.state.ledger, rule_caller("tests"), "group_mapping", "make", body=body)
    return {"groups": [name]}


async def _without_roles(client: Client, path: str) -> Json:
    """Nobody's login follows from the provider while they hold roles that were granted by hand."""
    person = path.rpartition("/")[2]
    for role in (await client.read(path))["roles"]:
        body = RevokeRolePerson(role=role)
        await act(client.app.state.ledger, rule_caller("tests"), "person", "revoke_role", person, body)
    return {}


async def _grouped(client: Client, path: str) -> Json:
    body = AddDirectoryGroup(name=f"Desk {next(NUMBERS)}")
    added = await act(client.app.state.ledger, rule_caller("tests"), "directory_group", "add", body=body)
    return {"directory_group": str(added.record.id)}


async def _joined(client: Client, path: str) -> Json:
    named = await _grouped(client, path)
    body = JoinDirectoryGroupPerson(**named)
    person = path.rpartition("/")[2]
    await act(client.app.state.ledger, rule_caller("tests"), "person", "join_directory_group", person, body)
    return named


PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    ProvideGrantsPerson: _mapped,
    ProvisionPerson: _without_roles,
    JoinDirectoryGroupPerson: _grouped,
    LeaveDirectoryGroupPerson: _joined,
}
