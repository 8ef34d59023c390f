"""The worked examples of the page of templates send short messages to a gateway, in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.extent import first_of
from tests.subscriptions.receivers import Received, answer
from tests.subscriptions.stages import Stage

PAGE = (Path(__file__).parents[2] / "docs/subscription-templates.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    match = re.search(rf"<!-- {name} -->\n```toml\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    return match[1]


def sentences(number: str) -> tuple[str, str]:
    """What the page says that is sent, in English and in Chinese, of the case of that number."""
    passage = PAGE.partition("The example sends")[2]
    english, chinese = re.findall(r"`(\[INC-[^`]+)`", passage)[:2]
    return english.replace("INC-2026-000123", number), chinese.replace("INC-2026-000123", number)


def of_form(request: Received) -> bytes:
    """The answer of a gateway as Twilio's is: user and password, a form, 201 or 400."""
    fields = parse_qs(request.body.decode("ascii"), strict_parsing=True)
    fits = request.headers["authorization"].startswith("Basic ") and fields.keys() == {"To", "From", "Body"}
    return answer(
        201 if fits else 400, b'{"sid": "SM1", "status": "queued"}', content_type="application/json"
    )


def of_json(request: Received) -> bytes:
    """The answer of a gateway that says 200 whatever it makes of a message."""
    fits = request.headers["authorization"] == "Bearer token" and len(request.json["content"]) <= 80
    return answer(200, b'{"code": 0}' if fits else b'{"code": 4}', content_type="application/json")


@pytest.mark.parametrize("language", first_of([1, 0], 1), ids=str)
async def test_the_examples_send_what_the_page_says(stage: Stage, language: int) -> None:
    code = ("en", "zh")[language]
    by_path = {"form": of_form, "json": of_json}
    stage.receiver.answers = lambda request: by_path[request.path[1:5]](request)
    base = stage.receiver.url.removesuffix("hook")
    subscriptions = [
        await stage.subscribe(
            None,
            format="template",
            template=example(f"sms-{name}"),
            url=base + name,
            secret=secret,
            language=code,
        )
        for name, secret in (("form", "AC1:token"), ("json", "token"))
    ]
    incident = await stage.incident()
    long = await stage.incident(title="邮件不可用" * 30)
    await stage.send()
    texts = {"/form": set[str](), "/json": set[str]()}
    for request in stage.receiver.received:
        body = request.body.decode()
        text = json.loads(body)["content"] if request.path == "/json" else parse_qs(body)["Body"][0]
        texts[request.path].add(text.removeprefix("【工单】"))
    assert texts["/form"] == texts["/json"]
    assert sentences(incident["number"])[language] in texts["/form"]
    (cut,) = (text for text in texts["/form"] if long["number"] in text)
    assert (len(cut), cut[-1]) == (70, "…")
    for subscription in subscriptions:
        outcomes = {each["outcome"] for each in await stage.attempts(subscription)}
        assert outcomes == {"delivered"}


async def test_the_body_of_the_page_adds_a_subscription(stage: Stage) -> None:
    match = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    body = json.loads(match[1])
    await stage.subscribe(None, **(body | {"url": stage.receiver.url}))
    urgent = await stage.incident(impact="1", urgency="1")
    await stage.incident()
    await stage.send()
    (received,) = stage.receiver.received
    assert parse_qs(received.body.decode())["Body"] == [sentences(urgent["number"])[1]]
