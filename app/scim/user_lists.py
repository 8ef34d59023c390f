"""Lists of SCIM users, and the filters by which providers find one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from app.common.people import Person
from app.kernel.access.reads import load_many
from app.scim.attributes import ENTERPRISE_USER
from app.scim.filters import (
    Expression,
    Junction,
    Negation,
    ScimComparison,
    equalities,
    matches_filter,
    read_filter,
    unsupported,
)
from app.scim.patches import lower_keys
from app.scim.users import ScimContext, is_visible, person_by_name, person_of, user_documents

#: The attributes by which a person is found. Further conditions are tried on those found.
NAMES = ("id", "username", "externalid")
FILTERS = "`userName`, `externalId`, `id`, `emails`"
MOST_MATCHES = 100
PERSONS_BY_ADDRESS = "select person_id from vault.address where fingerprint = %s limit %s"
# People shown by `is_visible`, by the index person_provisioned.
VISIBLE = """
(p.scim_status in ('provisioned', 'suspended')
 or (p.scim_status is null and p.login is not null and p.login_issuer = %(issuer)s))
and p.kind = 'human' and p.state <> 'erased' and (p.scim_status is not null or p.login is not null)
"""
PAGE = f"""
select p.id from fold.person p where {VISIBLE} order by p.added_at, p.id limit %(count)s offset %(skip)s"""
COUNT = f"select count(*) from fold.person p where {VISIBLE}"


async def list_users(
    ctx: ScimContext, condition_text: str | None, start: int, count: int
) -> tuple[list[Person], int]:
    """Return a page of the users, from the one at `start` on, counted from 1, and how many there are."""
    if condition_text is not None:
        persons = await _filtered(ctx, condition_text)
        return persons[start - 1 : start - 1 + count], len(persons)
    parameters = {"issuer": ctx.ledger.settings.oidc_issuer, "count": count, "skip": start - 1}
    total: int = await ctx.ledger.db.value(COUNT, parameters)
    rows = await ctx.ledger.db.rows(PAGE, parameters) if count else []
    loaded = await load_many(ctx.ledger.db, ctx.ledger.lifecycles["person"], [row["id"] for row in rows])
    return [loaded[row["id"]].record for row in rows if row["id"] in loaded], total


async def _filtered(ctx: ScimContext, text: str) -> list[Person]:
    """Return the users that match the filter. It must name them by an attribute that is indexed; its other
    conditions are checked on the found users. Raises ScimError.
    """
    expression = read_filter(text)
    by_condition: dict[ScimComparison, frozenset[UUID]] = {}
    for condition in _conditions(expression):
        if (persons := await _found_by(ctx, condition)) is not None:
            by_condition[condition] = persons
    named = _named(expression, by_condition)
    if named is None:
        raise unsupported(FILTERS)
    loaded = await load_many(ctx.ledger.db, ctx.ledger.lifecycles["person"], sorted(named))
    people: list[Person] = [each.record for each in loaded.values() if is_visible(ctx, each.record)]
    matching = list[Person]()
    for person, document in zip(people, await user_documents(ctx, people), strict=True):
        # A person who is handed over has a login but no `userName` yet, so the index is more reliable than
        # the document.
        decided = {each: person.id in ids for each, ids in by_condition.items() if each.path.name in NAMES}
        if matches_filter(expression, _flat(document), decided):
            matching.append(person)
    return matching


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with the attributes of its extension among its own, names in lower case."""
    return lower_keys({**document.get(ENTERPRISE_USER, {}), **document})


def _conditions(expression: Expression) -> Iterator[ScimComparison]:
    """Yield the conditions of an expression."""
    if isinstance(expression, Junction):
        for part in expression.parts:
            yield from _conditions(part)
    elif isinstance(expression, Negation):
        yield from _conditions(expression.part)
    else:
        yield expression


async def _found_by(ctx: ScimContext, condition: ScimComparison) -> frozenset[UUID] | None:
    """Return the users with this name or address; None if such a condition is not indexed."""
    path = condition.path
    if path.name == "emails" and path.sub in (None, "value"):
        address = condition.value if condition.operator == "eq" else _wanted_address(path.where)
        return await _with_address(ctx, address) if isinstance(address, str) else None
    is_name = path.name in NAMES and path.sub is None and path.where is None
    if not is_name or condition.operator != "eq" or not isinstance(condition.value, str):
        return None
    by_id = path.name == "id"
    person = await (
        person_of(ctx, condition.value) if by_id else person_by_name(ctx, path.name, condition.value)
    )
    return frozenset() if person is None else frozenset({person.id})


def _wanted_address(where: Expression | None) -> object:
    """Return the address that a value must have: `emails[type eq "work" and value eq "a@example.org"]`."""
    conditions = None if where is None else equalities(where)
    return next((each.value for each in conditions or () if each.path.name == "value"), None)


async def _with_address(ctx: ScimContext, address: str) -> frozenset[UUID]:
    digest = ctx.ledger.address_fingerprint(address)
    rows = await ctx.ledger.db.rows(PERSONS_BY_ADDRESS, (digest, MOST_MATCHES))
    return frozenset(row["person_id"] for row in rows)


def _named(
    expression: Expression, by_condition: Mapping[ScimComparison, frozenset[UUID]]
) -> frozenset[UUID] | None:
    """Return the users that may match the expression; None if that is unknown."""
    if isinstance(expression, ScimComparison):
        return by_condition.get(expression)
    if isinstance(expression, Negation):
        return None
    named = [_named(part, by_condition) for part in expression.parts]
    determined = [each for each in named if each is not None]
    if expression.needs_all:
        return frozenset.intersection(*determined) if determined else None
    return frozenset().union(*determined) if len(determined) == len(named) else None
