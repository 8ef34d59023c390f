"""Content of a summary for its reader, with the present rights and language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from app.attention.conditions import AttentionCondition, Severity
from app.attention.queries import URGENT, AttentionNow, attention
from app.common.people import Caller
from app.dashboard.addresses import MOST_SENTENCES, ROOT, SOURCE, source_page
from app.dashboard.figures import FigureRow
from app.kernel.ledger import Ledger
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Unit
from app.kpis.questions.access import may_see_kpi
from app.kpis.questions.chart_words import ChartWords
from app.platform.db import Row
from app.summaries.figures import WatchedFigures
from app.summaries.queries import schedule_of
from app.summaries.schedule import Schedule
from app.summaries.selection import SummarySelection, read_selection

#: The page at which people choose the summaries that they are sent.
SETTINGS_PAGE = f"{ROOT}/summaries"
UNNAMED = "–"


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """A sentence: the address of exactly its cases, and the name of their owner, if these are known."""

    text: str
    address: str | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class SentenceGroup:
    """Sentences of one severity."""

    heading: str
    sentences: Sequence[SummarySentence]


@dataclass(frozen=True, slots=True)
class SummaryFigure:
    """A watched KPI of the period, in words; `address` is that of its page."""

    name: str
    address: str | None
    value: str
    target: str
    change: str
    as_it_runs: str


@dataclass(frozen=True, slots=True)
class SummaryContents:
    """Content of a summary. `total` and `urgent` count all sentences, `left_off` those that do not stand in
    it, `omitted` the rules that the selection cannot narrow. The addresses are None where this service has no
    address.
    """

    schedule: Schedule
    selection: SummarySelection
    groups: Sequence[SentenceGroup]
    total: int
    urgent: int
    left_off: int
    omitted: int
    good: Sequence[str]
    period: str
    figures: Sequence[SummaryFigure]
    position: int
    lag_seconds: float
    read_at: datetime
    page_address: str | None
    settings_address: str | None


async def read_contents(
    ledger: Ledger, figures: WatchedFigures, row: Row, caller: Caller, now: datetime
) -> SummaryContents:
    """Return the present content of that row's summary for the caller."""
    language = caller.locale
    selection = await read_selection(ledger, caller, row["view_id"], now)
    view, processes = selection.view, selection.processes
    needed = await attention(ledger, caller, selection.attention_query(), now)
    conditions = [
        condition
        for condition in needed.conditions
        if not processes or condition.process in processes or condition.severity is Severity.banner
    ]
    watched = await figures.read(view, language, now)
    writer = _Writer(language, ledger.settings.public_url)
    return SummaryContents(
        schedule=schedule_of(row),
        selection=selection,
        groups=writer.groups(conditions[:MOST_SENTENCES]),
        total=len(conditions),
        urgent=sum(condition.severity in URGENT for condition in conditions),
        left_off=max(len(conditions) - MOST_SENTENCES, 0),
        omitted=len(needed.omitted),
        good=[] if processes else _good(needed, language),
        period=ChartWords(language, Unit.number, view.zone).period(view.begin, view.grain),
        figures=[
            writer.figure(selection, figure)
            for figure in watched.rows
            if may_see_kpi(ledger, caller, KPIS[figure.item["key"]])
            and (not processes or figure.item["process"] in processes)
            and not figure.item["ignored_filters"]
        ],
        position=watched.position,
        lag_seconds=watched.lag_seconds,
        read_at=now,
        page_address=writer.full(selection.address),
        settings_address=writer.full(f"{SETTINGS_PAGE}#{row['id']}"),
    )


def _good(needed: AttentionNow, language: str) -> list[str]:
    return [condition.sentences()[language] for condition in needed.good]


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the parts of a summary in that language, with the public address of this service."""

    language: str
    public_url: str | None

    def full(self, path: str | None) -> str | None:
        """Return the full address of a page; None: there is no page, or this service has no address."""
        return None if path is None or self.public_url is None else f"{self.public_url}{path}"

    def groups(self, conditions: Iterable[AttentionCondition]) -> list[SentenceGroup]:
        """Return the conditions in sentences, by severity."""
        return [
            SentenceGroup(severity.label(self.language), [self.sentence(condition) for condition in alike])
            for severity, alike in groupby(conditions, key=lambda condition: condition.severity)
        ]

    def sentence(self, condition: AttentionCondition) -> SummarySentence:
        """Return the condition in a sentence."""
        is_of_source = condition.process == SOURCE
        page = source_page(condition.cases or "") if is_of_source else condition.desk
        owner = None if condition.owner is None else condition.owner.names.get(self.language)
        return SummarySentence(condition.sentences()[self.language], self.full(page), owner)

    def figure(self, selection: SummarySelection, figure: FigureRow) -> SummaryFigure:
        """Return the KPI in words."""
        value = " · ".join(filter(None, (figure.value or figure.reason, figure.status, figure.sample)))
        return SummaryFigure(
            name=figure.name,
            address=self.full(selection.view.address(f"{ROOT}/kpi/{figure.item['key']}")),
            value=value or UNNAMED,
            target=figure.target or UNNAMED,
            change=figure.change.words if figure.change else UNNAMED,
            as_it_runs=figure.as_it_runs.words if figure.as_it_runs else UNNAMED,
        )
