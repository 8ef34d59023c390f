"""Papers of the demo, which are those that the source documents name: each prints in both languages, names
whoever signs it, and shows no key in place of a name.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import httpx

from app.api.requests.accept import LANGUAGE_COOKIE
from app.common.people import Role
from app.i18n import LANGUAGES, sentences
from app.kernel.ledger import Ledger
from app.platform.settings import PROJECT
from tests.client import Client, serving
from tests.conftest import DEMO, Server, fresh
from tests.demo.conftest import USUAL

#: The kinds of records whose documents print, and the newest document of each class.
DOCUMENTS = """
select distinct on (split_part(record, '/', 1), document_class) record, number, document_class
from fold.document_entry where split_part(record, '/', 1) <> 'document'
order by split_part(record, '/', 1), document_class, published_at desc nulls last, number"""
#: The pages of other records, and which record shows most of it.
PAGES = {
    "/v1/process_definitions/{}/page": "fold.process_definition where state = 'published'",
    "/v1/scorecards/{}/page": "fold.scorecard where superior_id is not null",
    "/v1/process_changes/{}/application": "fold.process_change where reviewed_at is not null",
    "/v1/audits/{}/report": "fold.audit where state = 'concluded'",
    "/v1/quality_targets/{}/responsibility_sheet": "fold.quality_target",
    "/v1/recognitions/{}/certificate": "fold.recognition where state = 'awarded'",
}
#: Pages of no single record. The register is not signed.
REGISTER = "/v1/documents/register"
RISKS = "/v1/risks/report?from=2020-01-01&until=2030-01-01&format=html"
#: A row of the table of papers by clause: its papers, and the address that prints them.
LISTED = re.compile(r"^\| 00[^|]+ \| ([^|]+) \| `(/v1/[^`]+)` \|$", re.MULTILINE)
CLASS = re.compile(r"\(`([A-Z]{2})`\)")
#: Who may still vote on an open question, and the documents of a record.
ASKED = """
select distinct v.record, p.name from fold.vote v join fold.decision d on d.id = v.decision_id
join fold.person p on p.id = v.person_id
where d.state = 'open' and v.verdict is null
  and coalesce(v.closed_at, v.recused_at, v.left_at) is null"""
NUMBERS = "select number from fold.document_entry where record = %s and state <> 'superseded'"
#: Papers that the demo of the tests has not come to, with the tests that print them in both languages.
ELSEWHERE = {
    ("improvements", "HO"): "tests/processes/improvements/test_pages.py",
    ("slas", "SR"): "tests/service_reports/test_page.py",
}
KEYS = """
select key from fold.calendar union select key from fold.service where name_en <> key
union select key from fold.team"""
UUID_TEXT = re.compile(r">[^<]*\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b[^<]*<")
#: What a browser accepts where it opens a page.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
COMMITTEE = {sentences(language)["document_page"]["committee"] for language in LANGUAGES}
#: A line for a signature: at the foot of a report with the name after a colon, in a table in its second cell.
FOOT_LINE = re.compile(r"<div>([^<]+)</div>")
TABLE_LINE = re.compile(r"<td>([^<]+)<td>([^<]*)<td>")


async def test_papers_name_who_signs_and_show_no_keys(server: Server, demo_secrets: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        place = stack.enter_context(fresh(server, DEMO))
        api = await stack.enter_async_context(serving(place.url, demo_secrets, USUAL))
        reader = await api.client("Reader", *(role for role in Role if role is not Role.integration))
        keys = {row["key"] for row in await api.ledger.db.rows(KEYS, ())}
        faults = {}
        for path in await _papers(api.ledger):
            for language in LANGUAGES:
                answer = await _in_language(reader, path, language)
                assert answer.status_code in (200, 307), (path, answer.text)
                assert answer.headers.get("content-language", language) == language, path
                is_signed = answer.status_code == 200 and path != REGISTER
                if is_signed and (fault := _fault(path, answer.text, keys)):
                    faults[path, language] = fault
    assert faults == {}


async def _in_language(reader: Client, path: str, language: str) -> httpx.Response:
    """The paper in English by its address, and in Chinese as a link of the desk opens it in a browser whose
    own language is another one.
    """
    if language == "en":
        return await reader.get(f"{path}{'&' if '?' in path else '?'}lang=en")
    chosen = {"Cookie": f"{LANGUAGE_COOKIE}={language}", "Accept": BROWSER, "Accept-Language": "en-GB"}
    return await reader.get(path, headers=chosen)


async def test_each_paper_that_the_documents_name_is_printed(demo_to_read: Ledger) -> None:
    listed = LISTED.findall((PROJECT / "docs/documents.md").read_text(encoding="utf-8"))
    assert len(listed) == 14
    printed = await _papers(demo_to_read)
    addresses = {re.sub(r"[0-9a-f-]{36}", "{id}", path).partition("?")[0] for path in printed}
    missing = []
    for papers, address in listed:
        for paper in CLASS.findall(papers):
            plural = address.split("/")[2]
            if "{number}" in address and (plural, paper) not in ELSEWHERE:
                is_printed = any(path.startswith(address.replace("{number}", paper)) for path in addresses)
                missing += [] if is_printed else [(plural, paper)]
        if "{number}" not in address and address.partition("?")[0] not in addresses:
            missing.append((address, papers))
    assert missing == []
    assert all((PROJECT / path).exists() for path in ELSEWHERE.values())


async def test_papers_of_open_questions_name_who_is_asked(server: Server, demo_secrets: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        place = stack.enter_context(fresh(server, DEMO))
        api = await stack.enter_async_context(serving(place.url, demo_secrets, USUAL))
        reader = await api.client("Reader", *(role for role in Role if role is not Role.integration))
        names: dict[str, set[str]] = {}
        for row in await api.ledger.db.rows(ASKED, ()):
            names.setdefault(row["record"], set()).add(row["name"])
        missing, kinds = {}, set()
        for record, encrypted in names.items():
            kind, _, record_id = record.partition("/")
            numbers = await api.ledger.db.rows(NUMBERS, (record,))
            plural = api.ledger.lifecycles[kind].plural
            paths = [f"/v1/{plural}/{record_id}/documents/{row['number']}" for row in numbers]
            paths += [page.format(record_id) for page in PAGES if page.startswith(f"/v1/{plural}/")]
            answers = [await reader.get(f"{path}?lang=en") for path in paths if kind != "document"]
            pages = [answer.text for answer in answers if answer.status_code == 200]
            if not pages:
                continue
            kinds.add(kind)
            texts = await api.ledger.vault.texts(encrypted)
            lines = {
                name.partition(" (deputy")[0]
                for page in pages
                if "Votes count until" in page
                for _, name in TABLE_LINE.findall(page.partition('class="signatures"')[2])
            }
            if unnamed := {str(texts[name]) for name in encrypted} - lines:
                missing[record] = unnamed
    assert missing == {}
    # The question at a meeting waits before there are minutes.
    assert kinds >= {"improvement", "improvement_plan", "process_change"}


async def _papers(ledger: Ledger) -> list[str]:
    """The addresses of one paper of each class, and of one page of each other kind."""
    papers = []
    for row in await ledger.db.rows(DOCUMENTS, ()):
        kind, _, record_id = row["record"].partition("/")
        if kind != "process_definition":
            papers.append(f"/v1/{ledger.lifecycles[kind].plural}/{record_id}/documents/{row['number']}")
    for page, chosen in PAGES.items():
        record = await ledger.db.value(f"select id from {chosen} limit 1", ())
        assert record is not None, page
        papers.append(page.format(record))
    return [*papers, RISKS, REGISTER]


def _fault(path: str, page: str, keys: set[str]) -> str | None:
    """What is wrong with the paper: nobody who signs, or a key where a name must stand; None: nothing."""
    # What a seed is computed from is printed so that anybody can compute it.
    page = re.sub(r"<code>[^<]*</code>", "", page)
    if match := UUID_TEXT.search(page):
        return f"shows an id: {match[0]}"
    cells = set(re.findall(r"<t[dh][^>]*>([^<>]+)", page))
    if raw := {cell for cell in cells if {part.strip() for part in cell.split(",")} & keys}:
        return f"shows keys: {sorted(raw)}"
    _, separator, signed = page.partition('class="signatures"')
    if not separator:
        return "has no lines for signatures"
    lines = TABLE_LINE.findall(signed) or [line.partition(": ")[::2] for line in FOOT_LINE.findall(signed)]
    if unnamed := [role for role, name in lines if not name.strip()]:
        return f"does not name who signs as {unnamed}"
    return _fault_of_plan(lines) if "/documents/IP" in path else None


def _fault_of_plan(lines: list[tuple[str, str]]) -> str | None:
    """What is wrong with the signatures of an annual plan; None: nothing."""
    named = [name.strip() for _, name in lines if name.strip()]
    if len(set(named)) < len(named):
        return f"names somebody twice: {lines}"
    if not any(name.strip() for role, name in lines if role in COMMITTEE):
        return f"names nobody of the committee, which has approved it: {lines}"
    return None
