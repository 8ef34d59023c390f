"""Papers of the demo: each prints in both languages, names whoever signs it, and shows no key in place of a
name.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from app.common.people import Role
from app.i18n import LANGUAGES, sentences
from app.kernel.ledger import Ledger
from tests.client import serving
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
    "/v1/audits/{}/report": "fold.audit where state = 'concluded'",
    "/v1/quality_targets/{}/responsibility_sheet": "fold.quality_target",
}
KEYS = """
select key from fold.calendar union select key from fold.service where name_en <> key
union select key from fold.team"""
UUID_TEXT = re.compile(r">[^<]*\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b[^<]*<")
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
                answer = await reader.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
                if answer.status_code == 404 and "documents" not in path:
                    continue  # not for somebody who has all roles
                assert answer.status_code in (200, 307), (path, answer.text)
                if answer.status_code == 200 and (fault := _fault(path, answer.text, keys)):
                    faults[path, language] = fault
    assert faults == {}


async def _papers(ledger: Ledger) -> list[str]:
    """The addresses of one paper of each class, and of one page of each other kind."""
    rows = await ledger.db.rows(DOCUMENTS, ())
    papers = []
    for row in rows:
        kind, _, record_id = row["record"].partition("/")
        if kind != "process_definition":
            papers.append(f"/v1/{ledger.lifecycles[kind].plural}/{record_id}/documents/{row['number']}")
    for page, chosen in PAGES.items():
        record = await ledger.db.value(f"select id from {chosen} limit 1", ())
        assert record is not None, page
        papers.append(page.format(record))
    classes = {row["document_class"] for row in rows}
    assert classes >= {"IP", "PP", "PL", "SL", "SS", "QP", "MI"}, classes
    return [*papers, "/v1/risks/report?from=2020-01-01&until=2030-01-01&format=html"]


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
    # A line stays empty until somebody has acted in the role; the report on risks is signed by hand.
    if not any(name.strip() for _, name in lines) and "/risks/report" not in path:
        return f"names nobody who signs: {lines}"
    if "/documents/IP" in path and not any(name.strip() for role, name in lines if role in COMMITTEE):
        return f"names nobody of the committee, which has approved it: {lines}"
    return None
