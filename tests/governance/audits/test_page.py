"""An audit as a page that prints: what it shows, and what it does not."""

from __future__ import annotations

import pytest

from app.i18n import LANGUAGES
from tests.extent import in_test_all
from tests.governance.audits.conftest import Office
from tests.governance.audits.test_story import SELF_CHECK, SUMMARY, opened


@in_test_all
@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_audit_prints_with_its_draws_and_the_findings_that_its_reader_sees_but_no_points(
    office: Office, language: str
) -> None:
    path = await opened(office)
    await office.supervisor.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    await office.administrator.post_ok(f"{path}/confirm_summary", SUMMARY)
    await office.quality.post_ok(f"{path}/draw", {"size": 2})
    (sample,) = (await office.quality.read(f"{path}/draws"))["items"]
    audit = await office.audit()
    await office.raised(audit=audit["number"], title="No <i>words</i> 无说明")
    await office.raised(title="Of another audit")
    await office.follow()
    answer = await office.quality.get(f"{path}/report?lang={language}")
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    page = answer.text
    headings = {"en": ("Sample", "Findings", "2 / 3"), "zh": ("抽样", "审核发现", "2 / 3")}
    sentences = (
        "The checklist is new.",
        "The night shift.",
        f"SHA-256 {sample['head_event_id']}:{sample['id']}",
        str(sample["seed"]),
        "No &lt;i&gt;words&lt;/i&gt; 无说明",
    )
    for words in (*headings[language], *sentences):
        assert words in page, words
    for case in sample["drawn"]:
        number = (await office.agent.read(f"/v1/incidents/{case.partition('/')[2]}"))["number"]
        assert number in page
    assert "Of another audit" not in page
    assert "oints" not in page
    assert "积分" not in page
    # The administrator sees the audit, and none of its findings.
    printed_for_administrator = (await office.administrator.get(f"{path}/report?lang={language}")).text
    assert "The night shift." in printed_for_administrator
    assert "No &lt;i&gt;words" not in printed_for_administrator
    assert (await office.agent.get(f"{path}/report")).status_code == 404
