"""Roles in their written form: `agent`, or for some records only `agent@team/<id>`, `agent@service/<key>`,
`agent@process/<kind>`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from app.common.components import CHOSEN_FROM, Component
from app.common.duties import BUSINESS_ROLES, DECIDING_ROLES_OF_IT, INDEPENDENT_ROLES
from app.common.people import Person, PersonState, Role, RoleGrant
from app.common.tickets import Ticket
from app.foundation.people.lookups import KINDS_OF_TEAMS, another_admin
from app.foundation.people.provisioning.marks import is_marked
from app.foundation.people.records import Team, TeamKind
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, BoundedList, RecordKey, ShortText
from app.kernel.actions.refusals import WrongValue

_KEY = TypeAdapter(RecordKey)


def _canonical_role(text: str) -> str:
    """Return the role in its canonical form."""
    try:
        grant = RoleGrant.parse(text)
        if grant.service is not None:
            _KEY.validate_python(grant.service)  # a ValidationError is a ValueError
    except ValueError as error:
        roles = ", ".join(role.value for role in Role)
        raise PydanticCustomError(
            "unknown_role", "{role} is not a role", {"role": text, "known": roles}
        ) from error
    return str(grant)


_SCOPES = r"@(team/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(service|process)/[^,/\\@]+)"
_PATTERN = rf"^({'|'.join(role.value for role in Role)})({_SCOPES})?$"
RoleText = Annotated[
    ShortText,
    AfterValidator(_canonical_role),
    Component(
        "RoleText",
        "Role, optionally limited to the records of a team, service or process.",
        "agent",
        {"pattern": _PATTERN, CHOSEN_FROM: "role"},
    ),
]
HeldRoleText = Annotated[
    ShortText,
    AfterValidator(_canonical_role),
    Component(
        "HeldRoleText",
        "Role as a person holds it, with the team, service or process to which it is limited.",
        "agent",
        {"pattern": _PATTERN, CHOSEN_FROM: "held_role"},
    ),
]
Roles = Annotated[
    tuple[RoleText, ...],
    Field(
        max_length=LONGEST_LIST,
        description="Codes of roles, optionally limited to some records: `agent@team/<id>`, "
        "`agent@service/<key>`, `agent@process/incident`.",
    ),
    BoundedList,
]


async def invalid_role_scopes(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> str | None:
    """Refuse if a role's scope names a team or process that does not exist."""
    for n, text in enumerate(body.roles or ()):
        await check_role_scope(reads, text, f"/roles/{n}")
    return None


async def role_not_grantable(reads: ReadContext, person: Person, body: Any, ctx: ActionContext) -> str | None:
    """Refuse if the role's scope names a team or process that does not exist, or the person would hold too
    many roles.
    """
    await check_role_scope(reads, body.role, "/role")
    if body.role not in (person.roles or ()) and len(person.roles or ()) >= LONGEST_LIST:
        raise WrongValue({"max_length": str(LONGEST_LIST)}, pointer="/role", because="too_long")
    return None


_DECIDING = frozenset((*DECIDING_ROLES_OF_IT, *BUSINESS_ROLES))
#: Code of the refusal of a role to members of suppliers and customers, by kind of team.
_OF_SIDES = {TeamKind.supplier: "supplier_decides_nothing", TeamKind.customer: "customer_decides_for_it"}
_TEAMS_OF_NOW = Unguarded("A person who changes teams meanwhile was on this side when the role was granted.")


async def role_of_others(reads: ReadContext, person: Person, body: Any, ctx: ActionContext) -> None:
    """Refuse roles that decide to auditors and to people of suppliers, and those that decide for IT to people
    of customers: customers have a seat in a group that an approval rule names. Rules are not asked.
    """
    if ctx.caller.is_rule:
        return
    pointer, texts = ("/role", [body.role]) if hasattr(body, "role") else ("/roles", body.roles)
    granted, held = _roles(texts), _roles(person.roles or ())
    independent = {*INDEPENDENT_ROLES}
    if granted & _DECIDING and (granted | held) & independent:
        raise WrongValue(pointer=pointer, because="auditor_decides_nothing")
    if granted & independent and held & _DECIDING:
        words = {"roles": _labelled(held & _DECIDING)}
        raise WrongValue(words, pointer=pointer, because="decider_becomes_auditor")
    kinds = {team.kind for team in ctx.refs(Team, "teams")}
    side, barred = await _barred_roles(reads, person, granted, kinds)
    if barred:
        raise WrongValue(pointer=pointer, because=_OF_SIDES[side])


async def joins_other_side(reads: ReadContext, person: Person, body: Any, ctx: ActionContext) -> None:
    """Refuse a team by which somebody who decides would come to a customer or supplier alone. Rules are not
    asked.
    """
    if ctx.caller.is_rule:
        return
    kinds = {ctx.required_ref(Team, "team").kind}
    _, barred = await _barred_roles(reads, person, _roles(person.roles or ()), kinds)
    if barred:
        raise WrongValue({"roles": _labelled(barred)}, pointer="/team", because="decider_joins_other_side")


async def _barred_roles(
    reads: ReadContext, person: Person, roles: Collection[str], kinds: Collection[TeamKind | None]
) -> tuple[TeamKind, Collection[str]]:
    """Return the side of the person as a member of their teams and of teams of these kinds, and the roles
    that people of this side do not hold.
    """
    rows = await reads.rows(KINDS_OF_TEAMS, {"person": person.id}, guard=_TEAMS_OF_NOW)
    all_kinds = {*kinds, *(TeamKind(row["kind"]) for row in rows)}
    if not all_kinds or TeamKind.internal in all_kinds:
        return TeamKind.internal, set()
    if TeamKind.supplier in all_kinds and not _DECIDING.isdisjoint(roles):
        return TeamKind.supplier, _DECIDING.intersection(roles)
    return TeamKind.customer, {*DECIDING_ROLES_OF_IT}.intersection(roles)


def _labelled(roles: Collection[str]) -> list[Role]:
    return [role for role in Role if role.value in roles]


def _roles(texts: Collection[str]) -> set[str]:
    """Return the codes of the roles, wherever they are held."""
    return {RoleGrant.parse(text).role.value for text in texts}


async def role_already_held(reads: ReadContext, person: Person, body: Any, ctx: ActionContext) -> str | None:
    """Refuse a role that the person already holds (`already_held`). A role that comes only from the identity
    provider can be granted by hand as well.
    """
    is_held = body.role in (person.roles or ()) and not is_marked(person, body.role)
    return "already_held" if is_held else None


async def role_not_held(reads: ReadContext, person: Person, body: Any, ctx: ActionContext) -> str | None:
    """Refuse if the person does not hold the role (`not_held`)."""
    return None if body.role in (person.roles or ()) else "not_held"


async def role_not_administered(
    reads: ReadContext, person: Person, body: Any, ctx: ActionContext
) -> str | None:
    """Refuse a role that the caller may not grant or revoke: a scoped administrator may only those within
    that scope (`beyond_your_own`).
    """
    if ctx.caller.administers(RoleGrant.parse(body.role)):
        return None
    raise WrongValue(pointer="/role", because="beyond_your_own")


async def last_admin(reads: ReadContext, person: Person, ctx: ActionContext) -> str | None:
    """Refuse if no administrator of everything would remain (`last_admin`)."""
    if person.state is not PersonState.active or Role.admin.value not in (person.roles or ()):
        return None
    return None if await another_admin(reads, person) else "last_admin"


async def last_admin_role(reads: ReadContext, person: Person, body: Any, ctx: ActionContext) -> str | None:
    """Refuse to revoke the role of the last administrator (`last_admin`)."""
    return await last_admin(reads, person, ctx) if body.role == Role.admin.value else None


async def check_role_scope(reads: ReadContext, text: str, pointer: str) -> None:
    """Check that the role's team exists, and that its process has tickets. Raises WrongValue."""
    held = RoleGrant.parse(text)
    if held.team_id is not None and await reads.record("team", str(held.team_id)) is None:
        raise _unknown("team", str(held.team_id), pointer)
    if held.process is not None and not _is_process(reads, held.process):
        raise _unknown("process", held.process, pointer)


def _is_process(reads: ReadContext, kind: str) -> bool:
    """Return whether records of that kind are tickets."""
    lifecycle: Any = reads.lifecycles.get(kind)
    return lifecycle is not None and issubclass(lifecycle.record, Ticket)


def _unknown(kind: str, name: str, pointer: str) -> WrongValue:
    return WrongValue({"kind": kind, "name": name}, pointer=pointer, because="unknown_reference")
