"""What the present world is set to before there are records in it."""

from __future__ import annotations

from app.common.people import Role, rule_caller
from app.foundation.custom.fields import AddCustomField
from app.registry import LIFECYCLES
from tests.client import Api, Json
from tests.every_action.world_data import IDS
from tests.people import act, add_person

#: Whom boards ask as well if too many of them are parties: managers who have no part in any record.
ASKED_AS_WELL = ("director", "president", "chairman")
#: What is wanted to be known of tickets besides: by key, the type of the values, and whether for staff only.
CUSTOM = {"room": ("text", False), "visitors": ("number", False), "assessment": ("text", True)}


async def want_custom_fields_of_tickets(api: Api) -> None:
    """Each kind of ticket has the custom fields."""
    for lifecycle in LIFECYCLES:
        if lifecycle.is_ticket:
            await _want_custom_fields(api, lifecycle.kind)


async def add_those_asked_as_well(api: Api) -> None:
    """Boards have managers to ask who are parties to nothing."""
    for name in ASKED_AS_WELL:
        person = await add_person(api.ledger, name.capitalize(), roles=(Role.management.value,))
        IDS[name] = str(person.id)


async def ask_several_about_changes(api: Api) -> None:
    """One vote decides on no change, so that each is an event of its own. Who sets the rule asks nothing."""
    quality = await api.client("Quality", Role.quality_manager)
    low = {"field": "risk_level", "any_of": ["low"]}
    voters = [{"role": Role.change_manager.value}]
    body: Json = {"conditions": [low], "voters": voters, "rule": "majority", "quorum": 2}
    named = {"key": "change_low_risk", "decision": "change", "name": "Changes of low risk"}
    await quality.post_ok("/v1/approval_rules", {**named, "definition": body})
    second_person = await api.client("Second of quality", Role.quality_manager)
    await second_person.post_ok("/v1/approval_rules/change_low_risk/agree")


async def _want_custom_fields(api: Api, process: str) -> None:
    for key, (value_type, staff_only) in CUSTOM.items():
        fields = {"process": process, "key": key, "value_type": value_type, "staff_only": staff_only}
        labels = {"label_en": key.capitalize(), "label_zh": key}
        body = AddCustomField.model_validate({**fields, **labels, "filterable": True})
        await act(api.ledger, rule_caller("tests"), "custom_field", "add", body=body)
