"""The record of a subscription to the log's events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
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
    """The format of deliveries."""

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
    title: str | None = required("Name of the subscription.", examples=["Events for the data warehouse"])
    person_id: Annotated[UUID | None, ForeignRef("person", GivenDuty.account, quiet=True)] = required(
        "Account to which the subscription belongs: only events that the account may see are sent.",
        examples=["me"],
    )
    key_id: UUID | None = optional("API key that made the subscription; the subscription ends with it.")
    secret_hash: Annotated[str | None, Hidden()] = None
    set_with: Annotated[list[str] | None, Hidden()] = None
    suspended_by_rotation: bool | None = optional(
        "True if the key that made or changed the subscription was rotated without an overlap: it is "
        "paused until its account resumes it."
    )
    roles: list[str] | None = optional(
        "Roles of the account that the subscription uses; null for all roles of the account."
    )
    ends_at: datetime | None = optional("Time at which the subscription ends; null if it does not end.")
    origin: str | None = required("Scheme, host and port of the address.")
    sealed_url: Annotated[str | None, Hidden()] = required()
    format: DeliveryFormat | None = required("Format of the deliveries.", examples=["standard"])
    language: str | None = required("Language of labels in the deliveries: en or zh.", examples=["en"])
    event_types: list[str] | None = optional(
        "Types of events to send; null for all types.", examples=[["incident.resolved"]]
    )
    kinds: list[str] | None = optional(
        "Kinds of records whose events are sent; null for all kinds.", examples=[["incident"]]
    )
    services: list[str] | None = optional(
        "Keys of services whose records' events are sent; null for all services.", examples=[["mail"]]
    )
    team_ids: Annotated[list[str] | None, ForeignRef("team")] = optional(
        "Teams whose records' events are sent; null for all teams."
    )
    priorities: list[str] | None = optional(
        "Priorities of tickets whose events are sent; null for all priorities.", examples=[["P1"]]
    )
    most_per_minute: int | None = optional(
        "Largest number of deliveries in a minute; null if there is no limit.", examples=[60]
    )
    source: str | None = optional(
        "Key of the webhook source whose tool receives the tickets. Only for the format `tool`; null for "
        "other formats.",
        examples=["github-shop"],
    )
    opens_tickets: bool | None = optional("True if incidents that the tool does not know are created there.")
    tool_settings: list[str] | None = optional(
        "Settings of the tool, as name=value: for Jira `project` and `issue_type`, and `edition=data_center` "
        "for Jira Data Center.",
        examples=[["project=OPS", "issue_type=Task"]],
    )
    sealed_template: Annotated[str | None, Hidden()] = None
    sealed_secret: Annotated[str | None, Hidden()] = required()
    previous_sealed_secret: Annotated[str | None, Hidden()] = None
    previous_ends_at: datetime | None = optional(
        "Time until which the secret before the last rotation also signs; null if it does not."
    )
    rotated_at: datetime | None = optional(
        "Time of the last rotation of the secret; null before the first rotation."
    )
    failing_since_at: datetime | None = optional(
        "Time since which no delivery has succeeded, once the account was warned of it; null otherwise."
    )
    disabled_because: DisabledBecause | None = optional(
        "Reason why the subscription is disabled; null if it is not."
    )
    added_at: datetime | None = required()
    resumed_at: datetime | None = optional(
        "Time at which the subscription was last resumed or retried; null if it never was."
    )
    disabled_at: Annotated[datetime | None, EnteredAt(SubscriptionState.disabled)] = None
