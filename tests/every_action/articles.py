"""Valid bodies for the actions of articles."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.common.people import rule_caller
from app.kernel.actions.payloads import Payload
from app.processes.articles.payloads import (
    AcceptRevisionArticle,
    DeclineRevisionArticle,
    DraftArticle,
    EditArticle,
    ProposeRevisionArticle,
    WithdrawRevisionArticle,
)
from app.ticketing.articles import UseArticle, UseArticleTicket
from tests.client import Client, Json, an_incident
from tests.clocks import from_now
from tests.people import act

NOBODYS = "019a0000-0000-7000-8000-000000000000"
#: The ids of an incident and of a published article in the present world; it puts them here.
KNOWN: dict[str, str] = {}
AN_ARTICLE: Json = {
    "title": "The printer prints blank pages",
    "language": "en",
    "symptoms": "The page comes out empty.",
    "answer": "Take the strip off the cartridge.",
    "other_title": "打印机打印空白页",
    "other_symptoms": "打印出来是空白的。",
    "other_answer": "撕掉墨盒上的封条。",
    "visibility": "public",
    "services": ["print"],
}
REVIEWED: Json = {"verdict": "It is right.", "next_review_at": from_now(300)}
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    DraftArticle: lambda: dict(AN_ARTICLE),
    EditArticle: lambda: {"title": "Blank pages", "services": ["print", "scan"], "other_answer": "摇一摇。"},
    AcceptRevisionArticle: lambda: {"revision": NOBODYS, "verdict": "Tried on two printers."},
    DeclineRevisionArticle: lambda: {"revision": NOBODYS, "reason": "It does not help."},
    WithdrawRevisionArticle: lambda: {"revision": NOBODYS},
    UseArticle: lambda: {"case": KNOWN["incident"]},
    UseArticleTicket: lambda: {"article": KNOWN["article"]},
}


async def publish_article(incident: str, writer: Client, editor: Client) -> None:
    """An article that one has written and the other one published is there for all."""
    article = f"/v1/articles/{(await writer.post_ok('/v1/articles', AN_ARTICLE))['id']}"
    await writer.post_ok(f"{article}/submit")
    KNOWN["article"] = (await editor.post_ok(f"{article}/publish", REVIEWED))["id"]
    KNOWN["incident"] = incident


async def _proposed(client: Client, path: str) -> Json:
    """Somebody else has proposed a revision."""
    body = ProposeRevisionArticle(answer="Take the orange strip off.")
    ledger = client.app.state.ledger
    done = await act(
        ledger, rule_caller("tests"), "article", "propose_revision", path.rpartition("/")[2], body
    )
    (key,) = done.event.data["set"]
    return {"revision": key.partition("/")[2]}


async def _proposed_themselves(client: Client, path: str) -> Json:
    """They have proposed a revision."""
    await client.post_ok(f"{path}/propose_revision", {"answer": "Take the orange strip off."})
    (key,) = (await client.read(f"{path}/events"))["items"][-1]["set"]
    return {"revision": key.partition("/")[2]}


async def _case(client: Client, path: str) -> Json:
    return {"case": (await client.post_ok("/v1/incidents", an_incident()))["number"]}


PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {
    AcceptRevisionArticle: _proposed,
    DeclineRevisionArticle: _proposed,
    WithdrawRevisionArticle: _proposed_themselves,
    UseArticle: _case,
}
