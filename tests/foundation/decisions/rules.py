"""Approval rules for tests, set by a process owner as everybody else sets them."""

from __future__ import annotations

from typing import Any

from app.common.people import Caller, Role, rule_caller
from app.foundation.decisions.approval_rules.lifecycle import AddApprovalRule, ReviseApprovalRule
from app.foundation.decisions.payloads import AgreeToEdition
from app.foundation.people.groups import AddGroup
from app.kernel.access.reads import load
from app.kernel.ledger import Ledger
from tests.people import act, add_caller, fill


async def set_rule(
    ledger: Ledger,
    voters: list[dict[str, Any]],
    *,
    by: Caller | None = None,
    decision: str = "change",
    **terms: Any,
) -> None:
    """The rule of that kind of decision is this from now on, whatever was before."""
    keeper = by or await add_caller(ledger, "Keeper", Role.process_owner)
    definition = {"voters": voters, "rule": "majority", "least_voters": 1, "least_seconds": 60, **terms}
    key = {"key": decision, "decision": decision, "name": "By a test"}
    existing = await load(ledger.db, ledger.lifecycles["approval_rule"], decision)
    if existing is None:
        body = AddApprovalRule.model_validate({**key, "definition": definition})
        await act(ledger, keeper, "approval_rule", "add", body=body)
    else:
        again = ReviseApprovalRule.model_validate({"definition": definition})
        await act(ledger, keeper, "approval_rule", "revise", decision, again)
    await agree(ledger, decision)


async def agree(ledger: Ledger, key: str) -> None:
    """A second person agrees to the newest version of the rule."""
    second_person = await add_caller(ledger, "Second keeper", Role.process_owner)
    await act(ledger, second_person, "approval_rule", "agree", key, AgreeToEdition())


async def group_of(ledger: Ledger, key: str, members: list[Any]) -> list[dict[str, Any]]:
    """The members of a new group, of which the first is its chair, as a source of voters."""
    persons: list[Any] = [member.person_id if isinstance(member, Caller) else member.id for member in members]
    add = AddGroup(key=key, name=key, chair=str(persons[0]))
    await act(ledger, rule_caller("tests"), "group", "add", body=add)
    await fill(ledger, key, persons[1:])
    return [{"group": key}]
