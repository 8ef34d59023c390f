"""The lifecycle of subscriptions to the log's events.

active ⇄ paused
active, paused ─► disabled ─► active
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role, grant_texts
from app.common.priorities.priority import Priority
from app.common.records import ForeignRef, Hidden, KeyRef
from app.foundation.editing import apply_patch
from app.foundation.people.credentials.bounds import SUBSCRIPTIONS, within_bound
from app.foundation.people.credentials.maker_credential import note_secret, require_roles
from app.foundation.people.credentials.recent_sign_in import latest_end
from app.foundation.people.fields import Locale
from app.foundation.people.keys import KeyExpiry, key_roles_not_held
from app.foundation.people.roles import RoleText
from app.kernel.access.audience_rules import to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, holder, process_relation, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Instant,
    Patch,
    Payload,
    RecordKey,
    Reference,
    ShortText,
)
from app.kernel.actions.refusals import Refusal, WrongValue, caller_check
from app.subscriptions.records import DeliveryFormat, DisabledBecause, Subscription
from app.subscriptions.records import SubscriptionState as State

#: So long does the secret before the last rotation sign, too.
OVERLAP = timedelta(hours=24)
#: A subscription can be limited to so many deliveries in a minute.
MOST_PER_MINUTE = 6_000

# The payload names the subscriber, which a check of the action reads.
subscriber = process_relation(
    "subscriber",
    "anybody, of their own by an API key",
    "任何人（限本人，须使用 API 密钥）",
    any_credential=True,
)

SubscriptionPerson = Annotated[Reference, ForeignRef("person", GivenDuty.account, quiet=True, on_behalf=True)]
SubscriptionRoles = Annotated[
    Annotated[tuple[RoleText, ...], Field(min_length=1, max_length=LONGEST_LIST), BoundedList] | None,
    Field(description="Roles of its account to which it is limited; none: all roles of the account."),
]
EncryptedText = Annotated[str, Hidden(), Field(description="The text, encrypted.")]
EncryptedTemplate = Annotated[
    str | None, Hidden(), Field(description="The template, encrypted; null: the format needs none.")
]
Origin = Annotated[ShortText, Field(description="Scheme, host and port of the address.")]
EventTypeName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z_]*\.[a-z][a-z_]*$", max_length=102),
    Field(examples=["incident.resolved"]),
]
KindName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z_]*$", max_length=40), Field(examples=["incident"])
]
ToolSetting = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}=[^\x00-\x1f]{1,150}$", max_length=191),
    Field(examples=["project=OPS"]),
]


def _few(description: str) -> Any:
    return Field(default=(), max_length=LONGEST_LIST, description=description)


class SubscriptionFields(Payload, of=Subscription):
    """Fields of a subscription that can be edited."""

    title: ShortText
    language: Locale = "en"
    event_types: Annotated[tuple[EventTypeName, ...], BoundedList] = _few(
        "Types of events to send; empty for all types."
    )
    kinds: Annotated[tuple[KindName, ...], BoundedList] = _few(
        "Kinds of records whose events are sent; empty for all kinds."
    )
    services: Annotated[tuple[Annotated[RecordKey, KeyRef("service", retired=True)], ...], BoundedList] = (
        _few("Keys of services whose records' events are sent; empty for all services.")
    )
    teams: Annotated[
        tuple[Annotated[Reference, ForeignRef("team", GivenDuty.recorded, retired=True)], ...], BoundedList
    ] = _few("Keys or ids of teams whose records' events are sent; empty for all teams.")
    priorities: Annotated[tuple[Priority, ...], BoundedList] = _few(
        "Priorities of tickets whose events are sent; empty for all priorities."
    )
    most_per_minute: Annotated[int, Field(ge=1, le=MOST_PER_MINUTE, strict=True)] | None = Field(
        default=None, description="Largest number of deliveries in a minute; null for no limit."
    )
    opens_tickets: bool = Field(
        default=False, description="True if incidents that the tool does not know are created there."
    )
    tool_settings: Annotated[tuple[ToolSetting, ...], BoundedList] = _few(
        "Settings of the tool, as name=value: for Jira `project`, `issue_type`, the project's names of "
        "priorities `priority_p1` to `priority_p4`, and `edition=data_center` for Jira Data Center."
    )


class NewSubscriptionFields(SubscriptionFields, of=Subscription):
    """Fields of a new subscription, except its address and its secret."""

    person: SubscriptionPerson = "me"
    roles: SubscriptionRoles = None
    ends_at: KeyExpiry = None
    format: DeliveryFormat = DeliveryFormat.standard
    source: RecordKey | None = Field(
        default=None,
        description="Key of the webhook source whose tool receives the tickets. Only for the format `tool`.",
    )


class AddSubscription(NewSubscriptionFields):
    """A subscription to events."""

    origin: Origin
    sealed_url: EncryptedText
    sealed_secret: EncryptedText
    sealed_template: EncryptedTemplate = None


@dataclass
class OwnKeyRequired(Refusal):
    """Refusal 403: a subscription of one's own is made with an API key, and ends with it; a session or token
    would leave one behind that sees longer than they do.
    """

    STATUS = 403
    CODE = "own_key_required"


@dataclass
class OnlyOwnSubscription(Refusal):
    """Refusal 403: people who are not administrators make only subscriptions of their own."""

    STATUS = 403
    CODE = "only_own_subscription"


@dataclass
class RotatedLately(Refusal):
    """Refusal 409: the secret before the last rotation still signs; a further one would leave a receiver
    without any secret that it knows.
    """

    STATUS = 409
    CODE = "rotated_lately"


def add(subscription: Subscription, body: AddSubscription, ctx: ActionContext) -> None:
    """Add a subscription: later events are sent to its address."""
    caller, person = ctx.caller, ctx.required_ref(Person, "person")
    copy_fields(subscription, body, ctx, without="roles ends_at")
    roles, ends_at = body.roles, body.ends_at
    # No credential makes a broader one, nor one that outlives it.
    if person.id == caller.person_id:
        restricted_to = grant_texts(caller.restricted_to)
        roles = roles or (None if restricted_to is None else tuple(restricted_to))
        ends_at = ends_at or latest_end(caller, ctx.now)
        subscription.key_id = caller.key_id
    if not caller.is_rule:
        subscription.secret_hash = caller.secret_hash
    note_secret(subscription, caller.secret_hash)
    subscription.roles = None if roles is None else list(dict.fromkeys(roles))
    subscription.ends_at = ends_at
    subscription.added_at = ctx.occurred_at


async def person_beyond_credential(
    reads: ReadContext, subscription: Subscription, body: AddSubscription, ctx: ActionContext
) -> None:
    """Refuse a subscription of somebody else's, unless an administrator makes it; and one of one's own that
    is made without a key, or sees more than that.
    """
    caller, person = ctx.caller, ctx.required_ref(Person, "person")
    if caller.is_rule:
        return
    if person.id != caller.person_id:
        if not caller.has_role(Role.admin, subscription):
            raise OnlyOwnSubscription()
        return
    if caller.key_id is None and caller.ends_at is not None:
        raise OwnKeyRequired()
    require_roles(caller, person.id, body.roles)
    latest = latest_end(caller, ctx.now)
    _check_end(body.ends_at or latest, latest)


async def outlives_credential(
    reads: ReadContext, subscription: Subscription, body: MoveSubscription, ctx: ActionContext
) -> None:
    """Refuse if an own subscription would send events elsewhere for longer than the caller's credential lasts
    (`subscription_ends_later`).
    """
    if subscription.person_id == ctx.caller.person_id:
        _check_end(subscription.ends_at, latest_end(ctx.caller, ctx.now))


def _check_end(ends: datetime | None, latest: datetime | None) -> None:
    if latest is not None and (ends is None or ends > latest):
        raise WrongValue(pointer="/ends_at", because="subscription_ends_later")


class EditSubscription(Patch, SubscriptionFields, of=Subscription):
    """Fields to change; fields left out stay unchanged."""


def edit(subscription: Subscription, body: EditSubscription, ctx: ActionContext) -> None:
    """Edit the subscription: its name, its language, and which events are sent."""
    apply_patch(subscription, body, ctx)
    note_secret(subscription, ctx.caller.secret_hash)


class MoveSubscription(Payload):
    """The new address of a subscription."""

    origin: Origin
    sealed_url: EncryptedText


def move(subscription: Subscription, body: MoveSubscription, ctx: ActionContext) -> None:
    """Move the subscription to another address; waiting events are sent there."""
    subscription.origin = body.origin
    subscription.sealed_url = body.sealed_url
    note_secret(subscription, ctx.caller.secret_hash)


class SetTemplate(Payload):
    """The new template of a subscription."""

    sealed_template: EncryptedText


def set_template(subscription: Subscription, body: SetTemplate, ctx: ActionContext) -> None:
    """Set the subscription's template: new attempts use it, also for waiting events."""
    subscription.sealed_template = body.sealed_template
    note_secret(subscription, ctx.caller.secret_hash)


async def has_no_template(reads: ReadContext, subscription: Subscription, ctx: ActionContext) -> str | None:
    """Refuse a template for a subscription of another format (`has_no_template`)."""
    return None if subscription.format is DeliveryFormat.template else "has_no_template"


class RotateSubscription(Payload):
    """A new secret for a subscription."""

    sealed_secret: EncryptedText


def rotate(subscription: Subscription, body: RotateSubscription, ctx: ActionContext) -> None:
    """Rotate the subscription's secret. For a day, deliveries are also signed with the previous one."""
    subscription.previous_sealed_secret = subscription.sealed_secret
    subscription.previous_ends_at = ctx.occurred_at + OVERLAP
    subscription.sealed_secret = body.sealed_secret
    subscription.rotated_at = ctx.occurred_at
    note_secret(subscription, ctx.caller.secret_hash)


@caller_check
async def rotated_lately(
    reads: ReadContext, subscription: Subscription, body: RotateSubscription, ctx: ActionContext
) -> None:
    """Refuse another rotation while the secret before the last one still signs."""
    if subscription.previous_ends_at is not None and ctx.now < subscription.previous_ends_at:
        raise RotatedLately()


def pause(subscription: Subscription, body: EmptyPayload, ctx: ActionContext) -> None:
    """Pause the subscription: events wait until it is resumed."""


def suspend(subscription: Subscription, body: EmptyPayload, ctx: ActionContext) -> None:
    """Suspend the subscription, because the key that made or changed it was lost: events wait until its
    account resumes it.
    """
    subscription.suspended_by_rotation = True


def resume(subscription: Subscription, body: EmptyPayload, ctx: ActionContext) -> None:
    """Resume the subscription: events that it has missed are sent first."""
    subscription.resumed_at = ctx.occurred_at
    if subscription.suspended_by_rotation and not ctx.caller.is_rule:
        # Its account has looked at it: it stands on this secret alone.
        subscription.secret_hash, subscription.set_with = ctx.caller.secret_hash, None
    note_secret(subscription, ctx.caller.secret_hash)
    subscription.failing_since_at = None
    subscription.disabled_because = None
    subscription.suspended_by_rotation = None


def retry(subscription: Subscription, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retry the subscription's waiting events now, after its receiver was repaired."""
    subscription.resumed_at = ctx.occurred_at


async def has_ended(reads: ReadContext, subscription: Subscription, ctx: ActionContext) -> str | None:
    """Refuse to resume a subscription whose term, account or key has ended (`subscription_ended`)."""
    if subscription.disabled_because is DisabledBecause.ended:
        return "subscription_ended"
    return None


class WarnSubscription(Payload):
    """The time since which no delivery has succeeded."""

    since_at: Instant


def warn(subscription: Subscription, body: WarnSubscription, ctx: ActionContext) -> None:
    """Warn the subscription's account: no delivery has succeeded for two days. The subscription is disabled
    after three.
    """
    subscription.failing_since_at = body.since_at


def note_recovery(subscription: Subscription, body: EmptyPayload, ctx: ActionContext) -> None:
    """Note the subscription's recovery: deliveries succeed again."""
    subscription.failing_since_at = None


async def not_failing(reads: ReadContext, subscription: Subscription, ctx: ActionContext) -> str | None:
    """Refuse to note a recovery without an earlier warning (`not_failing`)."""
    return "not_failing" if subscription.failing_since_at is None else None


async def failing_already(reads: ReadContext, subscription: Subscription, ctx: ActionContext) -> str | None:
    """Refuse to warn twice (`failing_already`)."""
    return None if subscription.failing_since_at is None else "failing_already"


class NoteRefusal(Payload):
    """The reason why a tool refused an event or a template failed, and the record of the event."""

    code: Annotated[ShortText, Field(description="Code of the attempt.")]
    record: Annotated[ShortText, Field(description="Record of the event: `<kind>/<id>`.")]


def note_refusal(subscription: Subscription, body: NoteRefusal, ctx: ActionContext) -> None:
    """Note a failed delivery of the subscription: its tool refused an event, or its template failed."""


class StopSubscription(Payload):
    """The reason for stopping the subscription."""

    because: DisabledBecause


def stop(subscription: Subscription, body: StopSubscription, ctx: ActionContext) -> None:
    """Stop the subscription: its receiver has failed for three days or wants no more events, or its account
    has ended.
    """
    subscription.disabled_because = body.because


def disable(subscription: Subscription, body: EmptyPayload, ctx: ActionContext) -> None:
    """Disable the subscription: no events are sent until it is resumed."""
    subscription.disabled_because = DisabledBecause.by_hand


SENDING_STATES = [State.active, State.paused]
RESUMABLE_STATES = [State.paused, State.disabled]
NEW_CHECKS = (key_roles_not_held, person_beyond_credential, within_bound(SUBSCRIPTIONS))
# Where events are sent to, with whose sight, is decided in person: no assistant does.
MAKERS = (admin | subscriber | rule).in_person()
OWNERS = (admin | holder | rule).in_person()


def _owner_and_admins(step: NoticeType) -> tuple[RecipientRule, ...]:
    return RecipientRule(step, field="person_id"), RecipientRule(step, roles=frozenset({Role.admin}))


HALTED = _owner_and_admins(NoticeType.deliveries_stopped)
FAILING = _owner_and_admins(NoticeType.deliveries_failing)
REFUSED = _owner_and_admins(NoticeType.delivery_refused)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="subscription", plural="subscriptions", zh="事件订阅",
    record=Subscription, access=KindAccess(administrative=True, oversight=frozenset({Role.auditor})),
    visible=(to_persons("person_id"),),
    rows=(
        #      action          中文        from            to              who     event
        action(add,            "添加",     NEW_RECORD,     State.active,   MAKERS, "subscription.added",     wrong=NEW_CHECKS),
        action(edit,           "编辑",     list(State),    STAYS,          OWNERS, "subscription.edited"),
        action(move,           "变更地址", list(State),    STAYS,          OWNERS, "subscription.moved",     wrong=(outlives_credential,)),
        action(set_template,   "更换模板", list(State),    STAYS,          OWNERS, "subscription.template_set", unless=(has_no_template,)),
        action(rotate,         "轮换密钥", list(State),    STAYS,          OWNERS, "subscription.rotated",   wrong=(rotated_lately,)),
        action(pause,          "暂停",     [State.active], State.paused,   OWNERS, "subscription.paused"),
        action(suspend,        "中止",     SENDING_STATES,         State.paused,   rule,   "subscription.suspended"),
        action(resume,         "恢复",     RESUMABLE_STATES,        State.active,   OWNERS, "subscription.resumed",   unless=(has_ended,)),
        action(retry,          "立即重试", [State.active], STAYS,          OWNERS, "subscription.retried"),
        action(disable,        "停用",     SENDING_STATES,         State.disabled, OWNERS, "subscription.disabled"),
        action(stop,           "自动停用", SENDING_STATES,         State.disabled, rule,   "subscription.stopped",   notifies=HALTED),
        action(warn,           "推送失败预警", SENDING_STATES,         STAYS,          rule,   "subscription.failing",   unless=(failing_already,), notifies=FAILING),
        action(note_refusal,   "记录推送被拒", SENDING_STATES,         STAYS,          rule,   "subscription.refused",   notifies=REFUSED),
        action(note_recovery,  "标记恢复", list(State),    STAYS,          rule,   "subscription.recovered", unless=(not_failing,)),
    ),
)
# fmt: on
