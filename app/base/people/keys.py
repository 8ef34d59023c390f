"""API keys: `ldk_<id>_<secret>`. The secret is shown once; what is kept of it cannot be turned back.

active ─► revoked
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.common.people import Held, Key, KeyState, Person, Role
from app.common.personal import Personal
from app.common.records import Refers
from app.kernel.bodies import Body, Instant, Line, Nothing, Reference
from app.kernel.lifecycle import FROM_NOTHING, Lifecycle, action
from app.kernel.moment import Moment
from app.kernel.who import admin, rule


def _known(roles: tuple[str, ...]) -> tuple[str, ...]:
    for text in roles:
        try:
            Held.parse(text)
        except ValueError as error:
            known = ", ".join(role.value for role in Role)
            raise PydanticCustomError(
                "unknown_role", "{role} is not a role", {"role": text, "known": known}
            ) from error
    return roles


KeyName = Annotated[
    Line, Personal(), Field(description="What it is for. Personal: gone when the person is erased.")
]
KeyPerson = Annotated[
    Reference,
    Refers("person", on_behalf=True),
    Field(description="Whom it stands for: a person's id, or `me`."),
]
KeyRoles = Annotated[
    tuple[Line, ...],
    AfterValidator(_known),
    Field(
        min_length=1,
        max_length=50,
        description="What it may: role codes; `agent@team/<id>` for one team only.",
    ),
]
KeyEnd = Annotated[Instant | None, Field(description="When it ends; none: never.")]
Hash = Annotated[
    str, StringConstraints(pattern="^[0-9a-f]{64}$"), Field(description="SHA-256 of the secret, in hex.")
]


class MakeKey(Body):
    """An API key."""

    name: KeyName
    person: KeyPerson
    roles: KeyRoles
    secret_hash: Hash
    expires_at: KeyEnd = None


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
        action(make,    "创建",  FROM_NOTHING,       KeyState.active,   admin | rule, "key.made"),
        action(revoke,  "吊销",  [KeyState.active],  KeyState.revoked,  admin | rule, "key.revoked"),
    ),
)
# fmt: on
