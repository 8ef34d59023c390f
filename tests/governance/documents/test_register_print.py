"""The register is printed in both languages: what its reader may see of it, with what is overdue."""

from __future__ import annotations

import re

from tests.governance.documents.conftest import Office


async def printed(office: Office, **query: str) -> str:
    answer = await office.author.get("/v1/documents/register", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-language"] == query["lang"]
    return re.sub(r"<style>.*?</style>", "", answer.text, flags=re.DOTALL)


async def test_the_register_is_printed_with_owners_and_dates_of_review(office: Office) -> None:
    path = await office.published()
    number = (await office.author.read(path))["number"]
    await office.drafted(title="Another one", document_class="OP")
    page = await printed(office, lang="en")
    assert "2 documents as of" in page
    for text in (number, "How incidents are taken up", "Process", "General", "Published", "Author"):
        assert text in page, text
    assert "overdue" not in page
    office.calendar.move_on(days=366)
    chinese = await printed(office, lang="zh", state="published")
    for text in ("文件登记册", number, "流程", "一般", "已发布", "逾期"):
        assert text in chinese, text
    assert "Another one" not in chinese


async def test_titles_are_printed_as_texts(office: Office) -> None:
    await office.drafted(title="<b>Bold</b> & brave")
    page = await printed(office, lang="en")
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; brave" in page
