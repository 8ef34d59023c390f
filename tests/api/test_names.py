"""Records of all kinds that are found by what is said in them, and by what they are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from app.api.contract.payload_marks import UPLOAD
from app.api.open_actions import action_link
from app.common.people import Role
from app.platform.db import Database
from app.registry import LIFECYCLES
from tests.api.test_search import indexed as indexed  # noqa: PLC0414  # a fixture
from tests.api.test_search import report
from tests.cases import each_case
from tests.client import Api, Client, an_incident
from tests.contract.answers import document
from tests.extent import first_of
from tests.processes.articles.test_articles import published
from tests.selection import one_in

Json = dict[str, Any]


async def search(client: Client, q: str, **parameters: Any) -> list[str]:
    """The titles that a search over all kinds finds, in their order."""
    return titles((await client.read("/v1/search", q=q, **parameters))["items"])


async def look_up(client: Client, kind: str, q: str = "", **parameters: Any) -> list[str]:
    """The titles that a form offers."""
    return titles((await client.read("/v1/lookup", kind=kind, q=q, **parameters))["items"])


def titles(items: Iterable[Json]) -> list[str]:
    """Their titles."""
    return [item["title"] for item in items]


async def catalogue(keeper: Client) -> Json:
    """A live service, and an item of it that is offered."""
    service = {
        "key": "mail",
        "name_en": "E-mail",
        "name_zh": "电子邮件",
        "criticality": "high",
        "owner": keeper.id,
    }
    await keeper.post_ok("/v1/services", service)
    await keeper.post_ok("/v1/services/mail/go_live")
    item = {
        "key": "mailbox",
        "service": "mail",
        "title_en": "A shared mailbox",
        "title_zh": "共享邮箱",
        "fulfilment_path": "standard",
    }
    await keeper.post_ok("/v1/catalogue_items", item)
    return await keeper.post_ok("/v1/catalogue_items/mailbox/offer")


async def test_a_search_finds_records_of_all_kinds_newest_first(indexed: Api) -> None:
    keeper = await indexed.client("Ada", Role.admin, Role.process_owner, Role.service_level_manager)
    zhao = await indexed.client("Zhao Min")
    await catalogue(keeper)
    await zhao.post_ok("/v1/incidents", an_incident(title="The shared mailbox is full"))
    assert await search(zhao, "shared mailbox") == ["The shared mailbox is full", "A shared mailbox"]
    assert await search(zhao, "shared mailbox", limit=1) == ["The shared mailbox is full"]
    assert await search(zhao, "mailbox", kind="catalogue_item") == ["A shared mailbox"]
    (item,) = (await zhao.read("/v1/search", q="共享"))["items"]
    assert (item["kind"], item["key"], item["number"]) == ("catalogue_item", "mailbox", None)


async def test_nobody_finds_in_any_kind_what_they_may_not_read(indexed: Api) -> None:
    zhao, wu = await indexed.client("Zhao Min"), await indexed.client("Wu")
    lin, ada = await indexed.client("Lin", Role.agent), await indexed.client("Ada", Role.auditor)
    writer, editor = [await indexed.client(name, Role.knowledge_editor) for name in ("Wri", "Edi")]
    hers = await report(zhao, "My laptop smells")
    await lin.post_ok(f"/v1/incidents/{hers}/comment", {"text": "The series burns", "visibility": "internal"})
    await published(writer, editor, title="Laptops that smell", visibility="internal")
    for client, q, expected in (
        (zhao, "laptop", ["Something is wrong"]),
        (zhao, "burns", []),
        (wu, "laptop", []),
        (lin, "laptop", ["Laptops that smell", "Something is wrong"]),
        (ada, "burns", ["Something is wrong"]),
        (wu, "zhao", []),
        (zhao, "zhao", ["Zhao Min"]),
        (lin, "zhao", ["Zhao Min"]),
    ):
        assert await search(client, q) == expected, (client.id, q)


async def test_a_number_that_is_typed_whole_comes_first_whatever_its_kind(indexed: Api) -> None:
    lin = await indexed.client("Lin", Role.agent)
    first = await report(lin, "Mail")
    number = (await lin.read(f"/v1/incidents/{first}"))["number"]
    await lin.post_ok("/v1/incidents", an_incident(title="The same", description=f"As {number}"))
    for typed in (number, number.lower()):
        assert await search(lin, typed) == ["Something is wrong", "The same"]
        assert await look_up(lin, "ticket", typed) == ["Something is wrong", "The same"]
    stranger = await indexed.client("Wu")
    assert await search(stranger, number) == await look_up(stranger, "ticket", number) == []


async def test_persons_are_looked_up_by_the_beginning_of_a_name_by_those_who_see_them(indexed: Api) -> None:
    lin, zhao = await indexed.client("Lin", Role.agent), await indexed.client("Zhao Min")
    other = await indexed.client("张伟")
    for q in ("zh", "Zhao", "min", "zhao mi"):
        assert await look_up(lin, "person", q) == ["Zhao Min"]
    for q in ("张", "张伟"):
        assert await look_up(lin, "person", q) == ["张伟"]
    assert await look_up(zhao, "person", "zhang") == await look_up(zhao, "person", "张") == []
    assert await look_up(zhao, "person") == ["Zhao Min"]
    assert sorted(await look_up(lin, "person")) == ["Lin", "Zhao Min", "张伟"]
    admin = await indexed.client("Ada", Role.admin)
    await admin.post_ok(f"/v1/persons/{zhao.id}/deactivate")
    assert await look_up(lin, "person", "zhao") == ["Zhao Min"]
    assert await look_up(lin, "person", "zhao", open="true") == []
    await admin.post_ok(f"/v1/persons/{other.id}/erase")
    assert await look_up(lin, "person", "张伟") == []


async def test_a_colleague_with_a_chinese_name_is_found_by_the_latin_one_in_the_address(indexed: Api) -> None:
    lin, admin = await indexed.client("Lin", Role.agent), await indexed.client("Ada", Role.admin)
    await admin.post_ok("/v1/persons", {"name": "赵敏", "email": "zhao.min@example.org"})
    for q in ("zhao", "zha", "min", "zhao min", "zhao.min"):
        assert await look_up(lin, "person", q) == ["赵敏"], q


async def test_what_has_a_key_is_offered_by_name_and_found_within_it(indexed: Api) -> None:
    admin, zhao = await indexed.client("Ada", Role.admin), await indexed.client("Zhao Min")
    for key in ("network", "desk"):
        await admin.post_ok("/v1/teams", {"key": key, "name": f"The {key}", "kind": "internal"})
    offered = (await zhao.read("/v1/lookup", kind="team"))["items"]
    assert [(item["label"], item["detail"]) for item in offered] == [
        ("The desk", "desk"),
        ("The network", "network"),
    ]
    assert await look_up(zhao, "team", "NETW") == await look_up(zhao, "team", "the work") == ["The network"]
    await admin.post_ok("/v1/teams/network/retire")
    assert await look_up(zhao, "team", open="true") == ["The desk"]
    category = {"key": "disk", "name_en": "Disk", "name_zh": "磁盘"}
    for process in ("incident", "problem"):
        await admin.post_ok("/v1/categories", {**category, "process": process})
    for parameters, expected in (({}, 2), ({"process": "incident"}, 1), ({"process": "change"}, 0)):
        assert len(await look_up(zhao, "category", "磁盘", **parameters)) == expected
    answer = await zhao.get("/v1/lookup", params={"kind": "category"}, headers={"accept-language": "zh"})
    assert {item["title"] for item in answer.json()["items"]} == {"磁盘"}
    assert answer.headers["content-language"] == "zh"


@each_case(
    ("path", "parameters", "pointer"),
    [
        ("/v1/search", {"q": "…"}, "q"),
        ("/v1/search", {"q": "x", "limit": 51}, "limit"),
        ("/v1/search", {"q": "x", "kind": "team"}, "kind"),
        ("/v1/search", {}, "q"),
        ("/v1/lookup", {"kind": "team", "q": "x" * 201}, "q"),
        ("/v1/lookup", {"kind": "team", "limit": 21}, "limit"),
        ("/v1/lookup", {"kind": "key"}, "kind"),
        ("/v1/lookup", {"q": "x"}, "kind"),
        ("/v1/names", {"reference": "mail"}, "reference"),
        ("/v1/names", {"reference": ",".join(["team/mail"] * 101)}, "reference"),
        ("/v1/names", {}, "reference"),
    ],
)
async def test_what_is_out_of_bounds_is_refused(api: Api, path: str, parameters: Json, pointer: str) -> None:
    zhao = await api.client("Zhao Min")
    answer = await zhao.get(path, params=parameters)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"].partition("/")[0] == pointer


async def test_records_are_named_by_id_number_and_key_and_hidden_ones_as_if_there_were_none(api: Api) -> None:
    keeper = await api.client("Ada", Role.admin, Role.process_owner, Role.service_level_manager)
    zhao, other = await api.client("Zhao Min"), await api.client("Wei")
    await catalogue(keeper)
    category = {"key": "disk", "name_en": "Disk", "name_zh": "磁盘"}
    for process in ("incident", "problem"):
        await keeper.post_ok("/v1/categories", {**category, "process": process})
    mine = await zhao.post_ok("/v1/incidents", an_incident(title="Mine"))
    hidden = await other.post_ok("/v1/incidents", an_incident(title="Theirs"))
    expected = {
        "service/mail": "电子邮件",
        f"incident/{hidden['id']}": None,
        f"incident/{hidden['number']}": None,
        f"incident/{mine['number']}": "Mine",
        f"incident/{mine['id']}": "Mine",
        f"person/{zhao.id}": "Zhao Min",
        f"person/{other.id}": None,
        "category/disk": None,  # the categories of two processes
        "incident/\x00": None,
        "nothing/mail": None,
        "service/none": None,
    }
    answer = await zhao.get(
        "/v1/names", params={"reference": ",".join(expected)}, headers={"accept-language": "zh"}
    )
    items = answer.json()["items"]
    assert {each["reference"]: each["record"] and each["record"]["title"] for each in items} == expected
    assert items[0]["record"]["key"] == "mail"
    items = (await keeper.read("/v1/names", reference=f"incident/{hidden['id']}"))["items"]
    assert [each["record"]["number"] for each in items] == [hidden["number"]]


async def test_one_statement_finds_the_names_of_all_records_of_a_kind(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await api.client("Lin", Role.agent)
    tickets = [await agent.post_ok("/v1/incidents", an_incident(title=f"No. {n}")) for n in range(5)]
    references = ",".join(f"incident/{ticket['id']}" for ticket in tickets)
    statements: list[str] = []
    rows = Database.rows

    async def counting(db: Database, query: str, *more: Any, **options: Any) -> list[Any]:
        statements.append(query)
        return await rows(db, query, *more, **options)

    monkeypatch.setattr(Database, "rows", counting)
    answer = await agent.read("/v1/names", reference=references)
    assert [each["record"]["title"] for each in answer["items"]] == [f"No. {n}" for n in range(5)]
    assert len([query for query in statements if "fold.incident" in query]) == 1


async def test_a_text_without_words_is_called_by_nothing(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    for q in first_of(("%", "\x00", "…", "_", "' or true --"), 2):
        expected = ["Zhao Min"] if q == "\x00" else []
        assert await look_up(zhao, "person", q) == expected
        assert await look_up(zhao, "team", q) == []


def test_every_kind_that_a_field_may_name_can_be_looked_up() -> None:
    contract = document()
    named = {
        field["x-reference"]["kind"]
        for schema in contract["components"]["schemas"].values()
        for field in schema.get("properties", {}).values()
        if "x-reference" in field and "within" not in field["x-reference"]
    }
    (kinds,) = (
        parameter["schema"]["items"]["enum"]
        for parameter in contract["paths"]["/v1/lookup"]["get"]["parameters"]
        if parameter["name"] == "kind"
    )
    assert named - {UPLOAD} <= set(kinds)


async def test_one_is_told_what_one_may_open(api: Api) -> None:
    zhao, quality = await api.client("Zhao Min"), await api.client("Qi", Role.quality_manager)
    auditor = await api.client("Ada", Role.auditor)
    of_zhao = (await zhao.read("/v1/me/openings"))["items"]
    assert [opening["kind"] for opening in of_zhao][:2] == ["request", "incident"]
    assert "audit" not in {opening["kind"] for opening in of_zhao}
    assert "audit" in {opening["kind"] for opening in (await quality.read("/v1/me/openings"))["items"]}
    answer = await zhao.get("/v1/me/openings", headers={"accept-language": "zh"})
    (incident,) = (opening for opening in answer.json()["items"] if opening["kind"] == "incident")
    assert incident == {
        "kind": "incident",
        "kind_label": "事件",
        "plural": "incidents",
        "action": "report",
        "label": "上报",
        "href": "/v1/incidents",
        "method": "POST",
        "schema": "ReportIncident",
    }
    assert (await auditor.read("/v1/me/openings"))["items"] != of_zhao


async def test_what_is_not_among_the_openings_is_refused(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    offered = {opening["href"] for opening in (await zhao.read("/v1/me/openings"))["items"]}
    addresses = {
        action_link(lifecycle, row).href for lifecycle in LIFECYCLES for row in lifecycle.rows if row.opens
    }
    assert offered < addresses <= document()["paths"].keys()
    for address in one_in(4, sorted(addresses - offered)):
        answer = await zhao.post(address, json={})
        assert answer.status_code in (403, 422), address


SENTENCES = (
    ("my printer prints blank pages", "The printer prints blank pages"),
    ("Hello, I cannot print, there are only blank pages", "The printer prints blank pages"),
    ("I need a new mailbox for our team", "A shared mailbox"),
    ("打印机打出来全是白纸怎么办", "打印机输出白纸"),
    ("please, can you help me?", None),
)


async def test_a_sentence_finds_the_article_or_item_that_fits_it_best(indexed: Api) -> None:
    keeper = await indexed.client("Ada", Role.admin, Role.process_owner, Role.service_level_manager)
    writer, editor = [await indexed.client(name, Role.knowledge_editor) for name in ("Wri", "Edi")]
    zhao = await indexed.client("Zhao Min")
    await catalogue(keeper)
    for title in ("The printer prints blank pages", "打印机输出白纸", "A page for pages", "Reset a password"):
        await published(writer, editor, title=title, visibility="public")
    await published(writer, editor, title="Blank printer pages of the board", visibility="internal")
    await zhao.post_ok("/v1/incidents", an_incident(title="A page is blank"))
    for sentence, expected in SENTENCES:
        titles = await search(zhao, sentence, match="some")
        assert titles[:1] == ([] if expected is None else [expected]), sentence
        assert "Blank printer pages of the board" not in titles, "internal articles stay internal"
        assert await search(zhao, sentence) == [], "every word is needed unless the caller says otherwise"
    complete_first = await search(zhao, "blank page", match="some")
    assert complete_first[:2] == ["A page is blank", "The printer prints blank pages"]
