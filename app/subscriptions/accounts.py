"""Accounts of subscriptions: whose sight a delivery has, at its instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from app.common.people import Caller, parse_grants, restrict_grants
from app.kernel.access.directory import earlier
from app.kernel.ledger import Ledger
from app.subscriptions.records import Subscription


async def account_of(ledger: Ledger, subscription: Subscription, now: datetime) -> Caller | None:
    """Return the account that the subscription belongs to, with what it may see now; None if the account, the
    key or the term of the subscription has ended. Raises DatabaseGone.
    """
    assert subscription.person_id is not None, "a subscription belongs to an account"
    caller: Caller | None = None
    if subscription.key_id is not None:
        api_key = await ledger.directory.key(subscription.key_id)
        if api_key is not None and api_key.is_valid(now):
            caller = api_key.caller
    else:
        person = await ledger.directory.person_by_login(subscription.person_id)
        caller = person.caller if person is not None and person.active else None
    if caller is None or caller.person_id != subscription.person_id or caller.key_scope is not None:
        return None
    ends_at = earlier(caller.ends_at, subscription.ends_at)
    if ends_at is not None and ends_at <= now:
        return None
    restricted_to = parse_grants(subscription.roles)
    if restricted_to is None:
        return replace(caller, ends_at=ends_at)
    roles = restrict_grants(caller.roles, restricted_to)
    return replace(caller, roles=roles, restricted_to=restricted_to, ends_at=ends_at)
