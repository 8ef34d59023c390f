"""Makes what everything else of the demo stands on: services, items, categories, CIs, rules, groups."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from app.common.priority import Priority
from app.demo.estate import (
    AT_THE_DESK,
    CATEGORIES,
    DESK,
    KINDS_OF_REQUEST,
    SERVICES,
    Machine,
    Offered,
    machines,
    team_by_rule,
)
from app.demo.life import Cast
from app.demo.organisation import CATALOGUE, CUSTOMERS, HEAD_OF_IT, REQUESTERS
from app.demo.script import MAKER, Script
from app.demo.wishes import ITEMS, Item
from app.foundation.assignment.assignment_rules import AddAssignmentRule
from app.foundation.categories.categories import AddCategory
from app.foundation.cis.lifecycle import Altering, PlanCi, RelateCi
from app.foundation.people.groups import AddGroup, AddMemberGroup
from app.foundation.people.records import Side
from app.foundation.services.items import DraftCatalogueItem
from app.foundation.services.services import ProposeService
from app.kernel.bodies import Nothing

#: A P1 waits for no rule: whoever of the desk sees it first takes it.
BY_THEMSELVES = (Priority.P2, Priority.P3, Priority.P4)
Begin = Callable[[str], Script]


def group_of(customer: str) -> str:
    """The key of the group that accepts what is made for that customer."""
    return f"acceptance-{customer}"


async def lay(begin: Begin, cast: Cast) -> None:
    """What is not there yet. `begin` gives a script of that name that begins at the beginning."""
    await asyncio.gather(_categories(begin), _services(begin, cast), _groups(begin, cast))
    await asyncio.gather(_items(begin, cast), _machines(begin, cast), _rules(begin))


async def _all(makings: Iterable[Awaitable[object]]) -> None:
    await asyncio.gather(*makings)


async def _categories(begin: Begin) -> None:
    async def one(upper: str) -> None:
        en, zh, below = CATEGORIES[upper]
        script = begin(f"category-{upper}")
        parent = await script.act(MAKER, "category", "add", None, _category("incident", upper, en, zh))
        for key, en, zh in below:
            body = _category("incident", f"{upper}-{key}", en, zh, parent)
            await script.act(MAKER, "category", "add", None, body)

    async def of_request(key: str, en: str, zh: str) -> None:
        script = begin(f"category-of-request-{key}")
        await script.act(MAKER, "category", "add", None, _category("request", key, en, zh))

    await _all([*(one(upper) for upper in CATEGORIES), *(of_request(*kind) for kind in KINDS_OF_REQUEST)])


def _category(process: str, key: str, en: str, zh: str, parent: UUID | None = None) -> AddCategory:
    above = None if parent is None else str(parent)
    return AddCategory(process=process, key=key, name_en=en, name_zh=zh, parent=above)


async def _services(begin: Begin, cast: Cast) -> None:
    async def one(service: Offered) -> None:
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
        made = await script.act(MAKER, "service", "propose", None, body)
        await script.act(MAKER, "service", "go_live", made, Nothing())

    await _all(one(service) for service in SERVICES.values())


async def _groups(begin: Begin, cast: Cast) -> None:
    """One for each customer, of those who work there."""
    by_customer: dict[str, list[str]] = {}
    for (_, customer), member in zip(REQUESTERS, cast.requesters, strict=True):
        by_customer.setdefault(customer, []).append(member.id)

    async def one(customer: str, name: str) -> None:
        members = by_customer[customer]
        script = begin(f"group-{customer}")
        body = AddGroup(key=group_of(customer), name=f"验收组 Acceptance: {name}", chair=members[0])
        made = await script.act(MAKER, "group", "add", None, body)
        for n, person in enumerate(members):
            member = AddMemberGroup(person=person, side=Side.key_user if n else Side.business)
            await script.act(MAKER, "group", "add_member", made, member)

    await _all(one(key, name) for key, name, _, _ in CUSTOMERS)


async def _items(begin: Begin, cast: Cast) -> None:
    async def one(item: Item) -> None:
        script = begin(f"item-{item.key}")
        persons = tuple(cast.heads[name].id for name in item.approver_persons)
        body = DraftCatalogueItem.model_validate({**item.said, "approver_persons": persons})
        made = await script.act(MAKER, "catalogue_item", "draft", None, body)
        await script.act(MAKER, "catalogue_item", "offer", made, Nothing())

    await _all(one(item) for item in ITEMS)


async def _machines(begin: Begin, cast: Cast) -> None:
    """All of them first, then what they are to each other, and then they are used."""
    there = list(machines())
    scripts = {one.key: begin(f"ci-{one.key}") for one in there}
    made: dict[str, UUID] = {}

    async def plan(one: Machine) -> None:
        body = PlanCi(
            key=one.key,
            name=one.name,
            ci_class=one.ci_class,
            owner=cast.heads[CATALOGUE].id,
            services=one.services,
        )
        made[one.key] = await scripts[one.key].act(MAKER, "ci", "plan", None, body)

    async def go_live(one: Machine) -> None:
        for kind, other in one.related:
            await scripts[one.key].act(
                MAKER, "ci", "relate", made[one.key], RelateCi(kind=kind, other=str(made[other]))
            )
        await scripts[one.key].act(MAKER, "ci", "go_live", made[one.key], Altering())

    await _all(plan(one) for one in there)
    await _all(go_live(one) for one in there)


async def _rules(begin: Begin) -> None:
    """What the desk does itself comes first; then each service goes to those who run it."""
    by_category = [(f"To the desk: {key}", {"for_category": key, "to_team": DESK}) for key in AT_THE_DESK]
    by_service = [
        (f"{one.en}", {"for_service": one.key, "to_team": team_by_rule(one.key, "")})
        for one in SERVICES.values()
    ]
    script = begin("assignment-rules")
    for n, (name, what) in enumerate((*by_category, *by_service), start=1):
        body = AddAssignmentRule.model_validate(
            {"process": "incident", "name": name, "position": 10 * n, "priorities": BY_THEMSELVES, **what}
        )
        await script.act(MAKER, "assignment_rule", "add", None, body)
