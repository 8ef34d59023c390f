"""Those who judge a project are told when it is their turn: of its solution, and of what was made."""

from __future__ import annotations

from typing import Any

from app.common.people import Caller, Role
from tests.extent import in_test_all
from tests.notifications.conftest import Office
from tests.people import act, add_caller

AHEAD = "2199-01-01T00:00:00Z"
PAPER = {
    "architecture": "As now.",
    "steps": "One.",
    "resources": "Ann.",
    "schedule": "Today.",
    "planned_at": AHEAD,
}
WANTED = {
    "background": "As now.",
    "functional": "Mail.",
    "performance": "Fast.",
    "interfaces": "Two.",
    "data": "None yet.",
}
GOOD = {"verdict": "approve", "feasibility": "good", "business_fit": "good", "cost_and_benefit": "good"}


async def does(
    office: Office,
    caller: Caller,
    action: str,
    fields: dict[str, Any],
    name: Any = None,
    kind: str = "request",
) -> Any:
    """Somebody does it. Gives the record's id."""
    body = office.ledger.lifecycles[kind][action].body.model_validate(fields)
    return (await act(office.ledger, caller, kind, action, name, body, now=office.now)).record.id


@in_test_all
async def test_who_judges_a_project_is_told_of_its_solution_and_when_it_is_to_be_accepted(
    office: Office,
) -> None:
    business, colleague, chair = [
        await add_caller(office.ledger, name) for name in ("Business", "IT", "Chair")
    ]
    author = await add_caller(office.ledger, "Author", Role.engineer, teams=("mail",))
    admin = await add_caller(office.ledger, "Admin", Role.admin)
    group = await does(
        office, admin, "add", {"key": "leave", "name": "G", "chair": str(chair.person_id)}, None, "group"
    )
    for person, side in ((business, "business"), (colleague, "operations")):
        body = {"person": str(person.person_id), "side": side}
        await does(office, admin, "add_member", body, group, "group")
    request = {"title": "Leave", "description": "On paper.", "channel": "portal", "urgency": "3"}
    it = await does(office, office.requester, "submit", request)
    assessed = {"category": "x", "impact": "3", "urgency": "3", "path": "project", "team": "mail"}
    await does(office, office.agent, "assess", assessed, it)
    requirements = {
        **WANTED,
        "heard": [str(business.person_id)],
        "criteria": [{"text": "It works.", "shown_by": "demonstration"}],
        "acceptance_group": "leave",
        "confirmed_at": office.now,
        "confirmation_method": "meeting",
    }
    await does(office, author, "confirm_requirements", requirements, it)
    without_risks = {"risks": [], "no_risks_reason": "None, because it is a copy."}
    await does(office, author, "propose_solution", {**PAPER, **without_risks}, it)
    await office.deliver_all()
    for caller in (office.requester, business):
        assert "to_review" in await office.told_steps(caller)
    for caller in (author, colleague, chair):
        assert await office.told_steps(caller) == []

    await does(office, business, "review_solution", {"side": "business", **GOOD}, it)
    await does(office, office.engineer, "review_solution", {"side": "it", **GOOD}, it)
    task = {"title": "Build it", "assignee": str(author.person_id), "milestone": 1, "due_at": AHEAD}
    plan = {"milestones": [{"title": "It runs", "due_at": AHEAD}], "tasks": [task]}
    await does(office, author, "begin_implementation", plan, it)
    for day in ("2199-01-03", "2199-01-03"):
        progress = {"milestones": [], "expected_at": f"{day}T09:00:00Z", "text": "A part is late."}
        await does(office, author, "report_progress", progress, it)
    (built,) = await office.ledger.db.rows("select id from fold.task where title = 'Build it'")
    await does(office, author, "complete_task", {"task": built["id"], "outcome": "It is in place."}, it)
    check = {"checkpoint": "All", "passed": True, "findings": "None, because all of it works."}
    await does(office, office.engineer, "check_quality", check, it)
    await does(office, author, "submit_for_acceptance", {"manual": "SHELF-3", "wanted_at": AHEAD}, it)
    await office.deliver_all()
    for caller in (office.requester, business, colleague, chair):
        assert (await office.told_steps(caller)).count("to_accept") == 1
    # The second report names the same day again.
    assert (await office.told_steps(office.requester)).count("delivery_moved") == 1
