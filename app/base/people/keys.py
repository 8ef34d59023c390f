"""API keys: `ldk_<id>_<secret>`. The secret is shown once; what is kept of it cannot be turned back.

active ─► revoked
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.common.people import Held, Key, KeyState, Person, Role
from app.common.personal import Personal
from app.common.records import Hidden, Refers
from app.kernel.bodies import LONGEST_LIST, Body, Few, Instant, Line, Nothing, Reference
from app.kernel.lifecycle import FROM_NOTHING, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import admin, rule


def _held(text: str) -> str:
    """The role in the one way of writing it."""
    try:
        return str(Held.parse(text))
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise PydanticCustomError(
            "unknown_role", "{role} is not a role", {"role": text, "known": known}
        ) from error


KeyName = Annotated[
    Line, Personal(), Field(description="What it is for. Personal: gone when the person is erased.")
]
KeyPerson = Annotated[
    Reference,
    Refers("person", on_behalf=True),
    Field(description="Whom it stands for: a person's id, or `me`."),
]
KeyRoles = Annotated[
    tuple[Annotated[Line, AfterValidator(_held)], ...],
    Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="What it may: role codes; `agent@team/<id>` for one team only.",
    ),
    Few,
]
KeyEnd = Annotated[Instant | None, Field(description="When it ends; none: never.")]
Hash = Annotated[
    str,
    StringConstraints(pattern="^[0-9a-f]{64}$"),
    Hidden(),
    Field(description="SHA-256 of the secret, in hex."),
]


class MakeKey(Body):
    """An API key."""

    name: KeyName
    person: KeyPerson
    roles: KeyRoles
    secret_hash: Hash
    expires_at: KeyEnd = None


async def held_for_no_team(look: Look, key: Key, body: MakeKey, at: Moment) -> str | None:
    """A role for one team is for a team that there is."""
    for n, text in enumerate(body.roles):
        team = Held.parse(text).team_id
        if team is not None and await look.record("team", str(team)) is None:
            words = {"kind": "team", "name": str(team)}
            raise WrongValue(words, pointer=f"/roles/{n}", because="unknown_reference")
    return None


def make(key: Key, body: MakeKey, at: Moment) -> None:
    """Somebody, or something, can call the API."""
    person = at.the(Person, "person")
    assert person is not None
    key.name = body.name
    key.person_id = person.id
    key.roles = list(body.roles)
    key.secret_hash = body.secret_hash
    key.expires_at = body.expires_at
    key.made_at = at.occurred_at


def revoke(key: Key, body: Nothing, at: Moment) -> None:
    """It is not accepted any more."""
    key.revoked_at = at.occurred_at


# fmt: off
LIFECYCLE = Lifecycle(
    kind="key", plural="keys", zh="API 密钥", record=Key, states=KeyState,
    audience=lambda key: (f"person:{key.person_id}",), sees_all=frozenset({Role.admin, Role.auditor}), columns={"person": ("person_id",)},
    rows=(
        #      action   中文     from                to                 who           event
        action(make,    "创建",  FROM_NOTHING,       KeyState.active,   admin | rule, "key.made",
               unless=(held_for_no_team,)),
        action(revoke,  "吊销",  [KeyState.active],  KeyState.revoked,  admin | rule, "key.revoked"),
    ),
)
# fmt: on
