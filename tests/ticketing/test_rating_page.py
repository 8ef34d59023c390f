"""A link in a mail rates one ticket, for one person, for thirty days; and can do nothing else."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from app.common.people import Role, rule_caller
from app.kernel.actions.payloads import EmptyPayload
from app.log.events import stream
from app.ticketing.routes.rating_page import LARGEST_FORM, REQUESTS_PER_MINUTE
from app.ticketing.satisfaction.rating_links import InvalidRatingToken, RatingLink, parse
from tests.cases import each_case
from tests.client import ADDRESS, RESOLVED, Api, Client, an_incident
from tests.extent import in_test_all
from tests.people import act
from tests.ticketing.long_ago import rated_long_ago, resolved_long_ago

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def browser(api: Api) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's browser, without any credential."""
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield client


@pytest.fixture
async def zhao(api: Api) -> Client:
    return await api.client("Zhao Min")


@pytest.fixture
async def incident(api: Api, zhao: Client) -> str:
    """The id of a resolved incident of Zhao's."""
    lin = await api.client("Lin", Role.agent)
    reported = await zhao.post_ok("/v1/incidents", an_incident(title="Mail <b>does</b> not arrive"))
    path = f"/v1/incidents/{reported['id']}"
    await lin.post_ok(f"{path}/assign", {"person": "me"})
    await lin.post_ok(f"{path}/acknowledge")
    await lin.post_ok(f"{path}/resolve", RESOLVED)
    return str(reported["id"])


def link(api: Api, ticket: str, person: str, *, kind: str = "incident", days: float = 30) -> str:
    """The path of a link that is valid for so many days."""
    until = datetime.now(UTC) + timedelta(days=days)
    rating_link = RatingLink(kind, UUID(ticket), UUID(person), until)
    return f"/rate/{rating_link.token(api.ledger.vault.fingerprint)}"


async def test_a_scanner_that_opens_it_writes_nothing_and_the_button_rates(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    path, head = link(api, incident, zhao.id), await api.head()
    for method in ("GET", "HEAD", "GET"):
        opened = await browser.request(method, path)
        assert opened.status_code == 200
    assert await api.head() == head, "opening it writes nothing"
    assert "Mail &lt;b&gt;does&lt;/b&gt; not arrive" in opened.text
    assert "<script" not in opened.text
    sent = await browser.post(path, content="score=4&comment=%E5%BE%88%E5%BF%AB%0D%0Aok", headers=FORM)
    assert (sent.status_code, "Thank you" in sent.text) == (200, True)
    (rating,) = (await zhao.read(f"/v1/incidents/{incident}/ratings"))["items"]
    assert (rating["score"], rating["comment"]) == (4, "很快\nok")
    (event,) = [
        event
        for event in (await zhao.read(f"/v1/incidents/{incident}/events"))["items"]
        if event["type"] == "incident.rated"
    ]
    assert (event["actor"], event["source"]) == (f"person:{zhao.id}", "link")


@in_test_all
async def test_it_is_changed_by_the_same_link_and_says_what_was_chosen(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    path = link(api, incident, zhao.id)
    await browser.post(path, content="score=2&comment=Slow", headers=FORM)
    page = (await browser.get(path)).text
    assert 'value="2" required checked' in page
    assert "You have already rated this" in page
    assert "Slow" not in page, "whoever else gets the mail reads nobody's words"
    await browser.post(path, content="score=5&comment=", headers=FORM)
    (rating,) = (await zhao.read(f"/v1/incidents/{incident}/ratings"))["items"]
    assert (rating["score"], rating["comment"]) == (5, None)


@in_test_all
async def test_it_speaks_both_languages(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    path = link(api, incident, zhao.id)
    chinese = await browser.get(path, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert ('<html lang="zh">' in chinese.text, "您满意吗" in chinese.text) == (True, True)
    english = await browser.get(f"{path}?lang=en", headers={"Accept-Language": "zh-CN"})
    assert "How satisfied are you" in english.text
    assert (await browser.get(f"{path}?lang=xx")).headers["content-language"] == "en"


async def test_its_headers_keep_it_from_scripts_frames_caches_and_search_engines(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    headers = (await browser.get(link(api, incident, zhao.id))).headers
    policy = headers["content-security-policy"]
    for rule in ("default-src 'none'", "script-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["x-content-type-options"] == "nosniff"


@each_case(
    "form", ["", "score=", "score=6", "score=0", "score=4.0", "comment=x", "score=5&comment=%FF", "a;b"]
)
async def test_a_form_that_says_no_score_is_refused_and_shown_again(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str, form: str
) -> None:
    head = await api.head()
    refused = await browser.post(link(api, incident, zhao.id), content=form, headers=FORM)
    assert (refused.status_code, "Please choose one of the five" in refused.text) == (422, True)
    assert await api.head() == head


@each_case("size", [2_001, LARGEST_FORM])
async def test_a_form_is_bounded(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str, size: int
) -> None:
    form = f"score=5&comment={'a' * size}"
    refused = await browser.post(link(api, incident, zhao.id), content=form, headers=FORM)
    assert refused.status_code == 422
    assert (await zhao.read(f"/v1/incidents/{incident}/ratings"))["items"] == []


async def test_whatever_is_wrong_with_a_link_is_told_nobody(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    other = await api.client("Somebody else")
    leaver = await api.client("Gone")
    admin = await api.client("Admin", Role.admin)
    good = link(api, incident, zhao.id)
    plain = base64.urlsafe_b64decode(good.removeprefix("/rate/") + "==")
    tampered = base64.urlsafe_b64encode(plain[:-1] + b"x").decode().rstrip("=")
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    wrong = {
        "/rate/nonsense",
        "/rate/%F0%9F%98%80",
        f"/rate/{'A' * 150}",
        f"/rate/{tampered}",
        good[:-1],
        f"{good}A",
        link(api, str(UUID(int=7)), zhao.id),
        link(api, incident, other.id),
        link(api, incident, leaver.id),
        link(api, incident, zhao.id, kind="request"),
        link(api, incident, zhao.id, kind="nothing"),
    }
    head = await api.head()
    answers = set()
    for path in wrong:
        for answer in (await browser.get(path), await browser.post(path, content="score=5", headers=FORM)):
            assert answer.status_code == 404, (path, answer.text)
            answers.add(answer.text)
    assert len(answers) == 1, "all of them look the same"
    assert await api.head() == head


async def test_a_link_ends_and_so_does_that_of_whoever_was_erased(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    over = await browser.get(link(api, incident, zhao.id, days=-1))
    assert (over.status_code, "INC-" in over.text) == (410, False)
    admin = await api.client("Admin", Role.admin)
    path = link(api, incident, zhao.id)
    await admin.post_ok(f"/v1/persons/{zhao.id}/deactivate")
    await admin.post_ok(f"/v1/persons/{zhao.id}/erase")
    assert (await browser.post(path, content="score=5", headers=FORM)).status_code == 404


@in_test_all
async def test_what_was_reopened_cannot_be_rated_at_present(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    path = link(api, incident, zhao.id)
    await zhao.post_ok(f"/v1/incidents/{incident}/reopen", {"reason": "It is back."})
    for answer in (await browser.get(path), await browser.post(path, content="score=5", headers=FORM)):
        assert (answer.status_code, "A rating is not possible at the moment" in answer.text) == (409, True)


@in_test_all
async def test_a_rating_that_stands_is_refused_in_words(
    api: Api, browser: httpx.AsyncClient, zhao: Client
) -> None:
    lin = await api.client("Lin", Role.agent, Role.engineer)
    incident = await resolved_long_ago(api, zhao, lin, days=40)
    await rated_long_ago(api, zhao, incident, days=31)
    refused = await browser.post(link(api, str(incident), zhao.id), content="score=5", headers=FORM)
    assert (refused.status_code, "more than 30 days old" in refused.text) == (409, True)


async def test_it_is_limited_how_often_one_address_tries(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    for _ in range(REQUESTS_PER_MINUTE):
        assert (await browser.get("/rate/nonsense")).status_code == 404
    refused = await browser.get(link(api, incident, zhao.id))
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)


async def test_it_opens_nothing_else(
    api: Api, browser: httpx.AsyncClient, zhao: Client, incident: str
) -> None:
    path = link(api, incident, zhao.id)
    token = path.removeprefix("/rate/")
    for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"session={token}"}):
        assert (await browser.get(f"/v1/incidents/{incident}", headers=headers)).status_code == 401
    assert (await browser.put(path)).status_code == 405


async def test_staff_who_rate_their_own_ticket_are_marked(api: Api) -> None:
    lin = await api.client("Lin", Role.agent)
    incident = await lin.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await lin.post_ok(f"{path}/assign", {"person": "me"})
    await lin.post_ok(f"{path}/acknowledge")
    await lin.post_ok(f"{path}/resolve", RESOLVED)
    await lin.post_ok(f"{path}/rate", {"score": 5})
    assert await api.ledger.db.value("select by_staff from fold.rating") is True


@in_test_all
async def test_nobody_is_asked_twice(api: Api, zhao: Client, incident: str) -> None:
    rule, ledger = rule_caller("tests"), api.ledger
    await act(ledger, rule, "incident", "ask_rating", incident, EmptyPayload())
    row = await ledger.db.row("select * from fold.rating_request")
    assert row is not None
    assert (str(row["person_id"]), row["record"]) == (zhao.id, stream("incident", UUID(incident)))
    assert row["until_at"] == row["asked_at"] + timedelta(days=30)
    with pytest.raises(Exception, match="asked to"):
        await act(ledger, rule, "incident", "ask_rating", incident, EmptyPayload())


def test_a_token_is_what_was_signed_and_nothing_else() -> None:
    def sign(*texts: str) -> str:
        return f"{hash(texts) & (2**128 - 1):032x}"

    rating_link = RatingLink("request", UUID(int=1), UUID(int=2), datetime(2027, 3, 1, 12, tzinfo=UTC))
    assert parse(rating_link.token(sign), sign) == rating_link
    assert rating_link.has_expired(datetime(2027, 3, 1, 12, tzinfo=UTC))
    assert not rating_link.has_expired(datetime(2027, 3, 1, 11, 59, 59, tzinfo=UTC))
    with pytest.raises(InvalidRatingToken):
        parse(rating_link.token(sign), lambda *texts: sign("another key", *texts))
