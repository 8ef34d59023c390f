"""Creation of the demo's reference data: services, catalogue items, categories, CIs, assignment rules, and
groups.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from app.common.priorities.priority import Priority
from app.demo.data.catalogue_data import ITEMS, Item
from app.demo.data.change_data import BACK_OUT_PLAN, STANDARD_TEMPLATES, TEST_PLAN, StandardTemplate
from app.demo.data.cmdb_data import (
    CATEGORIES,
    DESK,
    DESK_CATEGORIES,
    REQUEST_CATEGORIES,
    SERVICES,
    Machine,
    ServiceTemplate,
    machines,
    team_by_rule,
)
from app.demo.data.organisation import (
    CAB,
    CAB_MEMBERS,
    CAB_NAME,
    CHANGE_MANAGER,
    CHANGE_VOTERS,
    CONFIGURATION_MANAGER,
    CUSTOMERS,
    HEAD_OF_IT,
    REQUESTERS,
)
from app.demo.script import DEMO_RULE, Script
from app.demo.scripts.agreement_scripts import make_agreements
from app.demo.scripts.incident_scripts import Participants
from app.foundation.assignment.assignment_rules import AddAssignmentRule
from app.foundation.categories.categories import AddCategory
from app.foundation.cis.payloads import CiAlteration, PlanCi, RelateCi
from app.foundation.decisions.payloads import CastVote
from app.foundation.decisions.records import VoteVerdict
from app.foundation.people.groups import AddGroup, AddMemberGroup
from app.foundation.people.records import RepresentedSide
from app.foundation.services.items import DraftCatalogueItem
from app.foundation.services.services import ProposeService
from app.foundation.text_blocks.text_blocks import AddTextBlock
from app.kernel.actions.payloads import EmptyPayload
from app.processes.changes.policies.payloads import ApproveChangeTemplate, DraftChangeTemplate

#: Answers of the desk that recur.
TEXT_BLOCKS = (
    AddTextBlock(
        key="seen-to",
        title_en="We are looking into it",
        title_zh="正在处理",
        text_en="Dear {requester}, {number} is with {team}. We will write as soon as we know more.\n{agent}",
        text_zh="{requester}，您好：{number} 已由“{team}”处理，有进展会及时告知。\n{agent}",
    ),
    AddTextBlock(
        key="which-device",
        process="incident",
        title_en="Which device?",
        title_zh="请说明设备",
        text_en="Dear {requester}, on which device is it? Its number stands on a label beneath it.\n{agent}",
        text_zh="{requester}，您好：请问是在哪台设备上出现的？编号在设备底部的标签上。\n{agent}",
    ),
)
#: Assignment rules do not apply to P1: the first agent of the desk who sees one takes it.
AUTO_ASSIGNED = (Priority.P2, Priority.P3, Priority.P4)
ScriptFactory = Callable[[str], Script]


def group_of(customer: str) -> str:
    """Return the key of the group that accepts projects for that customer."""
    return f"acceptance-{customer}"


async def make_foundations(begin: ScriptFactory, cast: Participants) -> None:
    """Create the reference data that do not exist yet. `begin` returns a script of that name, with its clock
    at the founding of the organisation.
    """
    await asyncio.gather(
        _categories(begin), _services(begin, cast), _groups(begin, cast), _text_blocks(begin)
    )
    await asyncio.gather(_items(begin, cast), _machines(begin, cast), _rules(begin), _templates(begin, cast))
    await make_agreements(begin, cast)


async def _gather(makings: Iterable[Awaitable[object]]) -> None:
    await asyncio.gather(*makings)


async def _categories(begin: ScriptFactory) -> None:
    async def add_category(upper: str) -> None:
        en, zh, below = CATEGORIES[upper]
        script = begin(f"category-{upper}")
        parent = await script.act(DEMO_RULE, "category", "add", None, _category("incident", upper, en, zh))
        for key, en, zh in below:
            body = _category("incident", f"{upper}-{key}", en, zh, parent)
            await script.act(DEMO_RULE, "category", "add", None, body)

    async def of_request(key: str, en: str, zh: str) -> None:
        script = begin(f"category-of-request-{key}")
        await script.act(DEMO_RULE, "category", "add", None, _category("request", key, en, zh))

    await _gather(
        [*(add_category(upper) for upper in CATEGORIES), *(of_request(*kind) for kind in REQUEST_CATEGORIES)]
    )


def _category(process: str, key: str, en: str, zh: str, parent: UUID | None = None) -> AddCategory:
    above = None if parent is None else str(parent)
    return AddCategory(process=process, key=key, name_en=en, name_zh=zh, parent=above)


async def _text_blocks(begin: ScriptFactory) -> None:
    async def add_block(body: AddTextBlock) -> None:
        await begin(f"text-block-{body.key}").act(DEMO_RULE, "text_block", "add", None, body)

    await _gather(map(add_block, TEXT_BLOCKS))


async def _services(begin: ScriptFactory, cast: Participants) -> None:
    async def add_service(service: ServiceTemplate) -> None:
        script = begin(f"service-{service.key}")
        theirs = [key for key, _, _, place in CUSTOMERS if service.key.endswith(f"-{place}")]
        body = ProposeService(
            key=service.key,
            name_en=service.en,
            name_zh=service.zh,
            criticality=service.criticality,
            owner=cast.heads[HEAD_OF_IT].id,
            team=service.team,
            customers=tuple(theirs),
        )
        service_id = await script.act(DEMO_RULE, "service", "propose", None, body)
        await script.act(DEMO_RULE, "service", "go_live", service_id, EmptyPayload())

    await _gather(add_service(service) for service in SERVICES.values())


async def _groups(begin: ScriptFactory, cast: Participants) -> None:
    """Add an acceptance group for each customer, with the requesters who work there as members."""
    by_customer: dict[str, list[str]] = {}
    for (_, customer), member in zip(REQUESTERS, cast.requesters, strict=True):
        by_customer.setdefault(customer, []).append(member.id)

    async def add_group(customer: str, name: str) -> None:
        members = by_customer[customer]
        script = begin(f"group-{customer}")
        body = AddGroup(key=group_of(customer), name=f"验收组 Acceptance: {name}", chair=members[0])
        group_id = await script.act(DEMO_RULE, "group", "add", None, body)
        for n, person in enumerate(members):
            member = AddMemberGroup(
                person=person, side=RepresentedSide.key_user if n else RepresentedSide.business
            )
            await script.act(DEMO_RULE, "group", "add_member", group_id, member)

    await _gather([*(add_group(key, name) for key, name, _, _ in CUSTOMERS), _board(begin, cast)])


async def _board(begin: ScriptFactory, cast: Participants) -> None:
    """Add the change advisory board."""
    script = begin(f"group-{CAB}")
    body = AddGroup(key=CAB, name=CAB_NAME, chair=cast.heads[CHANGE_MANAGER].id)
    await _add_members(script, body, CAB_MEMBERS, cast)


async def _add_members(script: Script, body: AddGroup, names: Iterable[str], cast: Participants) -> None:
    group_id = await script.act(DEMO_RULE, "group", "add", None, body)
    for name in names:
        member = AddMemberGroup(person=cast.heads[name].id, side=RepresentedSide.management)
        await script.act(DEMO_RULE, "group", "add_member", group_id, member)


async def _templates(begin: ScriptFactory, cast: Participants) -> None:
    """Add the templates of standard changes, which the change manager approves."""
    author, manager = cast.heads[HEAD_OF_IT].caller, cast.heads[CHANGE_MANAGER].caller
    voters = [manager, *(cast.heads[name].caller for name in CHANGE_VOTERS)]

    async def add_template(template: StandardTemplate) -> None:
        script = begin(f"change-template-{template.key}")
        body = DraftChangeTemplate(
            key=template.key,
            title=template.title,
            plan=template.plan,
            test_plan=f"{TEST_PLAN['en']} {TEST_PLAN['zh']}",
            back_out_plan=f"{BACK_OUT_PLAN['en']} {BACK_OUT_PLAN['zh']}",
            risk_level=template.risk,
            services=(template.service,),
            team=SERVICES[template.service].team,
        )
        template_id = await script.act(author, "change_template", "draft", None, body)
        await script.act(manager, "change_template", "approve", template_id, ApproveChangeTemplate())
        async for decision, voter in script.voters("change_template", template_id, voters):
            vote = CastVote(decision=decision, verdict=VoteVerdict.approve, comment=None)
            await script.act(voter, "change_template", "vote", template_id, vote)

    await _gather(add_template(template) for template in STANDARD_TEMPLATES)


async def _items(begin: ScriptFactory, cast: Participants) -> None:
    async def add_item(item: Item) -> None:
        script = begin(f"item-{item.key}")
        persons = tuple(cast.heads[name].id for name in item.approver_persons)
        body = DraftCatalogueItem.model_validate({**item.draft_body, "approver_persons": persons})
        item_id = await script.act(DEMO_RULE, "catalogue_item", "draft", None, body)
        await script.act(DEMO_RULE, "catalogue_item", "offer", item_id, EmptyPayload())

    await _gather(add_item(item) for item in ITEMS)


async def _machines(begin: ScriptFactory, cast: Participants) -> None:
    """Plan all configuration items, then relate them to each other and take them live."""
    estate = list(machines())
    scripts = {machine.key: begin(f"ci-{machine.key}") for machine in estate}
    ci_ids: dict[str, UUID] = {}

    async def plan(machine: Machine) -> None:
        body = PlanCi(
            key=machine.key,
            name=machine.name,
            ci_class=machine.ci_class,
            owner=cast.heads[CONFIGURATION_MANAGER].id,
            services=machine.services,
        )
        ci_ids[machine.key] = await scripts[machine.key].act(DEMO_RULE, "ci", "plan", None, body)

    async def go_live(machine: Machine) -> None:
        for kind, other in machine.related:
            await scripts[machine.key].act(
                DEMO_RULE, "ci", "relate", ci_ids[machine.key], RelateCi(kind=kind, other=str(ci_ids[other]))
            )
        await scripts[machine.key].act(DEMO_RULE, "ci", "go_live", ci_ids[machine.key], CiAlteration())

    await _gather(plan(machine) for machine in estate)
    await _gather(go_live(machine) for machine in estate)


async def _rules(begin: ScriptFactory) -> None:
    """Add assignment rules: those for the desk's own categories first, then one that sends each service to
    its team.
    """
    by_category = [(f"To the desk: {key}", {"for_category": key, "to_team": DESK}) for key in DESK_CATEGORIES]
    by_service = [
        (f"{service.en}", {"for_service": service.key, "to_team": team_by_rule(service.key, "")})
        for service in SERVICES.values()
    ]
    script = begin("assignment-rules")
    for n, (name, route) in enumerate((*by_category, *by_service), start=1):
        body = AddAssignmentRule.model_validate(
            {"process": "incident", "name": name, "position": 10 * n, "priorities": AUTO_ASSIGNED, **route}
        )
        await script.act(DEMO_RULE, "assignment_rule", "add", None, body)
