"""Every page that is served, by its template: where the demo has one, its reader, and what it must show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.api.areas import AREAS
from app.common.people import Role
from app.demo.data.organisation import KEYS
from app.html.templates import PACKAGE, template_names
from app.ticketing.satisfaction.rating_links import RatingLink
from tests.client import Api, Client, Json, add_key

#: The reader who sees the most, and those of the demo by the names of their keys.
ALL = "all"
REPORTS = "/v1/risks/report?from=2026-01-01&until=2027-01-01&format=html"
#: What a template includes, imports or extends.
USES = re.compile(r'(?:extends|include|import|from)\s+"/?([^"]+)"')
#: Templates that no address alone leads to.
NOT_OPENED = {
    "desk/first_steps/customer_people.html": "a part of the first agreement (test_first_steps.py)",
    "desk/pages/lacked_role.html": "a sentence in a refusal (test_administration.py)",
    "dashboard/integrations/source.html": "the demo has no tools (test_integrations_page.py)",
    "dashboard/integrations/delivery.html": "the demo has no tools (test_integrations_page.py)",
    "api/sign_in/going_on.html": "a page on the way between two sites (test_sign_in.py)",
    "api/sign_in/first_sign_in.html": "the demo has people (api/pages/test_first_sign_in.py)",
    "desk/pages/lists/bulk.html": "what a form on a list is answered with (desk/test_forms.py)",
    "desk/pages/secret.html": "what a form that makes a key is answered with (desk/test_forms.py)",
    "desk/pages/hits.html": "a part of a page that a field asks for",
    "desk/pages/commands.html": "a part of each page (desk/test_navigation.py)",
    "desk/pages/figures.html": "a part of the first page (desk/test_homes.py)",
    "desk/pages/record/asker.html": "a part of a page that a field asks for",
    "desk/administration/handed_over.html": "what a hand-over is answered with (desk/test_administration.py)",
    "desk/administration/invitation.html": "what an invitation is answered with (test_administration.py)",
    "desk/administration/mapping.html": "the demo has no tools (desk/test_administration.py)",
    "desk/administration/mapping_shown.html": "the demo has no tools (desk/test_administration.py)",
    "desk/administration/source_test.html": "the demo has no tools (test_administration.py)",
    "html/page_to_keep.html": "the frame of documents that are saved",
    "processes/improvements/documents/hand_over.html": "the demo has none (test_improvement_documents.py)",
    "summaries/mail.html": "a mail",
}
#: Templates of which others are made, and which are pages of their own, too.
ALSO_PAGES = frozenset({"dashboard/home.html"})


@dataclass(frozen=True, slots=True)
class PageKind:
    """A template, the path of a page that it makes, with names in braces, its reader, and the selector of
    what must be visible.
    """

    template: str
    path: str
    selector: str
    reader: str = ALL


def docs_page(area: str) -> PageKind:
    """Return the page of the area of the API."""
    return PageKind("api/service/docs_page.html", f"/docs?tags={','.join(AREAS[area])}", "#contract .opblock")


PAGES: tuple[PageKind, ...] = (
    docs_page("incidents"),
    PageKind("api/service/problem_kinds.html", "/problems", "main a[href='/problems/invalid']"),
    PageKind("api/service/problem_kind.html", "/problems/invalid", "main pre"),
    PageKind("api/sign_in/sign_in.html", "/sign-in", "#key"),
    PageKind("desk/pages/work.html", "/desk", "#work, #queue, #queues", "agent"),
    PageKind("desk/pages/all.html", "/desk/all", ".kinds a"),
    PageKind("desk/pages/lists/list.html", "/desk/incident", "#rows tbody a"),
    PageKind("desk/pages/record/ticket.html", "/desk/incident/{incident}", "#timeline", "agent"),
    PageKind("desk/pages/record/record.html", "/desk/sla/{sla}", "#facts"),
    PageKind("desk/pages/record/similar.html", "/desk/incident/{incident}/similar", "#found", "agent"),
    PageKind(
        "desk/pages/record/child_list.html",
        "/desk/change/{change}/list/votes",
        "main table, main p",
        "change_manager",
    ),
    PageKind("desk/pages/action.html", "/desk/incident/{incident}/comment", "form.action textarea", "agent"),
    PageKind("desk/administration/index.html", "/desk/administration", ".ways-on a"),
    PageKind("desk/administration/members.html", "/desk/administration/teams/service-desk", ".ways-on a"),
    PageKind(
        "desk/administration/item_form.html",
        "/desk/administration/items/laptop/form",
        "#preview [name='/answers/screen']",
    ),
    PageKind("desk/first_steps/first_steps.html", "/desk/first-steps", "main li a, main ol"),
    PageKind("desk/settings_pages/settings.html", "/desk/settings/mail", "main table, main dl"),
    PageKind("desk/pages/changes.html", "/desk/changes", ".change-calendar"),
    PageKind("desk/pages/due.html", "/desk/due", "#listed"),
    PageKind("desk/pages/search.html", "/desk/search?q=mail", ".hits a"),
    PageKind("desk/portal/home.html", "/portal", ".actions .button", "requester"),
    PageKind("desk/portal/catalogue.html", "/portal/catalogue", ".hits a", "requester"),
    PageKind(
        "desk/portal/list.html",
        "/portal/mine",
        "main a[href*='INC-'], main a[href*='REQ-']",
        "requester",
    ),
    PageKind("desk/portal/search.html", "/portal/search?q=VPN", "main #q, main .hits", "requester"),
    PageKind("desk/portal/ticket.html", "/portal/incident/{own_incident}", "#next", "requester"),
    PageKind(
        "desk/portal/ticket_list.html",
        "/portal/incident/{own_incident}/list/timeline",
        "#listed .timeline",
        "requester",
    ),
    PageKind("desk/portal/matter.html", "/portal/sla/{sla}", "#content"),
    PageKind("desk/portal/article.html", "/portal/article/{article}", ".text", "requester"),
    PageKind("dashboard/home.html", "/dashboard", ".sides", "quality_manager"),
    PageKind("dashboard/kpis.html", "/dashboard/kpis", ".kinds a"),
    PageKind("dashboard/kpi.html", "/dashboard/kpi/incident_resolution_seconds", "main svg"),
    PageKind("dashboard/counted_in.html", "/dashboard/counted_in/incident/{incident}", "#counted-in"),
    PageKind("dashboard/processes/page.html", "/dashboard/incident", "main svg"),
    PageKind("dashboard/report.html", "/dashboard/report", "main svg"),
    PageKind("dashboard/effects.html", "/dashboard/effects", "main form button"),
    PageKind("dashboard/effect.html", "{effect}", "main svg"),
    PageKind("dashboard/conformance/page.html", "/dashboard/conformance", "#paths"),
    PageKind("dashboard/conformance/cases.html", "/dashboard/conformance/incident/cases", "main table a"),
    PageKind("dashboard/improvement/board.html", "/dashboard/improvement", "#phases"),
    PageKind("dashboard/improvement/project.html", "/dashboard/improvement/{improvement}", "#steps"),
    PageKind(
        "dashboard/improvement/committee.html",
        "/dashboard/committee",
        "main .ballot, #decided",
        "committee_member",
    ),
    PageKind("dashboard/integrations/list.html", "/dashboard/integrations", "main h1"),
    PageKind("dashboard/mails.html", "/dashboard/mails", "main h1"),
    PageKind("dashboard/summaries.html", "/dashboard/summaries", "main form"),
    PageKind("service_levels/agreements/documents/agreement.html", "{SL}", "h1"),
    PageKind("service_levels/agreements/documents/specification.html", "{SS}", "h1"),
    PageKind("service_levels/agreements/documents/quality_plan.html", "{QP}", "h1"),
    PageKind(
        "service_reports/pages/report.html",
        "/v1/slas/{signed_sla}/report_preview?period={month}&format=html",
        ".target, main table",
    ),
    PageKind("processes/improvements/documents/proposal.html", "{PP}", "h1"),
    PageKind("processes/improvements/documents/pilot_report.html", "{PL}", "h1"),
    PageKind("processes/improvement_plans/documents/document.html", "{IP}", "h1"),
    PageKind("foundation/documents/paper.html", "{SN}", "h1"),
    PageKind(
        "governance/quality_targets/sheet.html",
        "/v1/quality_targets/{quality_target}/responsibility_sheet",
        "h1",
    ),
    PageKind(
        "governance/process_changes/application.html",
        "/v1/process_changes/{process_change}/application",
        "h1",
    ),
    PageKind("governance/recognitions/certificate.html", "/v1/recognitions/{recognition}/certificate", "h1"),
    PageKind("governance/audits/report.html", "/v1/audits/{audit}/report", "table"),
    PageKind("governance/documents/register.html", "/v1/documents/register", "table"),
    PageKind(
        "governance/process_definitions/definition.html",
        "/v1/process_definitions/{process_definition}/page",
        "h1 ~ *",
    ),
    PageKind("governance/risks/report.html", REPORTS, "main svg"),
    PageKind("governance/scorecards/page.html", "/v1/scorecards/{scorecard}/page", "table"),
    PageKind("ticketing/routes/rating_form.html", "{rating}", ".rating button"),
)
#: Those that test_dashboard.py opens in `make test`: their figures take long to compute.
OPENED_BY_DASHBOARD = frozenset(
    f"dashboard/{name}.html"
    for name in (
        *("home", "kpi", "kpis", "processes/page", "effects", "report", "summaries"),
        *("improvement/board", "improvement/committee"),
    )
)
#: Kinds of records, and where they are listed.
RECORDS = {
    "incident": "incidents",
    "problem": "problems",
    "change": "changes",
    "sla": "slas",
    "audit": "audits",
    "quality_target": "quality_targets",
    "process_change": "process_changes",
    "scorecard": "scorecards",
    "recognition": "recognitions",
    "process_definition": "process_definitions",
}
#: The page of a survey that runs, which the demo has not, and of a refusal, whose own status is an error.
SURVEY = PageKind("governance/surveys/routes/answer_form.html", "{survey}", ".rating button")
REFUSAL = PageKind("api/pages/refusal.html", "/portal/nothing", "main.screen h1")


def opened_templates() -> Iterator[str]:
    """Yield the templates that make whole pages."""
    names = set(template_names())
    texts = {name: (PACKAGE / name).read_text(encoding="utf-8") for name in names}
    used = {
        name
        for user, text in texts.items()
        for use in USES.findall(text)
        for name in (use, f"{user.rpartition('/')[0]}/{use}", f"desk/pages/{use}", f"dashboard/{use}")
    }
    yield from sorted((names - used) | ALSO_PAGES)


async def demo_readers(api: Api) -> dict[str, Client]:
    """Return clients of the demo's persons by the names of their keys, and one who sees the most."""
    everything = await api.client("Ada", Role.admin, Role.quality_manager, Role.auditor)
    pages = await everything.pages("/v1/persons")
    ids = {person["name"]: UUID(person["id"]) for page in pages for person in page}
    readers = {ALL: everything}
    for key, name, roles in KEYS:
        if name is None:
            readers[key] = await api.client(f"Demo {key}", *roles)
        else:
            readers[key] = api.with_token(await add_key(api.ledger, ids[name], *roles), ids[name])
    return readers


async def names_in_demo(api: Api, readers: Mapping[str, Client]) -> dict[str, str]:
    """Return what stands for the names in the paths of pages."""
    reader, requester = readers[ALL], readers["requester"]
    numbers = {kind: await _number(reader, f"/v1/{plural}") for kind, plural in RECORDS.items()}
    documents = await _documents(reader)
    rated = await _first(requester, "/v1/incidents", state="resolved")
    link = RatingLink(
        "incident", UUID(rated["id"]), UUID(requester.id), datetime.now(UTC) + timedelta(days=1)
    )
    return {
        **numbers,
        **documents,
        "signed_sla": (await _first(reader, "/v1/slas", state="signed"))["number"],
        "improvement": documents["PL"].split("/")[3],
        "own_incident": rated["number"],
        "article": await _number(requester, "/v1/articles"),
        "month": f"{datetime.now(UTC):%Y-%m}",
        "effect": await _link(reader, "/dashboard/effects", r"/dashboard/effects/[0-9a-f-]+"),
        "rating": f"/rate/{link.token(api.ledger.vault.fingerprint)}",
    }


async def _first(reader: Client, path: str, **parameters: Any) -> Json:
    record: Json = (await reader.read(path, limit=1, **parameters))["items"][0]
    return record


async def _number(reader: Client, path: str) -> str:
    return str((await _first(reader, path))["number"])


async def _link(reader: Client, path: str, pattern: str) -> str:
    """Return the first link of that form on the page."""
    answer = await reader.get(path, headers={"Accept": "text/html"})
    return str(re.findall(pattern, answer.text)[0])


async def _documents(reader: Client) -> dict[str, str]:
    """Return the path of a document of each class."""
    return {
        document[
            "document_class"
        ]: f"/v1/{document['kind']}s/{document['record_id']}/documents/{document['number']}"
        for page in await reader.pages("/v1/documents", limit=200)
        for document in page
        if document["record_id"] is not None
    }
