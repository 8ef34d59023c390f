"""Subscriptions that a request names: whether its caller sees them, and may have them send."""

from __future__ import annotations

from fastapi import Request

from app.api.authentication.auth import context_of, require_in_person
from app.api.records.reads import load_visible, renderer_of
from app.kernel.actions.actor_policy import admin, holder
from app.subscriptions.queries import SUBSCRIPTIONS
from app.subscriptions.records import Subscription


async def visible_subscription(request: Request, name: str) -> Subscription:
    """Return the subscription of that id. Raises NotFound."""
    subscription: Subscription = (await load_visible(renderer_of(request, SUBSCRIPTIONS), name)).record
    return subscription


async def subscription_to_send(request: Request, name: str) -> Subscription:
    """Return the subscription of that id, which the caller has send in person. Raises NotFound, Forbidden,
    DoneInPerson, SupersededSecret, KeyOfAnother.
    """
    require_in_person(request)
    return await managed_subscription(request, name)


async def managed_subscription(request: Request, name: str) -> Subscription:
    """Return the subscription of that id, if the caller may have it send. Raises NotFound, Forbidden."""
    subscription, context = await visible_subscription(request, name), context_of(request)
    policy = admin | holder
    if not policy.allows(context.caller, subscription):
        raise renderer_of(request, SUBSCRIPTIONS).ledger.forbidden(policy, context.language)
    return subscription
