"""Those who may agree to a setting are asked, and those who vote by an approval rule are told of each
change of it that was agreed.
"""

from __future__ import annotations

from datetime import UTC, datetime

from app.common.people import Caller, Role
from app.foundation.decisions.approval_rules.lifecycle import AddApprovalRule
from app.foundation.decisions.payloads import AgreeToEdition
from app.governance.risks.matrices import EXAMPLE_CELLS, AddRiskMatrix
from app.kernel.actions.payloads import EmptyPayload
from app.processes.changes.policies.payloads import AddRiskQuestionnaire
from app.ticketing.routes.asked_actions import asked_actions
from tests.every_action.freezes import SAMPLES
from tests.extent import in_test_all
from tests.foundation.decisions.rules import agree, group_of, set_rule
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
    await agree(office.ledger, "change")
    await office.deliver_all()
    assert await office.told_steps(chair) == ["rule_changed"] * 2
    assert await office.told_steps(office.agent) == []


async def test_those_who_may_agree_to_a_setting_are_asked_until_one_of_them_has(office: Office) -> None:
    keeper = await add_caller(office.ledger, "Keeper", Role.quality_manager, Role.change_manager)
    second = await add_caller(office.ledger, "Second", Role.quality_manager)
    voter = await add_caller(office.ledger, "Member", Role.cab_member)
    rule = {"voters": [{"role": "cab_member"}], "rule": "majority", "least_voters": 1, "least_seconds": 60}
    add = {"key": "change", "decision": "change", "name": "By a test", "definition": rule}
    settings = {
        "approval_rule": AddApprovalRule.model_validate(add),
        "risk_questionnaire": AddRiskQuestionnaire.model_validate(SAMPLES[AddRiskQuestionnaire]()),
        "risk_matrix": AddRiskMatrix.model_validate({"cells": EXAMPLE_CELLS}),
    }
    records = {}
    for kind, body in settings.items():
        records[kind] = (await act(office.ledger, keeper, kind, "add", body=body)).record
    await office.deliver_all()
    assert await office.told_steps(second) == ["setting_to_agree"] * 3
    assert await office.told_steps(keeper) == await office.told_steps(voter) == []
    assert await asked_of(office, second) == {(kind, "agree") for kind in settings}
    for kind, record in records.items():
        body = EmptyPayload() if kind == "risk_matrix" else AgreeToEdition()
        await act(office.ledger, second, kind, "agree", record.id, body)
    await office.deliver_all()
    assert await asked_of(office, second) == set()
    assert await office.told_steps(voter) == ["rule_changed"]


async def asked_of(office: Office, caller: Caller) -> set[tuple[str, str]]:
    """The kinds and actions that wait for somebody."""
    items = await asked_actions(office.ledger, caller, "en", datetime.now(UTC))
    return {(item["kind"], item["action"]) for item in items}
