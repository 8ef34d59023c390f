"""The report as a page that prints, in both languages, and as whoever asks for it."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import httpx

from app.service_reports.pages.texts import ReportTexts
from tests.client import ADDRESS, Client
from tests.extent import in_test_all
from tests.service_reports.desk import PERIOD, ReportDesk, at

HTML = "text/html"
SIGNING = {
    "en": ["IT: Second manager", "Customer: Lead of finance"],
    "zh": ["信息技术方：Second manager", "客户：Lead of finance"],
}


async def browsed(client: Client, path: str, **headers: str) -> httpx.Response:
    """What a browser gets that sends the client's key."""
    sent = {"Accept": f"{HTML},*/*;q=0.8", "Authorization": f"Bearer {client.token}", **headers}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(client.app), base_url=ADDRESS) as browser:
        return await browser.get(path, headers=sent)


async def test_the_page_says_what_the_report_says_in_both_languages_and_runs_nothing(
    desk: ReportDesk,
) -> None:
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    late = await desk.incident(at(2, 10), at(2, 16))
    issued = await desk.issued(path, remarks="<b>One</b> waited.\n有一单等待。")
    place = f"{path}/reports/{issued['number']}"
    number = (await desk.tool.read(late))["number"]
    for language, words in (
        ("en", ["Service report", "Resolution · incidents", "90 % within 4 h", "50 %", "Missed", "2 h"]),
        ("zh", ["服务报告", "解决 · 事件", "90 % 在 4 小时内", "50 %", "未达标", "2 小时"]),
    ):
        answer = await browsed(desk.parties.manager, f"{place}?lang={language}")
        assert answer.headers["content-type"] == f"{HTML}; charset=utf-8"
        assert answer.headers["content-language"] == language
        assert [word for word in words if word not in answer.text] == []
        assert f"{issued['number']}" in answer.text
        signed = answer.text.partition('class="signatures"')[2]
        assert re.findall(r"<span>([^<]+)</span>", signed) == SIGNING[language]
        assert number in answer.text
        assert "&lt;b&gt;One&lt;/b&gt; waited.<br>有一单等待。" in answer.text
        assert re.findall(r"<script|<style| on\w+=| style=|https?://(?!www.w3)", answer.text) == []
        policy = answer.headers["content-security-policy"]
        assert ("unsafe" in policy, "default-src 'none'" in policy) == (False, True)
        (sheet,) = re.findall(r'rel="stylesheet" href="([^"]*)"', answer.text)
        assert (await browsed(desk.parties.manager, sheet)).status_code == 200
    assert (await desk.parties.manager.read(place, format="json"))["number"] == issued["number"]


@in_test_all
async def test_a_browser_gets_the_page_and_a_program_the_data(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    await desk.follow()
    manager, place = desk.parties.manager, f"{path}/report_preview?period={PERIOD}"
    page = await browsed(manager, place, **{"Accept-Language": "zh-CN,zh;q=0.9"})
    assert page.headers["content-type"].startswith(HTML)
    assert "服务报告 （预览）" in page.text
    assert "signatures" not in page.text
    answer = await browsed(manager, f"{place}&format=json")
    assert answer.json()["number"] is None
    refused = await manager.get(place, headers={"Accept": "image/png"})
    assert refused.status_code == 406
    anonymous = await httpx.AsyncClient(transport=httpx.ASGITransport(manager.app), base_url=ADDRESS).get(
        place, headers={"Accept": HTML}
    )
    assert anonymous.status_code == 401


@in_test_all
async def test_the_document_of_a_report_is_its_page(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    issued = await desk.issued(path)
    manager = desk.parties.manager
    listed = {
        document["document_class"]: document["number"]
        for document in (await manager.read(f"{path}/documents"))["items"]
    }
    assert listed["SR"] == issued["number"]
    answer = await browsed(manager, f"{path}/documents/{listed['SR']}?lang=zh")
    assert answer.status_code == 307
    page = await browsed(manager, answer.headers["location"])
    assert (page.headers["content-language"], "服务报告" in page.text) == ("zh", True)
    for_staff = await browsed(manager, f"{path}/reports/{issued['number']}?lang=zh&format=html")
    assert ("仅供内部" in for_staff.text, "仅供内部" in page.text) == (True, False)


@in_test_all
async def test_a_correction_names_what_it_changed_on_the_page(desk: ReportDesk) -> None:
    path = await desk.agreement()
    await desk.incident(at(1, 10), at(1, 12))
    issued = await desk.issued(path)
    await desk.incident(at(3, 10), at(3, 17))
    await desk.follow()
    manager, place = desk.parties.manager, f"{path}/reports/{issued['number']}"
    differs = await browsed(manager, f"{place}?recompute=true&lang=en")
    assert "these figures differ" in differs.text
    await manager.post_ok(f"{path}/correct_report", {"number": issued["number"], "remarks": "Told of later."})
    page = (await browsed(manager, f"{place}?lang=en")).text
    assert "edition 2, a correction" in page
    target = "t1 · Resolution · incidents"
    assert f"<td>{target}, missed</td><td>0</td><td>1</td>" in page
    assert f"<td>{target}, verdict</td><td>Met</td><td>Missed</td>" in page
    assert f"<td>{target}, result</td><td>100 %</td><td>50 %</td>" in page
    assert re.findall(rf"<td>{target}, INC-[-0-9]+</td><td>not listed</td><td>listed</td>", page)
    assert "targets/" not in page, "no paths"
    first = (await browsed(manager, f"{place}?lang=en&edition=1")).text
    assert "a correction" not in first.partition("</h1>")[0]


def test_shares_have_one_decimal_unless_they_are_exact_or_near_the_whole() -> None:
    texts = ReportTexts("en", ZoneInfo("UTC"))
    percents = {"0.666666666": "66.7 %", "0.9": "90 %", "0.9995": "99.95 %", "0.999537": "99.9537 %"}
    assert {value: texts.share(value) for value in percents} == percents
