"""The body of a delivery is read by the encoding that its sender declares."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.webhooks.mapping.deliveries import Delivery, read_body

TITLE = "Köln: Verbindung gestört"
CHINESE = "邮件服务不可用"


def body_of(content_type: str, body: bytes) -> object:
    """The body of a delivery with this header."""
    return read_body(Delivery({"content-type": content_type}, body, datetime(2026, 11, 1, tzinfo=UTC))).value


@pytest.mark.parametrize(
    ("content_type", "charset", "text"),
    [
        ("application/json; charset=latin1", "latin-1", TITLE),
        ('application/json; charset="GB18030"', "gb18030", CHINESE),
        ("application/json; charset=utf-16", "utf-16", CHINESE),
        ("application/json; charset=utf-8", "utf-8-sig", CHINESE),
        ("application/json; charset=unheard-of", "utf-8", CHINESE),
        ("application/json", "utf-8", CHINESE),
        ("", "utf-8", CHINESE),
    ],
)
def test_json_is_read_by_its_declared_charset(content_type: str, charset: str, text: str) -> None:
    body = json.dumps({"title": text}, ensure_ascii=False).encode(charset)
    assert body_of(content_type, body) == {"title": text}


def test_a_form_is_read_by_its_declared_charset() -> None:
    body = urlencode({"title": TITLE}, encoding="latin-1").encode("ascii")
    assert body_of("application/x-www-form-urlencoded; charset=latin1", body) == {"title": TITLE}
