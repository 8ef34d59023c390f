"""Amazon SNS: the signature of a certificate is verified, and a subscription is confirmed by itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.people import Role
from app.platform.outward import Answer, OutwardClient, RequestFailed
from app.webhooks.intake import amazon_requests
from app.webhooks.intake.amazon_signatures import certificate_url, confirmation_url, is_signed_by
from tests.client import Api
from tests.webhooks import amazon
from tests.webhooks.tools import Tool, a_source, process_all

NOW = datetime.now(UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
#: The two forms of Amazon's documentation, with values of our own.
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": TOPIC,
    "Subject": "ALARM: till-01",
    "Message": json.dumps({"AlarmName": "till-01", "AlarmArn": "arn:till-01", "NewStateValue": "ALARM"}),
    "Timestamp": "2026-11-29T10:00:00.000Z",
}
CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37",
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe to the topic.",
    "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37",
    "Timestamp": "2026-11-29T10:00:00.000Z",
}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("message", [NOTIFICATION, CONFIRMATION], ids=lambda message: message["Type"])
def test_a_signature_holds_for_what_was_signed_alone(version: str, message: dict[str, Any]) -> None:
    signed = amazon.signed(message, version)
    assert is_signed_by(signed, amazon.certificate(), NOW)
    for name in (*message, "Signature", "SignatureVersion"):
        assert not is_signed_by(signed | {name: "3"}, amazon.certificate(), NOW), name
    assert not is_signed_by(signed, amazon.certificate(days=-1), NOW), "its certificate has ended"
    assert not is_signed_by(signed, b"no certificate", NOW)
    assert not is_signed_by({}, amazon.certificate(), NOW)


def test_a_notification_may_have_no_subject() -> None:
    message = {name: text for name, text in NOTIFICATION.items() if name != "Subject"}
    assert is_signed_by(amazon.signed(message), amazon.certificate(), NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://bucket.s3.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.example.org/a.pem",
        "https://sns.eu-west-1.amazonaws.com@example.org/a.pem",
        "https://sns.eu-west-1.amazonaws.com/../a.pem",
        "https://example.org/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        None,
        7,
    ],
)
def test_only_addresses_of_amazon_sns_are_called(url: object) -> None:
    assert certificate_url({"SigningCertURL": url}) is None
    assert confirmation_url(CONFIRMATION | {"SubscribeURL": url}) is None


class Amazon:
    """What answers requests to Amazon: the certificate, or a confirmation."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.is_down = False

    async def request(self, client: OutwardClient, method: str, url: str, *more: Any) -> Answer:
        self.urls.append(url)
        if self.is_down:
            raise RequestFailed("no_connection")
        return Answer(200, {}, amazon.certificate() if url.endswith(".pem") else b"<xml/>")


@pytest.fixture
def standin(monkeypatch: pytest.MonkeyPatch) -> Amazon:
    replies = Amazon()

    async def request(client: OutwardClient, method: str, url: str, *more: Any) -> Answer:
        return await replies.request(client, method, url, *more)

    monkeypatch.setattr(OutwardClient, "request", request)
    monkeypatch.setattr(amazon_requests, "_certificates", {})
    return replies


async def post(tool: Tool, message: dict[str, Any], secret: str | None = None) -> Any:
    query = {"token": secret or tool.source["secret"]}
    return await tool.api.with_token(None).post(tool.path, content=json.dumps(message).encode(), params=query)


async def test_a_subscription_is_confirmed_and_its_alarms_are_taken(api: Api, standin: Amazon) -> None:
    tool = await a_source(api, await api.client("Ada", Role.admin, Role.agent), "amazon_sns")
    unsigned, notification = (
        CONFIRMATION | {"SigningCertURL": amazon.CERTIFICATE_URL},
        amazon.signed(NOTIFICATION),
    )
    wrong_secret = await post(tool, notification, "somebody-elses")
    assert (wrong_secret.status_code, standin.urls) == (401, []), "it asks nobody for a stranger"
    assert (await post(tool, unsigned)).status_code == 401

    standin.urls.clear()
    standin.is_down = True
    accepted = (await post(tool, amazon.signed(CONFIRMATION))).json()
    await process_all(api.ledger)
    path = f"/v1/webhook_sources/{tool.source['id']}/deliveries/{accepted['delivery_id']}"
    failed = await tool.admin.read(path)
    assert (failed["state"], failed["code"]) == ("failed", "unconfirmed")
    standin.is_down = False
    await tool.admin.post(f"{path}/replay")
    await process_all(api.ledger)
    assert (await tool.admin.read(path))["state"] == "ignored"
    assert standin.urls == [CONFIRMATION["SubscribeURL"]] * 2

    assert (await post(tool, notification)).status_code == 202
    await process_all(api.ledger)
    assert [ticket["title"] for ticket in await tool.tickets()] == ["till-01"]
    other = amazon.signed(NOTIFICATION, url="https://sns.eu-west-1.amazonaws.com/other.pem")
    standin.is_down = True
    no_certificate = await post(tool, other)
    assert (no_certificate.status_code, no_certificate.json()["code"]) == (503, "no_certificate")
