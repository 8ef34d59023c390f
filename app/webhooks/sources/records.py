"""The record of a source of webhooks or mail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.priorities.priority import Impact, Urgency
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    Hidden,
    KeyRef,
    Record,
    optional,
    required,
)
from app.processes.incidents.records import Effect


class WebhookSourceState(CodeEnum):
    """The state of a source: its deliveries are processed, are stored and wait, or are refused."""

    active = "active", "Active", "启用"
    paused = "paused", "Paused: deliveries wait", "暂停（推送等待处理）"
    retired = "retired", "Retired: deliveries are refused", "停用（拒绝推送）"


class UnknownSenders(CodeEnum):
    """Treatment of mails from unknown senders: a person is added for the address, or the mail is refused."""

    add = "add", "Add as people", "自动建立人员"
    refuse = "refuse", "Refused", "拒收"


class AutomaticMails(CodeEnum):
    """Treatment of mails from mailing lists and programs: they are accepted or ignored. Automatic replies,
    bounces and this service's own mails are always ignored.
    """

    take = "take", "Accepted", "接收"
    ignore = "ignore", "Ignored", "忽略"


class WebhookSource(Record):
    """A tool that posts webhooks here, or a mailbox.

    `adapter` names the shipped mapping; `mapping` is the text of the source's own, None if the adapter's
    holds. Team, service, category, impact, urgency and effect are defaults for values that a delivery lacks.
    An alert that fires again within `flapping_seconds` after it has cleared goes on with its incident.
    `automatic_mails` is the treatment of mails of lists and programs; None: they are accepted.
    `forms` are senders whose mails are written for the person in `Reply-To`, `monitors` those that are
    monitoring tools, whose recoveries end incidents.
    `zone` is that of times without an offset. `user_name` is the one of basic authentication. The secrets are
    encrypted with the master key; the previous one is accepted until `previous_ends_at`. The keyed
    fingerprints of both find the source of a tool that does not name it; None: added before there were any.
    `silent_since_at` is when the last delivery came, if a much longer silence than usual has been reported.
    """

    KIND: ClassVar[str] = "webhook_source"

    state: WebhookSourceState | None = required()
    key: str | None = required(
        "Key of the source in addresses, references and events: lower-case letters, digits, `-`, `_` "
        "and `.`; never changed.",
        examples=["github-shop"],
    )
    title: str | None = required("Name of the source.", examples=["GitHub of the web shop"])
    adapter: str | None = required(
        "Key of the source's adapter, as listed by `GET /v1/webhook_adapters`.", examples=["github"]
    )
    mapping: str | None = optional(
        "Mapping of the source as TOML; null to use the adapter's mapping.",
        examples=["[[news]]\nkind = 'ticket'\ncase = 'body.id'\nat = 'time(body.at)'\n"],
    )
    owner_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.ownership, quiet=True)] = required(
        "Person who is notified if the source falls silent; null if not set.", examples=["me"]
    )
    team_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.team_work)] = optional(
        "Team of the source's tickets; null if not set."
    )
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service of the source's tickets; null if not set.", examples=["mail"]
    )
    category: Annotated[str | None, KeyRef("category")] = optional(
        "Key of the category of the source's tickets; null if not set.", examples=["network"]
    )
    impact: Impact | None = optional(
        "Impact of the source's tickets; null if the mapping sets it.", examples=["2"]
    )
    urgency: Urgency | None = optional(
        "Urgency of the source's tickets; null if the mapping sets it.", examples=["2"]
    )
    effect: Effect | None = optional(
        "Effect on the service; null if the mapping sets it.", examples=["degraded"]
    )
    zone: str | None = optional("Time zone of times without an offset (IANA).")
    unknown_senders: UnknownSenders | None = required(
        "Treatment of mails from unknown senders.", examples=["refuse"]
    )
    flapping_seconds: int | None = optional(
        "Number of seconds after clearing in which an alert that fires again continues its incident; "
        "null if each outage opens its own incident.",
        examples=[900],
    )
    automatic_mails: AutomaticMails | None = optional(
        "Treatment of mails from mailing lists and programs; null to accept them. They are never "
        "answered. Automatic replies, bounces and this service's own mails are always ignored.",
        examples=["ignore"],
    )
    forms: list[str] | None = optional(
        "Senders of mails from web forms, as addresses, or `@` and a domain: the address in `Reply-To` "
        "is then the requester. Null if there are no such senders.",
        examples=[["noreply@shop.example.org"]],
    )
    monitors: list[str] | None = optional(
        "Senders of mails that are monitoring tools, as addresses, or `@` and a domain. No mail is sent to "
        "them, "
        "and a recovery resolves the incident of its problem if no one has started work on it; null if a "
        "recovery is a comment.",
        examples=[["nagios@monitoring.example.org"]],
    )
    user_name: str | None = optional(
        "User name for basic authentication; null if it is not used.", examples=["tool"]
    )
    sealed_secret: Annotated[str | None, Hidden()] = required()
    previous_sealed_secret: Annotated[str | None, Hidden()] = None
    secret_fingerprint: Annotated[str | None, Hidden()] = None
    previous_secret_fingerprint: Annotated[str | None, Hidden()] = None
    previous_ends_at: datetime | None = optional(
        "Time until which the secret before the last rotation is accepted; null if it is not."
    )
    rotated_at: datetime | None = optional(
        "Time of the last rotation of the secret; null before the first rotation."
    )
    silent_since_at: datetime | None = optional(
        "Time of the last delivery, if no delivery has arrived for five times the usual interval; null "
        "otherwise."
    )
    set_with: Annotated[list[str] | None, Hidden()] = None
    added_at: datetime | None = required()

    @property
    def display_name(self) -> str:
        """The key, since sources have no numbers."""
        return self.key or ""


class ToolLogin(ChildRecord):
    """A person's login at the tool of a source, under the person's key."""

    KIND: ClassVar[str] = "tool_login"

    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.recorded)] = required(
        "Person who has the login."
    )
    login: Annotated[str | None, Personal()] = required(
        "Name or id by which the tool knows the person; null once the person was erased."
    )
    set_at: datetime | None = required("Time at which the login was set.")
