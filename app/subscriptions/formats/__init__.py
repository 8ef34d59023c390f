"""Formats: what a subscription sends, and what its receiver's answers mean."""

from __future__ import annotations

from app.subscriptions.formats.message import Format
from app.subscriptions.formats.standard import STANDARD
from app.subscriptions.records import DeliveryFormat

#: That of tools is added by the package that knows them.
FORMATS: dict[DeliveryFormat, Format] = {DeliveryFormat.standard: STANDARD}
