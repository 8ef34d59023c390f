"""The record of a source of webhooks or mail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.priorities.priority import Impact, Urgency
from app.common.records import CodeEnum, ForeignRef, Hidden, KeyRef, Record, optional, required
from app.processes.incidents.records import Effect


class WebhookSourceState(CodeEnum):
    """The state of a source: its deliveries are processed, are stored and wait, or are refused."""

    active = "active", "Active", "启用"
    paused = "paused", "Paused: deliveries wait", "暂停（推送等待处理）"
    retired = "retired", "Retired: deliveries are refused", "停用（拒绝推送）"


class UnknownSenders(CodeEnum):
    """Handling of mails whose sender is unknown here: a person is added by their address, or the mail is
    refused.
    """

    add = "add", "Add as people", "自动建立人员"
    refuse = "refuse", "Refused", "拒收"


class AutomaticMails(CodeEnum):
    """Handling of mails that a list passes on or a program writes: they are taken, or ignored. Answers of
    programs, bounces and our own mails are ignored in any case.
    """

    take = "take", "Process", "接收"
    ignore = "ignore", "Ignored", "忽略"


class WebhookSource(Record):
    """A tool that posts webhooks here, or a mailbox.

    `adapter` names the shipped mapping; `mapping` is the text of the source's own, None if the adapter's
    holds. Team, service, category, impact, urgency and effect stand for what a delivery does not tell.
    An alert that fires again within `flapping_seconds` after it has cleared goes on with its incident.
    `automatic_mails` says what becomes of mails of lists and programs; None: they are taken.
    `forms` are senders whose mails are written for the person in `Reply-To`, `monitors` those that are
    monitoring tools, whose recoveries end incidents.
    `zone` is that of times without an offset. `user_name` is the one of basic authentication. The secrets are
    encrypted with the master key; the previous one is accepted until `previous_ends_at`. By the keyed
    fingerprints of both a source is found whose tool names none; None: added before there were any.
    `silent_since_at` is when the last delivery came, if it has been told that no further one did for much
    longer than usual.
    """

    KIND: ClassVar[str] = "webhook_source"

    state: WebhookSourceState | None = required()
    key: str | None = required(
        "Its key in addresses, references and events: lower-case letters, digits, `-`, `_` and "
        "`.`; never changed.",
        examples=["github-shop"],
    )
    title: str | None = required("Its name.", examples=["GitHub of the web shop"])
    adapter: str | None = required(
        "Its adapter, by the key that `GET /v1/webhook_adapters` lists.", examples=["github"]
    )
    mapping: str | None = optional(
        "Its own mapping, as TOML; null: that of the adapter.",
        examples=["[[news]]\nkind = 'ticket'\ncase = 'body.id'\nat = 'time(body.at)'\n"],
    )
    owner_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The person who is told if it falls silent.", examples=["me"]
    )
    team_id: Annotated[UUID | None, ForeignRef("team")] = optional("The team of its tickets.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service that its tickets are about.", examples=["mail"]
    )
    category: Annotated[str | None, KeyRef("category")] = optional(
        "The key of the category of its tickets.", examples=["network"]
    )
    impact: Impact | None = optional("The impact of its tickets.", examples=["2"])
    urgency: Urgency | None = optional("The urgency of its tickets.", examples=["2"])
    effect: Effect | None = optional("The effect on the service.", examples=["degraded"])
    zone: str | None = optional("The time zone of times that say no offset (IANA).")
    unknown_senders: UnknownSenders | None = required(
        "Handling of mails from addresses that nobody here has.", examples=["refuse"]
    )
    flapping_seconds: int | None = optional(
        "Number of seconds after it has cleared in which an alert that fires again goes on with its "
        "incident; null: each outage is an incident of its own.",
        examples=[900],
    )
    automatic_mails: AutomaticMails | None = optional(
        "Handling of mails that a list passes on or a program writes; null: they are taken. They are never "
        "answered. Answers of programs, bounces and our own mails are ignored in any case.",
        examples=["ignore"],
    )
    forms: list[str] | None = optional(
        "The senders of mails that are forms of web sites, as addresses, or `@` and a domain: the address in "
        "`Reply-To` is then the requester, and the one who is answered. Null: there are none.",
        examples=[["noreply@shop.example.org"]],
    )
    monitors: list[str] | None = optional(
        "The senders of mails that are monitoring tools, as addresses, or `@` and a domain: nothing is "
        "mailed to them, and a recovery resolves the incident of its problem if nobody has started on it. "
        "Null: a recovery is a comment.",
        examples=[["nagios@monitoring.example.org"]],
    )
    user_name: str | None = optional("The user name of basic authentication.", examples=["tool"])
    sealed_secret: Annotated[str | None, Hidden()] = required()
    previous_sealed_secret: Annotated[str | None, Hidden()] = None
    secret_fingerprint: Annotated[str | None, Hidden()] = None
    previous_secret_fingerprint: Annotated[str | None, Hidden()] = None
    previous_ends_at: datetime | None = optional(
        "Time until which the secret before the last rotation is accepted."
    )
    rotated_at: datetime | None = None
    silent_since_at: datetime | None = optional(
        "Time of its last delivery, if none has come for five times as long as usual."
    )
    added_at: datetime | None = required()

    @property
    def display_name(self) -> str:
        """The key, since sources have no numbers."""
        return self.key or ""
