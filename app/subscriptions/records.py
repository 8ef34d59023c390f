"""The record of a subscription to the log's events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.records import CodeEnum, ForeignRef, Hidden, Record, optional, required
from app.common.state_fields import EnteredAt


class SubscriptionState(CodeEnum):
    """The state of a subscription: events are sent, wait until it is resumed, or are not sent because the
    receiver failed or wants no more.
    """

    active = "active", "Active", "启用"
    paused = "paused", "Paused: events wait", "暂停（事件等待发送）"
    disabled = "disabled", "Disabled: events are not sent", "停用（不再发送）"


class DisabledBecause(CodeEnum):
    """The reason why a subscription is disabled."""

    failing = "failing", "The receiver failed for three days", "接收方连续失败三天"
    receiver_gone = "receiver_gone", "The receiver is gone (410)", "接收地址已不存在（410）"
    refused = "refused", "The receiver asked to stop", "接收方要求停止"
    ended = "ended", "Its account, key or term has ended", "账户、密钥或期限已结束"
    by_hand = "by_hand", "Disabled by hand", "人工停用"


class DeliveryFormat(CodeEnum):
    """The form of what is sent."""

    standard = "standard", "Standard Webhooks", "标准 Webhooks"
    slack = "slack", "Slack", "Slack 消息"
    teams = "teams", "Microsoft Teams", "Microsoft Teams 消息"
    feishu = "feishu", "Feishu", "飞书"
    dingtalk = "dingtalk", "DingTalk", "钉钉"
    wecom = "wecom", "WeCom", "企业微信"
    template = "template", "Custom template", "自定义模板"
    tool = "tool", "Update of a tool", "调用工具自身的接口"


class Subscription(Record):
    """A subscription: the events that an account sees, sent to an address as they happen.

    It belongs to the account `person_id`, and sees what that sees at the instant of each delivery: with the
    roles in `roles` only, if there are any. One that was made with a key ends with that key. The address, the
    template and the secrets are encrypted with the master key, since an address may hold a secret, and a
    template the numbers of people; `origin` is the address's scheme, host and port. `previous_sealed_secret`
    signs as well until `previous_ends_at`.
    """

    KIND: ClassVar[str] = "subscription"

    state: SubscriptionState | None = required()
    title: str | None = required("Its name.", examples=["Events for the data warehouse"])
    person_id: Annotated[UUID | None, ForeignRef("person")] = required(
        "The account that it belongs to: it sees what that sees.", examples=["me"]
    )
    key_id: UUID | None = optional("The API key that it was made with, and ends with.")
    secret_hash: Annotated[str | None, Hidden()] = None
    suspended_by_rotation: bool | None = optional(
        "True if the key that it was made or changed with was rotated without an overlap: it is paused until "
        "its account resumes it."
    )
    roles: list[str] | None = optional(
        "The only roles of its account that it sees with; null: all that the account holds."
    )
    ends_at: datetime | None = optional("The time at which it ends; null: never.")
    origin: str | None = required("Scheme, host and port that events are sent to.")
    sealed_url: Annotated[str | None, Hidden()] = required()
    format: DeliveryFormat | None = required("The form of what is sent.", examples=["standard"])
    language: str | None = required("The language of labels in what is sent: en or zh.", examples=["en"])
    event_types: list[str] | None = optional(
        "The only types of events that are sent; null: all.", examples=[["incident.resolved"]]
    )
    kinds: list[str] | None = optional(
        "The only kinds of records whose events are sent; null: all.", examples=[["incident"]]
    )
    services: list[str] | None = optional(
        "The keys of the only services whose records' events are sent; null: all.", examples=[["mail"]]
    )
    team_ids: Annotated[list[str] | None, ForeignRef("team")] = optional(
        "The only teams whose records' events are sent; null: all."
    )
    priorities: list[str] | None = optional(
        "The only priorities of tickets whose events are sent; null: all.", examples=[["P1"]]
    )
    source: str | None = optional(
        "The key of the source of webhooks whose tool is written to, for the format `tool`.",
        examples=["github-shop"],
    )
    opens_tickets: bool | None = optional("True if incidents that the tool does not know are opened there.")
    tool_settings: list[str] | None = optional(
        "Settings of the tool, as name=value: for Jira `project` and `issue_type`.",
        examples=[["project=OPS", "issue_type=Task"]],
    )
    sealed_template: Annotated[str | None, Hidden()] = None
    sealed_secret: Annotated[str | None, Hidden()] = required()
    previous_sealed_secret: Annotated[str | None, Hidden()] = None
    previous_ends_at: datetime | None = optional(
        "Time until which the secret before the last rotation signs, too."
    )
    rotated_at: datetime | None = None
    failing_since_at: datetime | None = optional(
        "Time since which no delivery has succeeded, if its account has been warned of it."
    )
    disabled_because: DisabledBecause | None = optional("The reason why it is disabled.")
    added_at: datetime | None = required()
    resumed_at: datetime | None = optional("Time at which it was resumed last.")
    disabled_at: Annotated[datetime | None, EnteredAt(SubscriptionState.disabled)] = None
