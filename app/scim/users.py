"""Users of SCIM: people that the identity provider has provisioned, or who log in there.

Each change is one command with its events. Local decisions stay: a person who was deactivated by hand is not
activated from there, and a person with roles by hand gets no other login from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError

from app.common.people import Person, PersonKind, PersonState, ScimQualifier, ScimStatus
from app.common.personal import LOGIN, SCIM_EXTERNAL_ID, SCIM_USER_NAME
from app.foundation.people.provisioning.accounts import REMOVED, ProvisionPerson, may_be_activated
from app.kernel.access.reads import load
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import VersionMismatch, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.scim.attributes import SentUser, sent_user
from app.scim.documents import user_document
from app.scim.errors import ScimError, invalid, not_found
from app.scim.patches import patched_attributes

#: Number of times a change is decided again because the person was changed meanwhile.
MOST_ATTEMPTS = 5
_PERSONAL = (
    "name",
    "email",
    "phone",
    "further_emails",
    "further_phones",
    "post",
    "login",
    "scim_user_name",
    "scim_external_id",
)
PERSON_BY_NAME = "select person_id from vault.known_as where source = %s and fingerprint = %s"
GROUPS = """
select m.person_id, g.id, g.name from fold.directory_membership m
join fold.directory_group g on g.id = m.directory_group_id and g.state = 'active'
where m.person_id = any(%s) order by g.name, g.id
"""


@dataclass(frozen=True, slots=True)
class ScimContext:
    """The services of the process, the metadata of commands that the request carries, and the address below
    which resources are.
    """

    ledger: Ledger
    metadata: CommandMetadata
    base: str


async def find_user(ctx: ScimContext, name: str) -> Person:
    """Return the user with that id. Raises ScimError (404)."""
    person = await person_of(ctx, name)
    if person is None or not is_visible(ctx, person):
        raise not_found(name)
    return person


async def user_documents(ctx: ScimContext, persons: Sequence[Person]) -> list[dict[str, Any]]:
    """Return the persons as SCIM users."""
    texts = await _texts(ctx, persons)
    groups: dict[UUID, list[tuple[UUID, str]]] = {}
    for row in await ctx.ledger.db.rows(GROUPS, ([person.id for person in persons],)):
        groups.setdefault(row["person_id"], []).append((row["id"], row["name"]))
    return [
        user_document(person, texts[person.id], groups.get(person.id, ()), ctx.base) for person in persons
    ]


async def add_user(ctx: ScimContext, body: dict[str, Any]) -> Person:
    """Add a person, or take one back whose account was removed there before. Raises ScimError."""
    sent = sent_user(body)
    user_name = sent.fields.get("scim_user_name")
    if user_name is None:
        raise invalid("`userName` is needed.")
    namesake = await _known_as(ctx, user_name, sent.fields.get("scim_external_id"))
    if namesake is not None:
        if is_visible(ctx, namesake) or not may_be_activated(namesake):
            raise ScimError(409, "A user with this userName or externalId already exists.", "uniqueness")
        return await change_user(ctx, namesake.id, lambda _: sent, takes_back=True)
    return await _added(ctx, sent, user_name)


async def patch_user(ctx: ScimContext, name: str, body: dict[str, Any]) -> Person:
    """Change a user by the operations of a PATCH. Raises ScimError."""
    person = await find_user(ctx, name)
    return await change_user(ctx, person.id, lambda present: sent_user(patched_attributes(body, present)))


async def replace_user(ctx: ScimContext, name: str, body: dict[str, Any]) -> Person:
    """Change all attributes of a user that the document has. Raises ScimError."""
    person, sent = await find_user(ctx, name), sent_user(body)
    return await change_user(ctx, person.id, lambda _: sent)


async def change_user(
    ctx: ScimContext,
    person_id: UUID,
    sent_of: Callable[[dict[str, Any]], SentUser],
    *,
    takes_back: bool = False,
) -> Person:
    """Change the provider's data about a person; nothing if it is the same already. `sent_of` returns the
    data, from the user's present document. `takes_back`: the account was removed there, and is there again.
    Raises ScimError.
    """
    for _ in range(MOST_ATTEMPTS):
        person = await person_of(ctx, str(person_id))
        if person is None or not (takes_back or is_visible(ctx, person)):
            raise not_found(str(person_id))
        texts = (await _texts(ctx, [person]))[person.id]
        sent = sent_of(user_document(person, texts, (), ctx.base))
        fields = _differing(ctx, person, texts, sent)
        follow_up = None
        if sent.is_active is False and person.state is PersonState.active:
            fields["scim_status"] = ScimStatus.suspended
            follow_up = "deactivate"
        elif (takes_back or sent.is_active is True) and may_be_activated(person):
            fields["scim_status"] = ScimStatus.provisioned
            follow_up = "activate"
        elif person.scim_status is None:
            fields["scim_status"] = ScimStatus.provisioned
        unread = {name: codes for name, codes in sent.altered.items() if name not in sent.fields}
        if not fields and (person.altered or {}) == (person.altered or {}) | unread:
            return person
        fields = fields or {"scim_status": person.scim_status}
        try:
            return await _provision(_marking(ctx, sent, fields), person, fields, follow_up)
        except VersionMismatch:
            continue
    raise ScimError(503, "This user is being changed by others. Try again.")


async def remove_user(ctx: ScimContext, name: str) -> None:
    """Deactivate a person whose account is removed at the provider, and take away what came from there.
    Raises ScimError.
    """
    for _ in range(MOST_ATTEMPTS):
        person = await find_user(ctx, name)
        is_active = person.state is PersonState.active
        is_ended_there = is_active or person.scim_status is ScimStatus.suspended
        status = ScimStatus.removed if is_ended_there else ScimStatus.closed
        try:
            await _provision(ctx, person, {"scim_status": status}, "deactivate" if is_active else None)
        except VersionMismatch:
            continue
        return
    raise ScimError(503, "This user is being changed by others. Try again.")


def is_visible(ctx: ScimContext, person: Person) -> bool:
    """Return whether the provider sees the person: it has provisioned them, or they log in there."""
    if person.kind is not PersonKind.human or person.state is PersonState.erased:
        return False
    if person.scim_status is None:
        issuer = ctx.ledger.settings.oidc_issuer
        return person.login is not None and issuer is not None and person.login_issuer == issuer
    return person.scim_status not in REMOVED


async def person_of(ctx: ScimContext, name: str) -> Person | None:
    """Return the person with that id, whether the provider sees them or not."""
    try:
        person_id = UUID(name)
    except ValueError:
        return None
    loaded = await load(ctx.ledger.db, ctx.ledger.lifecycles["person"], str(person_id))
    person: Person | None = None if loaded is None else loaded.record
    return person


async def _texts(ctx: ScimContext, persons: Sequence[Person]) -> dict[UUID, dict[str, str | None]]:
    """Return the decrypted personal fields of each person."""
    encrypted = [text for p in persons for field in _PERSONAL if (text := getattr(p, field)) is not None]
    texts = await ctx.ledger.vault.texts(encrypted)
    return {
        person.id: {
            field: None if (text := getattr(person, field)) is None else texts[text] for field in _PERSONAL
        }
        for person in persons
    }


async def _known_as(ctx: ScimContext, user_name: str, external_id: str | None) -> Person | None:
    """Return the person that one of these names identifies."""
    person = await person_by_name(ctx, "username", user_name)
    if person is None and external_id is not None:
        person = await person_by_name(ctx, "externalid", external_id)
    return person


async def person_by_name(ctx: ScimContext, attribute: str, value: str) -> Person | None:
    """Return the person with that `userName` or `externalId`, or with the login that it stands for."""
    ledger = ctx.ledger
    sources = [SCIM_USER_NAME if attribute == "username" else SCIM_EXTERNAL_ID]
    if attribute == ledger.settings.scim_login.lower():
        sources.append(LOGIN)
    for source in sources:
        fingerprint = ledger.external_id_fingerprint(source, value)
        person_id = await ledger.db.value(PERSON_BY_NAME, (source, fingerprint))
        if person_id is not None:
            return await person_of(ctx, str(person_id))
    return None


def _login_field(ctx: ScimContext) -> str:
    """Return the field whose value is the person's login."""
    return "scim_user_name" if ctx.ledger.settings.scim_login == "userName" else "scim_external_id"


async def _added(ctx: ScimContext, sent: SentUser, user_name: str) -> Person:
    """Add a person, and SCIM's data about them, in one append."""
    lifecycle = ctx.ledger.lifecycles["person"]
    row = lifecycle.opening()
    fields = {"name": user_name, **{k: v for k, v in sent.fields.items() if v is not None}}
    of_scim = {k: v for k, v in fields.items() if k.startswith(("scim_", "further_"))}
    opening: dict[str, str | None] = {k: v for k, v in fields.items() if k not in of_scim}
    if ctx.ledger.settings.oidc_issuer is not None:
        opening["login"] = fields.get(_login_field(ctx))
    names: dict[str, Any] = dict(of_scim)
    if (qualifiers := _qualifiers(sent.qualifiers)) is not None:
        names["scim_qualifiers"] = qualifiers
    follow_up = (
        "provision",
        valid_payload(ProvisionPerson, {**names, "scim_status": ScimStatus.provisioned}),
    )
    metadata = _marking(ctx, sent, fields).metadata
    command = Command(lifecycle, row, None, valid_payload(row.body, opening), metadata, follow_up=follow_up)
    added: Person = (await _performed(ctx, command)).record
    if sent.is_active is False:
        return await change_user(ctx, added.id, lambda _: replace(sent, fields={}))
    return added


def _differing(
    ctx: ScimContext, person: Person, texts: dict[str, str | None], sent: SentUser
) -> dict[str, Any]:
    """Return the sent fields that differ from what is known of the person, with the login that follows."""
    present: dict[str, Any] = {
        **texts,
        **{name: getattr(person, name) for name in ("department", "locale", "time_zone")},
    }
    attributes = dict(sent.fields)
    if ScimQualifier.no_display_name in sent.qualifiers and "name" not in attributes:
        # Everybody has a name here, so they are called as they are at the provider.
        attributes["name"] = attributes.get("scim_user_name") or texts["scim_user_name"] or texts["login"]
    fields: dict[str, Any] = {k: v for k, v in attributes.items() if present[k] != v}
    if fields.get("name", "") is None:
        del fields["name"]
    qualifiers = _qualifiers(frozenset(person.scim_qualifiers or ()) - sent.decided | sent.qualifiers)
    if qualifiers != (None if person.scim_qualifiers is None else tuple(person.scim_qualifiers)):
        fields["scim_qualifiers"] = qualifiers
    settings = ctx.ledger.settings
    login = sent.fields.get(_login_field(ctx))
    is_known = present["login"] == login and person.login_issuer == settings.oidc_issuer
    if settings.oidc_issuer is not None and login is not None and not is_known:
        fields["login"] = login
    return fields


def _marking(ctx: ScimContext, sent: SentUser, fields: Collection[str]) -> ScimContext:
    """Return the context whose commands mark which of these fields were altered on the way in, and which
    could not be read.
    """
    altered = {
        name: codes for name, codes in sent.altered.items() if name in fields or name not in sent.fields
    }
    return replace(ctx, metadata=replace(ctx.metadata, altered=altered))


def _qualifiers(held: frozenset[str]) -> tuple[ScimQualifier, ...] | None:
    """Return the qualifiers in their order, or None."""
    return tuple(each for each in ScimQualifier if each in held) or None


async def _provision(
    ctx: ScimContext, person: Person, fields: dict[str, Any], follow_up: str | None
) -> Person:
    lifecycle = ctx.ledger.lifecycles["person"]
    command = Command(
        lifecycle,
        lifecycle["provision"],
        str(person.id),
        valid_payload(ProvisionPerson, fields),
        ctx.metadata,
        frozenset({person.version}),
        follow_up=None if follow_up is None else (follow_up, EmptyPayload()),
    )
    changed: Person = (await _performed(ctx, command)).record
    return changed


def valid_payload(payload: type[Any], fields: dict[str, Any]) -> Any:
    """Return the payload with these fields. Raises ScimError."""
    assert issubclass(payload, BaseModel)
    try:
        return payload.model_validate(fields)
    except ValidationError as error:
        where = ", ".join(sorted({str(part) for fault in error.errors() for part in fault["loc"][:1]}))
        raise invalid(f"Values cannot be used: {where}.") from error


async def _performed(ctx: ScimContext, command: Command) -> Any:
    """Perform the command. Raises ScimError, VersionMismatch, another Refusal."""
    try:
        return await perform(ctx.ledger, command)
    except WrongValue as refusal:
        if refusal.because == "taken":
            raise ScimError(
                409, "Another user has this userName, externalId or login.", "uniqueness"
            ) from refusal
        if refusal.because == "login_beyond_your_own":
            sentence = "This person holds roles that were granted by hand: an administrator sets their login."
            raise ScimError(400, sentence, "mutability") from refusal
        raise invalid(f"A value cannot be used: {refusal.pointer}.") from refusal
