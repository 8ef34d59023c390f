"""Attention as a page shows it: sentences of `/v1/attention`, and the last reconciliation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from app.dashboard.addresses import MOST_SENTENCES, ROOT, SOURCE, source_page
from app.dashboard.opening import DashboardPage
from app.dashboard.view import SCOPES

BANNER = "banner"
KPI_PAGES = f"{ROOT}/kpi/"
NOTHING: Mapping[str, Any] = {
    "items": [],
    "good": [],
    "omitted": [],
    "nothing": None,
    "counts": {"total": 0, "now": 0},
}


@dataclass(frozen=True, slots=True)
class AttentionOnPage:
    """The sentences of a page: banners, those that need attention in their order, how many more there are,
    what is good, what the filters leave out, the sentence that there is nothing, and the numbers of all
    sentences and of the urgent ones.
    """

    banners: Sequence[Mapping[str, Any]]
    items: Sequence[Mapping[str, Any]]
    left_off: int
    good: Sequence[Mapping[str, Any]]
    omitted: Sequence[Mapping[str, Any]]
    nothing: str | None
    total: int
    urgent: int


async def read_attention(
    page: DashboardPage, processes: Sequence[str] = (), kpis: Sequence[str] = ()
) -> AttentionOnPage:
    """Return what needs attention in the page's view; or of it what is of these processes or KPIs."""
    view = page.view
    parameters = view.scope_parameters()
    # It judges finished periods; for the running period the urgent sentences of today are shown.
    of_period = {**parameters, "period": view.key}
    answer = await page.desk.calls.send("GET", "/v1/attention", parameters=of_period)
    if not answer.is_success:
        answer = await page.desk.calls.send("GET", "/v1/attention", parameters=parameters)
    answered = answer.document if answer.is_success else NOTHING
    items = [_with_parts(item) for item in answered["items"] if item["severity"] != BANNER]
    if processes:
        items = list(_of_page(items, processes, kpis))
    return AttentionOnPage(
        banners=[item for item in answered["items"] if item["severity"] == BANNER],
        items=items[:MOST_SENTENCES],
        left_off=max(len(items) - MOST_SENTENCES, 0),
        good=[] if processes else answered["good"],
        omitted=answered["omitted"],
        nothing=answered["nothing"],
        total=len(items),
        urgent=sum(item["severity"] == "now" for item in items),
    )


def _with_parts(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a sentence of which the parts that it stands for are of its process, as they are."""
    parts = [{**part, "process": item["process"]} for part in item["folded"]]
    return {**item, "folded": parts}


def _of_page(
    items: Sequence[Mapping[str, Any]], processes: Sequence[str], kpis: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """Yield the sentences that are of one of the processes or KPIs; of one that stands for several, those of
    the several that are, if it is not as a whole.
    """
    for item in items:
        if _is_of(item["key"], processes, kpis):
            yield item
        else:
            for part in item["folded"]:
                if _is_of(part["key"], processes, kpis):
                    yield {**item, **part, "folded": []}


def _is_of(key: str, processes: Sequence[str], kpis: Sequence[str]) -> bool:
    """Return whether a sentence is of one of the processes or KPIs. Its key is its code, which begins with
    what it is about, as `service_down`; its process; and its subject, as a KPI and a period.
    """
    code, *names = key.split(":")
    return code.partition("_")[0] in processes or any(name in processes or name in kpis for name in names)


def cases_address(page: DashboardPage, item: Mapping[str, Any]) -> str | None:
    """Return the page that has exactly the cases of a sentence, or None. A page of the dashboard is compared
    with what the view is compared with.
    """
    if item["process"] == SOURCE:
        return source_page(item["cases"] or "")
    address: str | None = item["desk"]
    if address is None or not address.startswith(KPI_PAGES):
        return address
    parts = urlsplit(address)
    chosen = dict(parse_qsl(parts.query))
    # The sentence is of the organisation's days, whatever the zone of the view.
    return page.view.address(parts.path, **(dict.fromkeys((*SCOPES, "tz")) | chosen)) + f"#{parts.fragment}"


async def last_reconciliation(page: DashboardPage) -> Mapping[str, Any] | None:
    """Return the last reconciliation of the figures; None before the first, or if it is not for the
    reader.
    """
    document = await page.desk.calls.read_if_allowed("/v1/reconciliations", {"limit": "1"})
    return document["items"][0] if document is not None and document["items"] else None
