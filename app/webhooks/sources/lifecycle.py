"""Sources of webhooks and mail: the tools that send their tickets and alerts (lifecycle).

active ⇄ paused
active, paused ─► retired
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from app.common.components import CHOSEN_FROM, Component
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person
from app.common.personal import Personal
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ForeignRef, Hidden, KeyRef
from app.exchange.mapping import LARGEST_MAPPING, MappingRefused
from app.foundation.editing import apply_patch
from app.foundation.people.credentials.maker_credential import note_secret
from app.foundation.people.fields import Zone
from app.foundation.people.keys import USUAL_OVERLAP_SECONDS, Overlap
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Keys, Lifecycle, action
from app.kernel.actions.payloads import (
    A_LINE,
    LONGEST_LINE,
    LONGEST_LIST,
    NO_LINE,
    BoundedList,
    EmptyPayload,
    Instant,
    Patch,
    Payload,
    RecordKey,
    Reference,
    ShortText,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import Rules, ValueTaken
from app.processes.incidents.records import Effect
from app.webhooks.adapters import MAIL, adapter_keys
from app.webhooks.mapping.parse import parse_mapping
from app.webhooks.sources.face import FACE
from app.webhooks.sources.records import AutomaticMails, ToolLogin, UnknownSenders, WebhookSource
from app.webhooks.sources.records import WebhookSourceState as State

SHORTEST_SECRET = 16
LONGEST_FLAPPING_SECONDS = 7 * 86_400

SourceKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,56}$")]
AdapterKey = Annotated[
    ShortText,
    Component(
        "AdapterKey", "Key of a webhook adapter.", "github", {**A_LINE, CHOSEN_FROM: "webhook_adapter"}
    ),
]
MappingText = Annotated[str, StringConstraints(min_length=1, max_length=LARGEST_MAPPING)]
#: An address, or `@` and a domain for all addresses there.
FormSender = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=LONGEST_LINE, pattern=r"^[^@\s]*@[^@\s]+$"
    ),
]
MailSenders = Annotated[tuple[FormSender, ...], Field(max_length=LONGEST_LIST), BoundedList]
SourceOwner = Annotated[Reference, ForeignRef("person", GivenDuty.ownership, quiet=True)]
EncryptedSecret = Annotated[str, Hidden(), Field(description="The secret, encrypted.")]
SecretFingerprint = Annotated[
    str | None, Hidden(), Field(description="A keyed fingerprint of the secret; null: none was made.")
]
#: A secret that the tool has made. Every character can stand in a header.
Secret = Annotated[
    str,
    StringConstraints(min_length=SHORTEST_SECRET, max_length=LONGEST_LINE, pattern=rf"^[^\s{NO_LINE}]+$"),
    Field(
        description="Secret that the tool has made; if left out, this service makes one.",
        examples=["a8f3-0c1e-77aa-41d0"],
    ),
]


class SourceFields(Payload, of=WebhookSource):
    """Editable fields of a source: most are defaults for values that a delivery lacks."""

    title: ShortText
    mapping: MappingText | None = None
    user_name: ShortText | None = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = None
    service: Annotated[RecordKey, KeyRef("service")] | None = None
    category: Annotated[RecordKey, KeyRef("category")] | None = None
    impact: Impact | None = None
    urgency: Urgency | None = None
    effect: Effect | None = None
    zone: Zone | None = None
    unknown_senders: UnknownSenders = UnknownSenders.add
    flapping_seconds: Annotated[int, Field(ge=0, le=LONGEST_FLAPPING_SECONDS, strict=True)] | None = None
    automatic_mails: AutomaticMails = AutomaticMails.take
    forms: MailSenders | None = None
    monitors: MailSenders | None = None


class NewSourceFields(SourceFields, of=WebhookSource):
    """Fields of a new source, except its secret."""

    key: SourceKey
    adapter: AdapterKey
    owner: SourceOwner = "me"


class AddWebhookSource(NewSourceFields):
    """A tool whose webhooks are taken."""

    sealed_secret: EncryptedSecret
    secret_fingerprint: SecretFingerprint = None


def add(source: WebhookSource, body: AddWebhookSource, ctx: ActionContext) -> None:
    """Add a webhook source: its deliveries are accepted from then on."""
    note_secret(source, ctx.caller.secret_hash)
    copy_fields(source, body, ctx)
    source.added_at = ctx.occurred_at


class EditWebhookSource(Patch, SourceFields, of=WebhookSource):
    """Fields to change; fields left out stay unchanged."""

    owner: SourceOwner = ""


def edit(source: WebhookSource, body: EditWebhookSource, ctx: ActionContext) -> None:
    """Edit the source. Failed deliveries can be replayed with the new mapping."""
    note_secret(source, ctx.caller.secret_hash)
    apply_patch(source, body, ctx)


async def unknown_adapter(
    reads: ReadContext, source: WebhookSource, body: AddWebhookSource, ctx: ActionContext
) -> None:
    """Refuse an adapter that does not exist (`unknown_value`)."""
    if body.adapter not in adapter_keys():
        raise WrongValue({"value": body.adapter}, pointer="/adapter", because="unknown_value")


async def wrong_mapping(
    reads: ReadContext, source: WebhookSource, body: AddWebhookSource | EditWebhookSource, ctx: ActionContext
) -> None:
    """Refuse a mapping that cannot be used (`wrong_mapping`), or a mail's (`mail_needs_no_mapping`)."""
    if body.mapping is None:
        return
    adapter = body.adapter if isinstance(body, AddWebhookSource) else source.adapter
    if adapter == MAIL:
        raise WrongValue(pointer="/mapping", because="mail_needs_no_mapping")
    try:
        parse_mapping(body.mapping, str(source.key or ""))
    except MappingRefused as error:
        raise WrongValue({"why": error.why}, pointer="/mapping", because="wrong_mapping") from error


class RotateWebhookSource(Payload):
    """A new secret for a source."""

    sealed_secret: EncryptedSecret
    secret_fingerprint: SecretFingerprint = None
    overlap_seconds: Overlap = USUAL_OVERLAP_SECONDS


def rotate(source: WebhookSource, body: RotateWebhookSource, ctx: ActionContext) -> None:
    """Rotate the source's secret. The previous one is accepted for a while, and older ones no longer."""
    note_secret(source, ctx.caller.secret_hash)
    source.previous_sealed_secret = source.sealed_secret
    source.previous_ends_at = ctx.occurred_at + timedelta(seconds=body.overlap_seconds)
    source.sealed_secret = body.sealed_secret
    source.previous_secret_fingerprint = source.secret_fingerprint
    source.secret_fingerprint = body.secret_fingerprint
    source.rotated_at = ctx.occurred_at


class SetLoginWebhookSource(Payload):
    """A person's login at the tool."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Person who has the login: an id, or `me`."
    )
    login: Annotated[ShortText, Personal()] = Field(
        description="Login, account id or user name, exactly as the tool sends it for an assignee.",
        examples=["lin-wu"],
    )


@dataclass(frozen=True, slots=True)
class FormerLogin:
    """The person's login until now; None: none was set."""

    row: ToolLogin | None


async def former_login(
    reads: ReadContext,
    source: WebhookSource,
    body: SetLoginWebhookSource | RemoveLoginWebhookSource,
    ctx: ActionContext,
) -> FormerLogin:
    """Find the login that the person has at the tool."""
    person = ctx.required_ref(Person, "person")
    return FormerLogin(await reads.child(ToolLogin, source, person_id=person.id))


def set_login(source: WebhookSource, body: SetLoginWebhookSource, ctx: ActionContext) -> None:
    """Set a login of the webhook source. The tool's tickets and comments with this login are the person's
    from then on, and tickets of the person are assigned to it at a tool that is written to.
    """
    former = ctx.prepared(FormerLogin).row
    if former is not None:
        ctx.outcome.remove(former)
    person = ctx.required_ref(Person, "person")
    ctx.outcome.add(
        ToolLogin(
            id=ctx.new_id(),
            record=source.row_key,
            person_id=person.id,
            login=body.login,
            set_at=ctx.occurred_at,
        )
    )


class RemoveLoginWebhookSource(Payload):
    """The person whose login is removed."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Person who has no login at the tool any more: an id, or `me`."
    )


def remove_login(source: WebhookSource, body: RemoveLoginWebhookSource, ctx: ActionContext) -> None:
    """Remove a login of the webhook source. Tickets that it named stay as they are."""
    former = ctx.prepared(FormerLogin).row
    assert former is not None, "a login that was not set was refused"
    ctx.outcome.remove(former)


async def login_not_set(
    reads: ReadContext, source: WebhookSource, body: RemoveLoginWebhookSource, ctx: ActionContext
) -> None:
    """Refuse if the person has no login at the tool (`unknown_value`)."""
    if ctx.prepared(FormerLogin).row is None:
        raise WrongValue({"value": body.person}, pointer="/person", because="unknown_value")


def pause(source: WebhookSource, body: EmptyPayload, ctx: ActionContext) -> None:
    """Pause the source: deliveries are stored and wait."""


def resume(source: WebhookSource, body: EmptyPayload, ctx: ActionContext) -> None:
    """Resume the source: its deliveries are processed again, waiting ones first."""


def retire(source: WebhookSource, body: EmptyPayload, ctx: ActionContext) -> None:
    """Retire the source: its deliveries are refused. Its tickets stay."""


class NoteSilence(Payload):
    """The silence of a source."""

    since_at: Instant = Field(description="Time of the last delivery.")


def note_silence(source: WebhookSource, body: NoteSilence, ctx: ActionContext) -> None:
    """Note the source's silence: no delivery has arrived for five times the usual interval."""
    source.silent_since_at = body.since_at


def note_return(source: WebhookSource, body: EmptyPayload, ctx: ActionContext) -> None:
    """Note the source's return: deliveries arrive again."""
    source.silent_since_at = None


async def not_silent(reads: ReadContext, source: WebhookSource, ctx: ActionContext) -> str | None:
    """Refuse to end a silence that was not noted (`not_silent`)."""
    return "not_silent" if source.silent_since_at is None else None


async def silent_already(reads: ReadContext, source: WebhookSource, ctx: ActionContext) -> str | None:
    """Refuse to note a silence twice (`silent_already`)."""
    return None if source.silent_since_at is None else "silent_already"


NOT_RETIRED = [State.active, State.paused]
EDIT_CHECKS = (wrong_mapping,)
TO_OWNER = (RecipientRule(NoticeType.fell_silent, field="owner_id"),)

#: They have secrets, so no assistant sets them up.
ADMINS = (admin | rule).in_person()


# fmt: off
LIFECYCLE = Lifecycle(
    kind="webhook_source", plural="webhook_sources", zh="推送来源", record=WebhookSource,
    access=KindAccess(administrative=True), face=FACE,
    visible=(to_staff(),), children=(ToolLogin,),
    rules=Rules(constraints={"webhook_source_key_key": ValueTaken("key")}),
    rows=(
        #      action          中文        from            to             who           event
        action(add,            "添加",     NEW_RECORD,     State.active,  ADMINS, "webhook_source.added",   wrong=(unknown_adapter, *EDIT_CHECKS)),
        action(edit,           "编辑",     NOT_RETIRED,    STAYS,         ADMINS, "webhook_source.edited",  wrong=EDIT_CHECKS),
        action(rotate,         "轮换密钥", NOT_RETIRED,    STAYS,         ADMINS, "webhook_source.rotated"),
        action(pause,          "暂停",     [State.active], State.paused,  ADMINS, "webhook_source.paused"),
        action(resume,         "恢复",     [State.paused], State.active,  ADMINS, "webhook_source.resumed"),
        action(retire,         "停用",     NOT_RETIRED,    State.retired, ADMINS, "webhook_source.retired"),
        action(set_login,      "设置登录名", NOT_RETIRED,  STAYS,          ADMINS, "webhook_source.login_set", prepare=(former_login,), keys=Keys.NAMED),
        action(remove_login,   "移除登录名", NOT_RETIRED,  STAYS,          ADMINS, "webhook_source.login_removed", prepare=(former_login,), wrong=(login_not_set,)),
        action(note_silence,   "标记静默", [State.active], STAYS,         rule,         "webhook_source.fell_silent", unless=(silent_already,), notifies=TO_OWNER),
        action(note_return,    "标记恢复", NOT_RETIRED,    STAYS,         rule,         "webhook_source.heard_again", unless=(not_silent,)),
        *succession_rows("webhook_source", State),
    ),
)
# fmt: on
