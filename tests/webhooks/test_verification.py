"""Every scheme takes what has a valid secret, and refuses everything else in silence."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as some
from standardwebhooks.webhooks import Webhook

from app.webhooks.adapters import adapter, tools
from app.webhooks.intake.signing import signed_headers
from app.webhooks.intake.verification import MOST_SIGNATURES, Credentials, is_verified
from app.webhooks.mapping.document import VerificationScheme
from app.webhooks.sources.secrets import new_webhook_secret
from tests.webhooks.payloads import FOLDER, payload

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NEW, OLD, WRONG = "the-new-secret-0001", "the-old-secret-0001", "somebody-elses-secret"
BODY = '{"text": "Drücker {body} {timestamp}"}'.encode()

GITHUB = VerificationScheme(scheme="hmac", header="X-Hub-Signature-256", prefix="sha256=")
SHA1 = VerificationScheme(scheme="hmac", header="X-Hub-Signature", algorithm="sha1", prefix="sha1=")
SEVERAL = VerificationScheme(scheme="hmac", header="X-PagerDuty-Signature", prefix="v1=", separator=",")
DATED = VerificationScheme(
    scheme="hmac",
    header="X-Signature",
    encoding="base64",
    signed="{timestamp}{body}",
    timestamp_header="X-Timestamp",
)
STANDARD = VerificationScheme(scheme="standard_webhooks")
BASIC = VerificationScheme(scheme="basic")
BEARER = VerificationScheme(scheme="bearer")
TOKEN = VerificationScheme(scheme="token", header="X-Gitlab-Token")
SCHEMES = (GITHUB, SHA1, SEVERAL, DATED, STANDARD, BASIC, BEARER, TOKEN)


def takes(scheme: VerificationScheme, headers: dict[str, str], *secrets: str, body: bytes = BODY) -> bool:
    """Whether the delivery is verified, by default with the new secret."""
    return is_verified((scheme,), Credentials(secrets or (NEW,), "tool"), headers, body, NOW)


def sent(scheme: VerificationScheme, secret: str = NEW, instant: datetime = NOW) -> dict[str, str]:
    """Headers as the tool sends them."""
    return signed_headers(scheme, Credentials((secret,), "tool"), {}, BODY, instant)


def named(scheme: VerificationScheme) -> str:
    return f"{scheme.scheme} {scheme.header or ''}".strip()


@pytest.mark.parametrize("scheme", SCHEMES, ids=named)
def test_whoever_has_the_secret_is_taken_and_nobody_else(scheme: VerificationScheme) -> None:
    assert takes(scheme, sent(scheme))
    assert not takes(scheme, sent(scheme, WRONG))
    assert not takes(scheme, {})


@pytest.mark.parametrize("scheme", SCHEMES, ids=named)
def test_while_secrets_are_rotated_both_are_taken_and_afterwards_only_the_new_one(
    scheme: VerificationScheme,
) -> None:
    assert takes(scheme, sent(scheme, OLD), NEW, OLD)
    assert takes(scheme, sent(scheme, NEW), NEW, OLD)
    assert not takes(scheme, sent(scheme, OLD), NEW)


@pytest.mark.parametrize("scheme", [GITHUB, SHA1, SEVERAL, DATED, STANDARD], ids=named)
def test_a_signature_is_of_this_body_and_no_other(scheme: VerificationScheme) -> None:
    assert not takes(scheme, sent(scheme), body=BODY + b" ")
    assert takes(scheme, signed_headers(scheme, Credentials((NEW,)), {}, b"", NOW), body=b"")


@pytest.mark.parametrize("scheme", [DATED, STANDARD], ids=named)
def test_a_signed_time_more_than_five_minutes_away_is_refused_on_either_side(
    scheme: VerificationScheme,
) -> None:
    for seconds, is_taken in ((300, True), (301, False), (-300, True), (-301, False)):
        assert takes(scheme, sent(scheme, instant=NOW + timedelta(seconds=seconds))) is is_taken


def test_the_window_is_the_one_of_the_scheme_where_it_says_one() -> None:
    narrow = DATED.model_copy(update={"tolerance_seconds": 10})
    assert takes(narrow, sent(narrow, instant=NOW - timedelta(seconds=10)))
    assert not takes(narrow, sent(narrow, instant=NOW - timedelta(seconds=11)))


@pytest.mark.parametrize("timestamp", ["2026-03-02T08:00:00Z", "1772438400", "1772438400000", "1772438400.5"])
def test_signed_times_are_read_in_every_form_that_tools_use(timestamp: str) -> None:
    signature = base64.b64encode(hmac.digest(NEW.encode(), timestamp.encode() + BODY, "sha256")).decode()
    assert takes(DATED, {"x-timestamp": timestamp, "x-signature": signature})


def test_signatures_are_those_that_tools_document() -> None:
    hexed = hmac.new(NEW.encode(), BODY, sha256).hexdigest()
    assert takes(GITHUB, {"x-hub-signature-256": f"sha256={hexed}"})
    assert takes(GITHUB, {"x-hub-signature-256": f"sha256={hexed.upper()}"})
    assert not takes(GITHUB, {"x-hub-signature-256": hexed}), "without its prefix"
    assert takes(SHA1, {"x-hub-signature": "sha1=" + hmac.new(NEW.encode(), BODY, sha1).hexdigest()})
    pair = base64.b64encode(f"tool:{NEW}".encode()).decode()
    assert takes(BASIC, {"authorization": f"Basic {pair}"})
    assert takes(BEARER, {"authorization": f"bearer {NEW}"})
    assert takes(TOKEN, {"x-gitlab-token": NEW})


def test_one_right_signature_among_several_is_enough() -> None:
    right = sent(SEVERAL)["x-pagerduty-signature"]
    assert takes(SEVERAL, {"x-pagerduty-signature": f"v1={'0' * 64}, {right}"})
    assert takes(STANDARD, sent(STANDARD) | {"webhook-signature": both(sent(STANDARD))})
    many = ",".join(["v1=00"] * MOST_SIGNATURES)
    assert not takes(SEVERAL, {"x-pagerduty-signature": f"{many},{right}"}), "more than are looked at"


def both(headers: dict[str, str]) -> str:
    """The signature behind a wrong one and one of a version that nobody knows."""
    return f"v1,{base64.b64encode(bytes(32)).decode()} v2,{'00'} {headers['webhook-signature']}"


def test_basic_authentication_needs_the_user_name_too() -> None:
    other = signed_headers(BASIC, Credentials((NEW,), "other"), {}, BODY, NOW)
    assert not takes(BASIC, other)
    colon = signed_headers(BASIC, Credentials(("with:colon:in-it",), "tool"), {}, BODY, NOW)
    assert takes(BASIC, colon, "with:colon:in-it")


def test_standard_webhooks_signs_the_id_too() -> None:
    assert not takes(STANDARD, sent(STANDARD) | {"webhook-id": "msg_other"})


def test_any_of_several_schemes_is_enough() -> None:
    credentials = Credentials((NEW,), "tool")
    for scheme in (BASIC, BEARER):
        assert is_verified((BASIC, BEARER), credentials, sent(scheme), BODY, NOW)


@pytest.mark.parametrize("tool", tools())
def test_what_an_adapter_says_of_its_signatures_can_be_signed_and_verified(tool: str) -> None:
    for scheme in adapter(tool).document.verification:
        if scheme.scheme == "amazon_sns":
            continue  # Amazon alone signs: test_amazon_sns
        assert takes(scheme, sent(scheme))
        assert not takes(scheme, sent(scheme, WRONG))


@pytest.mark.parametrize(
    "secret",
    ["whsec_c2VjcmV0IG9mIFRlc3Rz4Q==", "whsec_c2VjcmV0IG9mIFRlc3Rz4Q", "c2VjcmV0IG9mIFRlc3Rz4Q=="],
    ids=["as it should be", "without padding", "without prefix"],
)
def test_what_the_library_of_standard_webhooks_signs_is_verified(secret: str) -> None:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, BODY.decode()),
    }
    assert is_verified((STANDARD,), Credentials((secret,)), headers, BODY, now)
    assert is_verified((STANDARD,), Credentials((new_webhook_secret("jira"), secret)), headers, BODY, now), (
        "rotated"
    )
    assert not is_verified((STANDARD,), Credentials((new_webhook_secret("generic"),)), headers, BODY, now)


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"needs real data: the payloads of real tools are not in {FOLDER}"
)
def test_the_published_example_of_standard_webhooks_is_verified_at_its_time() -> None:
    example = payload("standard_webhooks/sign_vector.json")
    headers = {name: example[name] for name in example if name.startswith("webhook-")}
    credentials, body = Credentials((example["secret"],)), example["body"].encode()
    then = datetime.fromtimestamp(int(example["webhook-timestamp"]), UTC)
    assert is_verified((STANDARD,), credentials, headers, body, then)
    assert not is_verified((STANDARD,), credentials, headers, body + b" ", then)
    assert not is_verified((STANDARD,), credentials, headers, body, NOW), "years later"


def test_what_we_sign_is_verified_by_the_library_of_standard_webhooks() -> None:
    secret_text, now = new_webhook_secret("generic"), datetime.now(UTC)
    headers = signed_headers(STANDARD, Credentials((secret_text,)), {}, b'{"a": 1}', now)
    assert Webhook(secret_text).verify(b'{"a": 1}', headers) == {"a": 1}


HEADERS = (
    *("authorization", "webhook-id", "webhook-timestamp", "webhook-signature", "x-timestamp", "x-signature"),
    *("x-hub-signature", "x-hub-signature-256", "x-pagerduty-signature", "x-gitlab-token"),
)
#: Whatever HTTP lets through, and what comes near to a right value.
VALUE = some.one_of(
    some.text(some.characters(max_codepoint=255), max_size=60),
    some.sampled_from(
        [
            *("nan", "inf", "-1", "1e999", "9" * 400, "0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00"),
            *("v1,", "v1=", "v1,====", "sha256=", "sha256=ü", ",,,", "Basic", "Basic =", "Basic /w=="),
            *("Bearer", "Bearer ", "Basic Og==", "1772438400", "2026-03-02T08:00:00Z"),
        ]
    ),
)


@given(headers=some.dictionaries(some.sampled_from(HEADERS), VALUE))
def test_malformed_headers_are_refused_and_never_raise(headers: dict[str, str]) -> None:
    for scheme in SCHEMES:
        assert not takes(scheme, headers)


@given(secret=some.text(some.characters(min_codepoint=33, max_codepoint=126), min_size=16, max_size=60))
def test_any_text_is_a_secret(secret: str) -> None:
    for secret_text in (secret, f"whsec_{secret}"):
        for scheme in SCHEMES:
            assert takes(scheme, sent(scheme, secret_text), secret_text)
