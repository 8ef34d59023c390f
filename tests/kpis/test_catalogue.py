"""The catalogue: every declaration is whole, and each has its definition a second time."""

from __future__ import annotations

from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Kpi, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.facts.change_tables import CHANGES, DEPLOYMENT
from app.kpis.facts.improvement_tables import SUGGESTION
from app.kpis.facts.knowledge import ARTICLE, SERVICE
from app.kpis.facts.table import FactTable
from app.kpis.facts.tables import AGENT_WORK, INCIDENT, PROCESSES, REQUEST, SATISFACTION
from app.kpis.outages.query import OF_PARTIES
from app.kpis.raw import definitions
from tests.cases import each_case

UNITS = {
    Aggregate.number: Unit.cases,
    Aggregate.mean: Unit.seconds,
    Aggregate.median: Unit.seconds,
    Aggregate.per_day: Unit.number,
    Aggregate.share: Unit.ratio,
    Aggregate.per_case: Unit.number,
    Aggregate.per_agent_day: Unit.number,
    Aggregate.kaplan_meier: Unit.seconds,
    Aggregate.of_budget: Unit.ratio,
    Aggregate.of_decided: Unit.ratio,
    Aggregate.total: Unit.seconds,
    Aggregate.availability: Unit.ratio,
    Aggregate.of_allowance: Unit.ratio,
    Aggregate.mean_between: Unit.seconds,
    Aggregate.per_1000_hours: Unit.number,
    Aggregate.score: Unit.score,
    Aggregate.year_over_year: Unit.ratio,
    Aggregate.per_delivery: Unit.number,
    Aggregate.per_staff: Unit.number,
}
every = each_case("kpi", KPIS.values(), ids=lambda kpi: kpi.key)


@every
def test_a_kpi_is_called_something_in_both_languages(kpi: Kpi) -> None:
    for language in ("en", "zh"):
        words = kpi.texts(language)
        assert words.name
        assert words.definition.endswith((".", "。"))
        assert words.pitfalls.endswith((".", "。")), "whoever reads it is told how it can mislead"
    assert not kpi.zh.definition.isascii()
    assert not kpi.zh.pitfalls.isascii()


@every
def test_its_unit_and_measure_fit_what_becomes_of_the_cases(kpi: Kpi) -> None:
    expected = UNITS[kpi.aggregate]
    if kpi.fact in {"moved", "used"} and kpi.aggregate is Aggregate.number:
        expected = Unit.number
    elif kpi.measure is Measure.cost and kpi.aggregate is Aggregate.per_case:
        expected = Unit.money
    assert kpi.unit is expected
    assert (kpi.budgets_of is not None) == (kpi.aggregate is Aggregate.of_budget)
    timed = kpi.measure in {Measure.seconds, Measure.business_seconds}
    assert timed == kpi.is_timed
    # Of what was open how long in which state is no question; how much is open stands beside the lead time.
    # What is committed and not deployed nobody tells. What is suggested may never come to a standard.
    durations = (
        kpi.is_timed and Dimension.state not in kpi.dimensions and kpi.fact not in {"lead", "standardised"}
    )
    assert (kpi.still_open is not None) == (durations or kpi.basis is Basis.standing)
    assert (kpi.fact is None) == (kpi.basis is Basis.standing)


@each_case("kpi", [kpi for kpi in KPIS.values() if not kpi.is_of_clocks], ids=lambda kpi: kpi.key)
def test_its_facts_have_a_table_with_all_dimensions(kpi: Kpi) -> None:
    tables = {table.name: table for table in PROCESSES[kpi.process]}
    # Views of these.
    tables |= {"incident_recorded": INCIDENT[1], "request_ended": AGENT_WORK, "request_received": INCIDENT[1]}
    tables |= {"request_project_promised": tables.get("request_project_due", REQUEST[0])}
    tables |= {"incident_named": INCIDENT[1], "request_named": REQUEST[1]}
    tables |= dict.fromkeys(("change_first_judged", "change_failure_judged"), CHANGES[2])
    tables |= {"request_solved": REQUEST[4], "service_life": SERVICE[0], "article_visit": ARTICLE[0]}
    tables |= {f"request_{table.name}": table for table in SATISFACTION}
    tables |= dict.fromkeys(("deployment_lead", "deployment_recovered", "deployment_life"), DEPLOYMENT[1])
    of_suggestions = (*SUGGESTION[0].columns, "size")
    views = [f"improvement_suggestion_{name}" for name in ("idea", "standardised", "proposed")]
    tables |= {name: FactTable(name, of_suggestions) for name in views}
    table = tables[f"{kpi.process}_{kpi.fact or 'life'}"]
    stored = set(kpi.dimensions) - {Dimension.age}
    if kpi.is_of_outages:  # agreements, and for whom they are, belong to the agreed time
        stored -= OF_PARTIES
    assert {COLUMN[dimension] for dimension in stored} <= set(table.columns)
    ages = kpi.basis is Basis.standing and not kpi.is_share_of_open
    assert (Dimension.age in kpi.dimensions) == ages, "what ages is what stands"


def test_every_definition_is_written_a_second_time_and_none_for_nothing() -> None:
    files = [path for path in definitions.FOLDER.rglob("*.sql") if not path.name.startswith("_")]
    written = {path.relative_to(definitions.FOLDER).as_posix() for path in files}
    names = {
        name
        for kpi in KPIS.values()
        for name in (*definitions.definition_names(kpi), *definitions.open_names(kpi))
    }
    expected = {definitions.definition_file(name) for name in names}
    by_days = [kpi for kpi in KPIS.values() if kpi.aggregate is Aggregate.per_agent_day]
    expected |= {f"{name}.sql" for name in definitions.ACTIVE}
    assert written == expected | {
        f"{name}.sql" for kpi in by_days for name in definitions.work_definition_names(kpi)
    }
