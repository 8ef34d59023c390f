"""Sample deliveries of each tool, written by hand after its documentation: a short story each.

They are JSON files `sample_deliveries/<adapter>.json`: lists of `{"title": …, "headers": {…}, "body": …}`. In
texts `{now}`, `{now-10m}` and the like are replaced by that time as RFC 3339, `{date}` by that of a mail,
`{epoch}`, `{epoch_ms}` and `{epoch_us}` by now in seconds, milliseconds and microseconds since 1970, so that
a sample is always of today.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from importlib import resources

from app.webhooks.intake.deliveries import RawDelivery
from app.webhooks.sources.records import WebhookSource

_TIME = re.compile(r"\{now(?:-(\d{1,4})m)?\}")
_MAIL_DATE = re.compile(r"\{date(?:-(\d{1,4})m)?\}")
_EPOCH = re.compile(r'"?\{epoch(_ms|_us)?(?:-(\d{1,4})m)?\}"?')

_TICKS_PER_SECOND = {None: 1, "_ms": 1_000, "_us": 1_000_000}


@dataclass(frozen=True, slots=True)
class SampleDelivery:
    """A sample delivery, and what it is."""

    title: str
    raw: RawDelivery


def samples_of(adapter: str, now: datetime) -> list[SampleDelivery]:
    """Return the sample deliveries of a tool, in the order in which the tool would send them."""
    path = resources.files("app.webhooks").joinpath("sample_deliveries", f"{adapter}.json")
    return [
        SampleDelivery(
            stored["title"], RawDelivery(_lower(stored.get("headers", {})), _body(stored["body"], now))
        )
        for stored in json.loads(path.read_text(encoding="utf-8"))
    ]


def sample_of(source: WebhookSource, now: datetime) -> RawDelivery:
    """Return a delivery as the source's tool would send it first."""
    return samples_of(str(source.adapter), now)[0].raw


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _body(body: object, now: datetime) -> bytes:
    """Return the body, JSON or text, with its times."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, indent=2)

    def time(match: re.Match[str]) -> str:
        instant = now - timedelta(minutes=int(match[1] or 0))
        return instant.strftime("%Y-%m-%dT%H:%M:%SZ")

    def epoch(match: re.Match[str]) -> str:
        seconds = (now - timedelta(minutes=int(match[2] or 0))).timestamp()
        return str(int(seconds * _TICKS_PER_SECOND[match[1]]))

    def mail_date(match: re.Match[str]) -> str:
        return format_datetime(now - timedelta(minutes=int(match[1] or 0)))

    return _EPOCH.sub(epoch, _MAIL_DATE.sub(mail_date, _TIME.sub(time, text))).encode()
