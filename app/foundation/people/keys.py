"""API keys: `ldk_<id>_<secret>`. The secret is shown once; only a hash of it is stored (lifecycle).

active ─► revoked
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from app.common.duties import GivenDuty
from app.common.keys import KeyScope
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role, RoleGrant, grant_texts, restrict_grants
from app.common.personal import Personal
from app.common.records import ForeignRef, Hidden
from app.foundation.people.credentials.bounds import KEYS, within_bound
from app.foundation.people.credentials.key_standing import SUSPEND_LOST, lost_standing
from app.foundation.people.credentials.maker_credential import note_secret, require_roles
from app.foundation.people.credentials.recent_sign_in import latest_end
from app.foundation.people.faces import KEY_FACE
from app.foundation.people.records import Key, KeyState
from app.foundation.people.roles import RoleText
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, holder, process_relation, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Instant,
    Payload,
    Reference,
    ShortText,
)
from app.kernel.actions.refusals import Refusal, WrongValue

# The payload defines the purpose of the key, which a check of the action reads.
calendar_reader = process_relation(
    "calendar_reader",
    "anybody, of their own for the change calendar",
    "任何人（限本人的变更日历密钥）",
    any_credential=True,
)


KeyName = Annotated[
    ShortText, Personal(), Field(description="Purpose of the key; deleted when its person is erased.")
]
KeyPerson = Annotated[
    Reference,
    ForeignRef("person", GivenDuty.account, quiet=True, on_behalf=True),
    Field(description="Person represented by the key: an id, or `me`."),
]
KeyRoles = Annotated[
    Annotated[tuple[RoleText, ...], Field(min_length=1, max_length=LONGEST_LIST), BoundedList] | None,
    Field(description="Roles of the person that the key may use; empty for all roles of the person."),
]
KeyScopeField = Annotated[
    KeyScope | None,
    Field(
        description="Single purpose to which the key is limited; if left out, the key may do "
        "everything that its person may."
    ),
]
KeyExpiry = Annotated[
    Instant | None,
    Field(
        description="Time at which the key ends; if left out, it does not end, or ends with your own "
        "credential if it is for yourself."
    ),
]
USUAL_OVERLAP_SECONDS = 86_400
LONGEST_OVERLAP_SECONDS = 30 * 86_400
Overlap = Annotated[
    int,
    Field(
        ge=0,
        le=LONGEST_OVERLAP_SECONDS,
        strict=True,
        description="Number of seconds for which the old secret is still accepted; 0 to reject it at once.",
    ),
]
Hash = Annotated[
    str,
    StringConstraints(pattern="^[0-9a-f]{64}$"),
    Hidden(),
    Field(description="SHA-256 of the secret, in hex."),
]


class MakeKey(Payload):
    """An API key to make."""

    name: KeyName
    person: KeyPerson
    roles: KeyRoles = None
    scope: KeyScopeField = None
    secret_hash: Hash
    expires_at: KeyExpiry = None


@dataclass
class OnlyCalendarKey(Refusal):
    """Refusal 403: people who are not administrators make keys of their own for the change calendar only."""

    STATUS = 403
    CODE = "only_calendar_key"


async def expiry_extended(reads: ReadContext, key: Key, body: RotateKey, ctx: ActionContext) -> str | None:
    """Refuse a later expiry, except from administrators (`ends_later`)."""
    if not _is_administrator(key, ctx):
        _check_end(body.expires_at or key.expires_at, key.expires_at)
    return None


async def credential_outlived(
    reads: ReadContext, key: Key, body: MakeKey | RotateKey, ctx: ActionContext
) -> str | None:
    """Refuse if somebody would have a secret of their own that outlives the credential that they call with:
    also an administrator, who may give others what they like (`ends_later`). See `latest_end` for sessions.
    """
    is_made = isinstance(body, MakeKey)
    person_id = ctx.required_ref(Person, "person").id if is_made else key.person_id
    latest = latest_end(ctx.caller, ctx.now)
    ends = body.expires_at or (latest if is_made else key.expires_at)
    if person_id == ctx.caller.person_id:
        _check_end(ends, latest)
    return None


def _check_end(ends: datetime | None, latest: datetime | None) -> None:
    if latest is not None and (ends is None or ends > latest):
        raise WrongValue(pointer="/expires_at", because="ends_later")


async def key_roles_not_held(reads: ReadContext, key: Key, body: MakeKey, ctx: ActionContext) -> str | None:
    """Refuse if the key would have a role that its person does not hold (`not_held_by_them`)."""
    person = ctx.required_ref(Person, "person")
    held = [RoleGrant.parse(text) for text in person.roles or ()]
    for n, text in enumerate(body.roles or ()):
        grant = RoleGrant.parse(text)
        if not restrict_grants(held, [grant]):
            raise WrongValue({"roles": grant.role}, pointer=f"/roles/{n}", because="not_held_by_them")
    return None


async def key_beyond_own_calendar(
    reads: ReadContext, key: Key, body: MakeKey, ctx: ActionContext
) -> str | None:
    """Refuse a key of a caller who is no administrator, unless the key is for the change calendar, belongs to
    the caller, and has no role that the caller's credential may not use.
    """
    if _is_administrator(key, ctx):
        return None
    caller, person = ctx.caller, ctx.required_ref(Person, "person")
    if body.scope is not KeyScope.calendar or person.id != caller.person_id:
        raise OnlyCalendarKey()
    require_roles(caller, person.id, body.roles)
    return None


def _is_administrator(key: Key, ctx: ActionContext) -> bool:
    return ctx.caller.is_rule or ctx.caller.has_role(Role.admin, key)


def make_key(key: Key, body: MakeKey, ctx: ActionContext) -> None:
    """Make an API key. A person or a machine can call the API with it. Callers who are not administrators
    can make only keys of their own for the change calendar.
    """
    roles, expires_at = body.roles, body.expires_at
    person = ctx.required_ref(Person, "person")
    # No credential makes a broader one, nor one of the same person that outlives it.
    if not _is_administrator(key, ctx):
        restricted_to = grant_texts(ctx.caller.restricted_to)
        roles = roles or (None if restricted_to is None else tuple(restricted_to))
    if person.id == ctx.caller.person_id:
        expires_at = expires_at or latest_end(ctx.caller, ctx.now)
    key.name = body.name
    key.person_id = person.id
    key.roles = None if roles is None else list(dict.fromkeys(roles))
    key.scope = body.scope
    key.secret_hash = body.secret_hash
    key.expires_at = expires_at
    note_secret(key, ctx.caller.secret_hash)


class RotateKey(Payload):
    """A new secret for an API key."""

    secret_hash: Hash
    overlap_seconds: Overlap = USUAL_OVERLAP_SECONDS
    expires_at: KeyExpiry = None


def rotate(key: Key, body: RotateKey, ctx: ActionContext) -> None:
    """Rotate the key's secret. The previous secret is accepted for a while, and older ones no longer.
    Without an overlap, subscriptions, deputies, absences and calendars made with the key are suspended.
    """
    key.previous_hash = key.secret_hash
    key.previous_ends_at = ctx.occurred_at + timedelta(seconds=body.overlap_seconds)
    key.secret_hash = body.secret_hash
    key.rotated_at = ctx.occurred_at
    # The person who made the key does not know the new secret.
    key.set_with = None
    note_secret(key, ctx.caller.secret_hash)
    if body.expires_at is not None:
        key.expires_at = body.expires_at


def revoke(key: Key, body: EmptyPayload, ctx: ActionContext) -> None:
    """Revoke the key: it is no longer accepted, and subscriptions, deputies and absences made with it are
    suspended.
    """


#: The person of a key is notified of what somebody else does to it, and of a key that others make for them.
TELL_OWNER = (RecipientRule(NoticeType.key_made, field="person_id", by_people=True),)
TELL_PERSON = (RecipientRule(NoticeType.key_changed, field="person_id"),)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="key", plural="keys", zh="API 密钥", record=Key,
    face=KEY_FACE, access=KindAccess(administrative=True, oversight=frozenset({Role.auditor})),
    visible=(to_persons("person_id"),),
    rows=(
        #      action    中文    from               to                who                    event
        action(make_key, "创建", NEW_RECORD,        KeyState.active,  (admin | calendar_reader | rule).in_person(), "key.made", name="make",
               wrong=(key_beyond_own_calendar, credential_outlived, key_roles_not_held, within_bound(KEYS)),
               notifies=TELL_OWNER),
        action(rotate,   "轮换", [KeyState.active], STAYS,            (admin | holder | rule).in_person(), "key.rotated",
               prepare=(lost_standing,), wrong=(expiry_extended, credential_outlived), related=SUSPEND_LOST, notifies=TELL_PERSON),
        action(revoke,   "吊销", [KeyState.active], KeyState.revoked, (admin | holder | rule).in_person(), "key.revoked",
               prepare=(lost_standing,), related=SUSPEND_LOST, notifies=TELL_PERSON),
    ),
)
# fmt: on
