"""Formats: what a subscription sends, and what its receiver's answers mean."""

from __future__ import annotations

from app.subscriptions.formats.chat import DINGTALK, FEISHU, SLACK, TEAMS, WECOM
from app.subscriptions.formats.message import MessageFormat
from app.subscriptions.formats.standard import STANDARD
from app.subscriptions.formats.template import TEMPLATE
from app.subscriptions.records import DeliveryFormat

#: That of tools is added by the package that knows them.
FORMATS: dict[DeliveryFormat, MessageFormat] = {
    DeliveryFormat.standard: STANDARD,
    DeliveryFormat.slack: SLACK,
    DeliveryFormat.teams: TEAMS,
    DeliveryFormat.feishu: FEISHU,
    DeliveryFormat.dingtalk: DINGTALK,
    DeliveryFormat.wecom: WECOM,
    DeliveryFormat.template: TEMPLATE,
}
