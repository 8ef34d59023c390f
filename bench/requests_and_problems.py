"""Benchmark of lists and KPIs of requests and problems, and of KPIs of changes, on a large site.

Their facts and rows are inserted by SQL, in the form that the consumer and the commands would give them,
because only reading is measured here. There is one problem for every twenty requests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import cycle

from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Kpi
from app.kpis.facts.tables import PROCESSES, SATISFACTION, TABLES
from app.kpis.questions.question import KpiQuestion, QuestionParameters
from bench import kpis
from bench.cases import DAYS, TEAMS, LargeSite, team_key
from bench.figures import Figure, Threshold, alternate, number, paired_figure
from bench.reading import NO_OP, PAGE, reading

KPI_REQUESTS, KPI_PROBLEMS, LIST_REQUESTS, LIST_PROBLEMS, TEAM_REQUESTS, TEAM_PROBLEMS, *OF_CHANGES = (
    NAMES
) = (
    *("kpi_requests", "kpi_problems"),
    *("list_requests", "list_problems"),
    *("kpi_team_requests", "kpi_team_problems"),
    *("kpi_changes", "kpi_team_changes", "kpi_alterations", "kpi_team_alterations"),
    *("kpi_deployments", "kpi_team_deployments"),
)
KPI_CHANGES, TEAM_CHANGES, KPI_ALTERATIONS, TEAM_ALTERATIONS, KPI_DEPLOYMENTS, TEAM_DEPLOYMENTS = OF_CHANGES
REQUESTS_PER_PROBLEM = 20
INCIDENTS_PER_CHANGE = 5
#: Fields that a table on a screen shows, and the fewest bytes of a page with these fields.
TABLE_FIELDS, SMALLEST_TABLE = "number,title,state,priority,team,assignee,opened_at", 10_000
#: SQL of the values of facts, by column, for the case with the number n. Most cases are ended. The assignee
#: is in the case's team: person n is in team n %% 20 (see `add_organisation`).
FACT_VALUES = {
    # Ids ascend, like those that the service generates.
    "case_id": "(lpad(to_hex(n), 12, '0') || left(md5(%(kind)s), 20))::uuid",
    "n": "1",
    "task_id": "md5('task' || n)::uuid",
    # Deployments cause incidents of their own time.
    "incident_id": "case when %(kind)s <> 'deployment' "
    "then (select case_id from kpi.incident_opened offset n %% 1000 limit 1) "
    "else (select array_agg(case_id order by at) from kpi.incident_opened)"
    "[1 + n * (select count(*) - 1 from kpi.incident_opened) / %(count)s::bigint] end",
    "at": "opened_at + seconds * interval '1 second'",
    "opened_at": "opened_at",
    "since": "opened_at",
    "ended_seconds": "seconds",
    # Some of each team's changes are open.
    "until": "case when n %% 50 = 0 or %(kind)s = 'change' and n %% 47 = 0 then 'infinity' "
    "else opened_at + seconds * interval '1 second' end",
    "phase": "case when %(kind)s = 'change' and n / 20 %% 2 = 0 then 'ended' else 'open' end",
    "priority": "'P' || 1 + n / 20 %% 4",
    "team_id": "(select id from bench.team where team.n = made.n %% 20)",
    "assignee_id": "(select id from bench.person where person.n = made.n %% 60)",
    "customer_id": "(select id from bench.team where team.n = made.n %% 7)",
    "service": "'service-' || n %% 20",
    "category": "'category-' || n %% 12",
    "channel": "(array['portal', 'hotline', 'email'])[1 + n %% 3]",
    "path": "case when n / 20 %% 10 = 0 then 'project' else 'standard' end",
    "catalogue_item": "'item-' || n %% 30",
    "approver_role": "(array['department_head', 'management', null])[1 + n %% 3]",
    "excluded": "case when n %% 40 = 0 then 'cancelled' end",
    "position": "n",
    "opened_position": "n",
    "ended_position": "n",
    "day": "(opened_at + seconds * interval '1 second')::date",
    "quarters": "kpi.quarter(opened_at + seconds * interval '1 second')",
    "ended_at": "opened_at + seconds * interval '1 second'",
    "seconds": "seconds",
    "business_seconds": "seconds / 3",
    "rework_rounds": "n %% 3",
    "requirement_changes": "n %% 2",
    "state": "(array['submitted', 'assessed', 'in_progress'])[1 + n %% 3]",
    "reassignments": "n %% 3",
    "from_team_id": "(select id from bench.team where team.n = made.n %% 19)",
    "to_team_id": "(select id from bench.team where team.n = made.n %% 20)",
    "source": "(array['api', 'zabbix', 'import:legacy'])[1 + n %% 3]",
    "handovers": "n %% 2",
    "recorded_at": "case when n %% 21 = 0 then opened_at + interval '2 days' end",
    "cost": "n %% 1000",
    "currency": "'EUR'",
    "final": "true",
    "settled": "n %% 9 > 0",
    "change_type": "(array['standard', 'normal', 'emergency'])[1 + n / 20 %% 3]",
    "risk": "(array['low', 'medium', 'high'])[1 + n / 20 %% 3]",
    "failed": "n / 20 %% 10 = 0",
    "rolled_back_at": "case when n %% 47 > 0 then opened_at + (seconds + 3600) * interval '1 second' end",
    "brought": "'service-' || n %% 20 || ' ' || n - n %% 7",
    "article_used": "false",
    "recorded_seconds": "case when n %% 21 = 0 then 172800 end",
    "committed_at": "case when n %% 3 > 0 then opened_at end",
    "change_id": "case when n %% 3 = 0 then (lpad(to_hex(n), 12, '0') || left(md5('change'), 20))::uuid end",
    "verdict": "case when n %% 30 = 0 then 'computed' else 'reviewed' end",
    "waiting": "n %% 3 = 0",
    "overdue": "n %% 3 > 0",
    "ci_class": "(array['server', 'database', 'application'])[1 + n / 20 %% 3]",
    "complaint_id": "md5('complaint' || n)::uuid",
    "score": "1 + n %% 5",
    "subject": "(array['speed', 'result', 'conduct'])[1 + n %% 3]",
    "authorisation": "(array['authorised', 'regularised', 'unauthorised'])[1 + n %% 3]",
}
#: Totals of all cases, computed as in `facts/agent_days.sql`.
AGENT_DAYS = """
truncate kpi.agent_day;
insert into kpi.agent_day (day, assignee_id, team_id, quarters, ended)
select day, assignee_id, team_id, bit_or(quarters), count(ended_at) from kpi.agent_work
group by day, assignee_id, team_id"""
#: Of all deployments, as in `facts/brought.sql`.
BROUGHT = """
update kpi.deployment_brought part set first = is_first, handed_at = found_at
from (
  select d.case_id as id, brought as named, handed.at as found_at,
    row_number() over (partition by brought order by d.at, d.case_id) = 1 as is_first
  from kpi.deployment_brought d left join kpi.change_handed handed on handed.case_id = change_id
) looked_at where case_id = id and brought = named"""
#: All other columns are booleans.
BOOLEAN_VALUE = "n %% 10 > 0"
INSERT_FACTS = """
insert into kpi.{table} ({columns}) select {values} from (
  select n, %(begin)s::timestamptz + n * (%(end)s::timestamptz - %(begin)s) / %(count)s::bigint as opened_at,
    (-ln(1 - random()) * 86400)::bigint as seconds
  from generate_series(1, %(count)s::bigint) n
) made"""
INSERT_ROWS = """
with made as (
  insert into fold.{kind} (id, version, changed_at, number, state, state_since, title, priority, requester_id,
    team_id, assignee_id, opened_at, {more})
  select uuidv7(), 3, opened_at, format('X-%%s-%%s', 2026, 1000000 + opened.n),
    case when opened.n / 3 %% 50 = 0 then '{open}' else 'closed' end, opened_at,
    'Something is wanted at desk ' || opened.n, 'P' || 1 + opened.n / 20 %% 4,
    requester.id, team.id, assignee.id, opened_at, {values}
  from (
    select n, %(begin)s::timestamptz + n * (%(end)s::timestamptz - %(begin)s) / %(count)s::bigint as opened_at
    from generate_series(1, %(count)s::bigint) n
  ) opened
  join bench.team on team.n = opened.n %% 20
  join bench.person requester on requester.n = (opened.n + 7) %% 60
  join bench.person assignee on assignee.n = opened.n %% 60
  returning id, requester_id, team_id
)
insert into log.stream_head (stream, kind, version, audience)
select '{kind}/' || id, '{kind}', 3, array['person:' || requester_id, 'team:' || team_id] from made"""
#: By kind, its additional column, the value of it, and the state of open records.
PROCESS_COLUMNS = {
    "request": ("path", "'standard'", "in_progress"),
    "problem": ("origin", "'incidents'", "investigating"),
}


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the selected figures."""
    figures: list[Figure] = []
    counts = case_counts(many)
    for kind, by_month, of_team in (
        ("request", KPI_REQUESTS, TEAM_REQUESTS),
        ("problem", KPI_PROBLEMS, TEAM_PROBLEMS),
        ("change", KPI_CHANGES, TEAM_CHANGES),
        ("ci", KPI_ALTERATIONS, TEAM_ALTERATIONS),
        ("deployment", KPI_DEPLOYMENTS, TEAM_DEPLOYMENTS),
    ):
        if many.run.is_wanted(by_month, of_team):
            await need_facts(many, kind)
        if many.run.is_wanted(by_month):
            what = f"by month and priority (or team), {counts[kind]:,} cases"
            figures.append(await _slowest(many, by_month, kind, _by_month, (what, Threshold(400, 100))))
        if many.run.is_wanted(of_team):
            what = f"of one team, one year, {counts[kind]:,} cases"
            figures.append(await _slowest(many, of_team, kind, _of_team, (what, Threshold(50, 15))))
    for kind, name in (("request", LIST_REQUESTS), ("problem", LIST_PROBLEMS)):
        if many.run.is_wanted(name):
            many.run.announce(f"Making {counts[kind]:,} {kind}s")
            await make_rows(many, kind, counts[kind])
            figures.append(await _list(many, name, kind, counts[kind]))
    return figures


def case_counts(many: LargeSite) -> dict[str, int]:
    """Returns how many cases of each kind are made beside the incidents."""
    counts = {"request": many.incidents, "problem": many.incidents // REQUESTS_PER_PROBLEM}
    return counts | dict.fromkeys(("change", "ci", "deployment"), many.incidents // INCIDENTS_PER_CHANGE)


async def need_facts(many: LargeSite, kind: str) -> None:
    """Makes the facts of all cases of the kind, unless they are there."""
    if kind not in many.made:
        count = case_counts(many)[kind]
        many.run.announce(f"Making the facts of {count:,} {kind}s")
        await make_facts(many, kind, count)
        many.made.add(kind)


async def make_facts(many: LargeSite, kind: str, count: int) -> None:
    """Inserts the facts of so many cases of the kind."""
    # A tenth of the cases are rated or complained about.
    few = [(table, count // 10) for table in SATISFACTION] if kind == "request" else []
    for table, rows in [*((table, count) for table in PROCESSES[kind]), *few]:
        told = {**FACT_VALUES, "at": "opened_at"} if table.name.endswith("_opened") else FACT_VALUES
        values = [told.get(column, BOOLEAN_VALUE) for column in table.columns]
        await many.owner.execute(b"select setseed(0.5)")  # a case lasts equally long in each table of facts
        text = INSERT_FACTS.format(
            table=table.name, columns=", ".join(table.columns), values=", ".join(values)
        )
        await many.owner.execute(text.encode(), _parameters(many, kind, rows))
    await many.owner.execute(AGENT_DAYS.encode())
    if kind == "deployment":
        await many.owner.execute(BROUGHT.encode())
        await many.owner.execute(b"vacuum full kpi.deployment_brought")
    await many.owner.execute(f"vacuum analyze {TABLES}".encode())


async def make_rows(many: LargeSite, kind: str, count: int) -> None:
    """Inserts the projection's rows of so many cases of the kind."""
    more, values, opened = PROCESS_COLUMNS[kind]
    text = INSERT_ROWS.format(kind=kind, more=more, values=values, open=opened)
    await many.owner.execute(text.encode(), _parameters(many, kind, count))
    await many.owner.execute(f"vacuum analyze fold.{kind}, log.stream_head".encode())


def _parameters(many: LargeSite, kind: str, count: int) -> dict[str, object]:
    return {"kind": kind, "begin": many.now - timedelta(days=DAYS), "end": many.now, "count": count}


async def _slowest(
    many: LargeSite,
    name: str,
    kind: str,
    question_of: Callable[[LargeSite, Kpi], KpiQuestion],
    bound: tuple[str, Threshold],
) -> Figure:
    """Asks all KPIs of the process the same question, and returns the figure of the slowest. `bound` is the
    question as text, and the threshold.
    """
    took: dict[str, float] = {}
    for kpi in KPIS.values():
        if kpi.process == kind:
            took[kpi.key] = await kpis.milliseconds(many, question_of(many, kpi))
            many.run.announce(f"{kpi.key} {number(took[kpi.key])} ms")
    slowest = max(took, key=lambda key: took[key])
    what, needed = bound
    needed = replace(needed, unit=" ms", at_most=True)
    what = f"slowest KPI of {kind}s {what}: {slowest}"
    return Figure(name, what, f"{number(took[slowest])} ms", took[slowest], needed)


def _by_month(many: LargeSite, kpi: Kpi) -> KpiQuestion:
    begin = (many.now - timedelta(days=DAYS)).date().isoformat()
    by = Dimension.priority if Dimension.priority in kpi.dimensions else Dimension.team
    return kpis.question(many, QuestionParameters(begin=begin, by=(by.value,)), kpi)


def _of_team(many: LargeSite, kpi: Kpi) -> KpiQuestion:
    return kpis.question(many, QuestionParameters(filters={"team": (team_key(kpis.TEAM),)}), kpi)


async def _list(many: LargeSite, name: str, kind: str, count: int) -> Figure:
    """Measures the first page of each team's list, in turn, with the fields of a table, for a caller who may
    see everything.
    """
    teams = cycle(range(TEAMS))
    path = f"/v1/{kind}s?state=closed&fields={TABLE_FIELDS}&team="
    async with reading(many) as reader:
        no_op = reader.rate(8, lambda: NO_OP)
        listed = reader.rate(8, lambda: path + team_key(next(teams)), reader.token, smallest=SMALLEST_TABLE)
        paired = await alternate(many.run, no_op, listed)
    what = (
        f"list of {PAGE} of {count:,} {kind}s, state and team, seven fields of each / no-op route, 8 clients"
    )
    return paired_figure(name, what, paired, Threshold(0.12, 0.25))
