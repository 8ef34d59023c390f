"""Mapping of an identity provider's tokens to persons here, with the roles that they hold here; and of their
groups there to roles and teams, at each sign-in.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from pydantic import ValidationError

from app.api.authentication.issuer import InactiveLogin, TokenClaims, UnknownLogin
from app.common.people import Caller, rule_caller
from app.common.personal import LOGIN
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import ActionUnavailable, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger

#: The actor, as the log names it, of commands that add persons at their first login.
ADDING_RULE = rule_caller("add_people_at_login")
#: That of commands that give persons what their groups at the provider stand for.
GRANTING_RULE = rule_caller("provide_grants_at_sign_in")
#: The refusal of such a command that would change nothing.
NOTHING_TO_PROVIDE = "nothing_to_provide"
#: Largest number of mapped groups that are reported for one person.
MOST_MAPPED_GROUPS = 200
MAPPED = "select distinct group_name from fold.group_mapping where state = 'active' and group_name = any(%s)"
HAS_GRANTS = "select sign_in_grants is not null from fold.person where id = %s"
logger = structlog.get_logger()


async def person_of(ledger: Ledger, claims: TokenClaims, now: datetime, request_id: str) -> Caller:
    """Return the person with the login in the token's claims (`claims`); add a missing person first if the
    settings allow it.

    Raises UnknownLogin, InactiveLogin, DatabaseGone.
    """
    if claims.login is None:
        raise UnknownLogin()
    fingerprint = ledger.external_id_fingerprint(LOGIN, claims.login)
    person = await ledger.directory.person_by_login(fingerprint)
    if person is None and ledger.settings.oidc_adds_people:
        await _add(ledger, claims, now, request_id)
        person = await ledger.directory.person_by_login(fingerprint)
    if person is None:
        raise UnknownLogin()
    if not person.active:
        raise InactiveLogin()
    return person.caller_at(now)


async def signed_in_person(ledger: Ledger, claims: TokenClaims, now: datetime, request_id: str) -> Caller:
    """Return the person who signs in with these claims, as `person_of` does, after giving them the roles and
    teams of their groups at the provider. Claims without groups change nothing.

    Raises UnknownLogin, InactiveLogin, DatabaseGone, RetriesExhausted.
    """
    caller = await person_of(ledger, claims, now, request_id)
    if claims.groups is None:
        return caller
    rows = await ledger.db.rows(MAPPED, (list(claims.groups),))
    groups = sorted(row["group_name"] for row in rows)
    if len(groups) > MOST_MAPPED_GROUPS:
        logger.warning("more groups of a person are mapped than are accepted", most=MOST_MAPPED_GROUPS)
        return caller
    if not groups and not await ledger.db.value(HAS_GRANTS, (caller.person_id,)):
        return caller
    people = ledger.lifecycles["person"]
    row = people["provide_grants"]
    body = row.body.model_validate({"provided_by": "sign_in", "groups": groups})
    context = CommandMetadata(GRANTING_RULE, now, correlation_id=request_id, source="api")
    try:
        await perform(ledger, Command(people, row, str(caller.person_id), body, context))
    except ActionUnavailable as refusal:
        if refusal.because != NOTHING_TO_PROVIDE:
            raise
        return caller
    return await person_of(ledger, claims, now, request_id)


async def _add(ledger: Ledger, claims: TokenClaims, now: datetime, request_id: str) -> None:
    """Add the person in the token's claims (`claims`) as a requester; further roles are granted later. Raises
    a Refusal.
    """
    people = ledger.lifecycles["person"]
    row = people.opening()
    login = _accepted_text(row.body, "login", claims.login)
    if login is None:
        raise UnknownLogin()
    body = row.body.model_validate(
        {
            "name": _accepted_text(row.body, "name", claims.name) or login,
            "login": login,
            "email": _accepted_text(row.body, "email", claims.email),
            "locale": _language(claims.locale),
        }
    )
    context = CommandMetadata(ADDING_RULE, now, correlation_id=request_id, source="api")
    try:
        await perform(ledger, Command(people, row, None, body, context))
    except WrongValue as refusal:
        if refusal.because != "taken":  # another request with the same login has just added the person
            raise


def _accepted_text(body: type[Payload], field: str, text: str | None) -> str | None:
    """Return the text if the field accepts it, else None: a provider's claims may be values that the field
    refuses.
    """
    try:
        body.model_validate({"name": "-", field: text})
    except ValidationError:
        return None
    return text


def _language(tag: str | None) -> str | None:
    language = (tag or "").lower().partition("-")[0].partition("_")[0]
    return language if language in ("en", "zh") else None
