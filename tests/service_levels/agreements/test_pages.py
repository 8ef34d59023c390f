"""An agreement's documents as pages to print, in two languages, for those who may see them."""

from __future__ import annotations

from tests.client import Client, Json
from tests.desk.sent_forms import read_form, said, send_form
from tests.extent import in_test_all
from tests.service_levels.agreements.samples import Parties, a_draft, a_target


async def printed(client: Client, path: str, document: Json, lang: str) -> str:
    answer = await client.get(f"{path}/documents/{document['number']}", params={"lang": lang})
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, lang)
    return answer.text


@in_test_all
async def test_each_document_prints_with_its_signatures_in_both_languages(parties: Parties) -> None:
    targets = (
        a_target("t1", "resolution", 5400, compliance="0.925"),
        {"id": "k1", "metric": "satisfaction", "threshold": "4", "comparator": "gt"},
        {"id": "k2", "metric": "availability", "threshold": "0.995", "comparator": "ge"},
    )
    path = await parties.submitted("SLA", "finance", *targets, customer_duties="Name <one> contact.")
    await parties.it.post_ok(f"{path}/sign")
    agreement, sheet, plan = (await parties.manager.read(f"{path}/documents"))["items"]
    assert [item["document_class"] for item in (agreement, sheet, plan)] == ["SL", "SS", "QP"]
    assert agreement["number"].startswith("SL2")
    english = await printed(parties.manager, path, agreement, "en")
    for sentence in (
        "Signatures",
        "Head of IT",
        "≤ 1 h 30 min",
        "&gt; 4",
        "<td>incidents",
        "≥ 92.5 %",
        "≥ 99.5 %",
        "12000.00 CNY",
        "Name &lt;one&gt; contact.",
    ):
        assert sentence in english
    assert "Lead of finance" in english  # represents it, and has not signed
    chinese = await printed(parties.manager, path, agreement, "zh")
    assert "≤ 1 小时 30 分钟" in chinese
    assert "<td>事件" in chinese
    assert "服务级别协议" in chinese
    assert "The mail team restores" in await printed(parties.manager, path, sheet, "en")
    assert "fifth working day" in await printed(parties.manager, path, plan, "en")


async def test_a_customer_prints_the_price_but_neither_the_cost_nor_the_specification(
    parties: Parties,
) -> None:
    path = await parties.signed("SLA", "finance")
    agreement, sheet, _ = (await parties.manager.read(f"{path}/documents"))["items"]
    customer = parties.leads["finance"]
    assert (await customer.get(f"{path}/documents/{sheet['number']}")).status_code == 404
    page = await printed(customer, path, agreement, "en")
    assert ("12000.00" in page, "9000.00" in page) == (True, False)
    assert "Monday to Friday 09:00–18:00; in the time zone Asia/Shanghai" in page
    chinese = await printed(customer, path, agreement, "zh")
    assert "星期一至星期五 09:00–18:00；时区 Asia/Shanghai" in chinese
    assert (await customer.get(f"{path}/documents/SL1")).status_code == 404


async def test_a_refusal_of_what_a_form_lacks_names_each_field_and_where_it_is_filled_in(
    parties: Parties,
) -> None:
    path = await parties.required()
    terms = {name: value for name, value in a_draft().items() if not name.startswith("price_")}
    await parties.maintainer.post_ok(f"{path}/draft", terms)
    await parties.it.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
    number = (await parties.manager.read(path))["number"]
    address = f"/desk/sla/{number}/submit_for_review"
    form = read_form((await parties.manager.get(address)).text)
    refused = await send_form(parties.manager, address, form.inputs)
    words = said(refused.text)
    for label in ("Price: ", "Currency of the price: ", "Period of the price: "):
        assert label in words, words
    assert "marked fields" not in words, "nothing is marked"
    chinese = await send_form(parties.manager, f"{address}?lang=zh", form.inputs)
    assert "价格：" in said(chinese.text), said(chinese.text)


async def test_an_agreement_that_costs_nothing_is_submitted_with_a_price_of_zero(parties: Parties) -> None:
    path = await parties.submitted("SLA", "finance", price_amount="0")
    agreement = await parties.manager.read(path)
    assert (agreement["state"], agreement["price_amount"]) == ("in_review", "0")
    contract = (await parties.manager.read(f"{path}/documents"))["items"][0]
    assert "0 CNY" in await printed(parties.manager, path, contract, "en")
