// One KPI: its way, whether that is more than its usual ups and downs, and each team's part.
import { get } from "./api.js";
import * as charts from "./charts.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
import { asked, backlog, casesLink, change, shown, status } from "./overview.js";
import { chosen, next } from "./periods.js";
import { address, state } from "./state.js";
import { wrong } from "./trouble.js";

export function figure(kpi, kpis, teams, zone, told) {
  const say = format.words();
  const waiting = (id, title) => h("section", { class: "card", id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), h("p", { class: "waiting" }, say.loading));
  const trend = waiting("trend", say.trend);
  const behaviour = waiting("behaviour", say.behaviour);
  const byTeam = waiting("teams", say.byTeam);
  fill(trend, get(`/v1/kpis/${kpi.key}`, asked(kpi, zone)), (answer) => { told(answer); return trendOf(kpi, kpis, answer, zone); });
  fill(behaviour, get(`/v1/kpis/${kpi.key}/behaviour`, asked(kpi, zone)), (answer) => behaviourOf(kpi, answer, zone));

  if (kpi.dimensions.includes("team")) {
    const begin = chosen(state, zone);
    const asking = { grain: "all", from: begin, to: next(begin, state.grain), by: "team" };
    fill(byTeam, get(`/v1/kpis/${kpi.key}`, asking), (answer) => teamsOf(kpi, answer, teams));
  }
  return [
    h("p", null, h("a", { href: address({ kpi: null, view: null }) }, `← ${say.back}`)),
    h("h1", { tabindex: "-1" }, kpi.name),
    h("p", null, kpi.definition),
    kpi.pitfalls ? h("details", null, h("summary", null, say.pitfalls), h("p", null, kpi.pitfalls)) : null,
    trend, behaviour,
    kpi.dimensions.includes("team") ? byTeam : null,
    kpi.key === "backlog" ? backlog(kpis, zone) : null,
  ];
}

function fill(section, asking, made) {
  asking.then(
    (answer) => section.lastChild.replaceWith(...made(answer).filter(Boolean)),
    (problem) => section.lastChild.replaceWith(wrong(problem)),
  );
}

const labelsOf = (points, zone, short) => points.map((point) => format.period(point.from, state.grain, zone, short));

function trendOf(kpi, kpis, answer, zone) {
  const say = format.words();
  const { points } = answer;
  const last = points.at(-1);
  const rows = points.map((point, n) => [
    labelsOf([point], zone)[0],
    cell(kpi, point, { period: format.isoDay(new Date(point.from), zone) }),
    format.number(point.cases), status(point.status),
    point.target ? format.target(point.target, kpi.unit) : null,
    change(point.previous, kpi.direction),
    point.interval ? `${format.value(point.interval.low, kpi.unit)} – ${format.value(point.interval.high, kpi.unit)}` : null,
  ]).reverse();
  const heads = [say.period, say.value, say.cases, say.status, say.target, say.change, say.interval];
  return [
    h("p", { class: "value" }, cell(kpi, last), " ", status(last.status)),
    facts(kpi, last, zone),
    besides(kpis, last),
    charts.chart(`${say.trend}: ${kpi.name}`, charts.trend(points, kpi.unit, labelsOf(points, zone, true), say)),
    h("details", null, h("summary", null, say.asTable), table(`${say.trend}: ${kpi.name}`, heads, rows)),
  ];
}

/** A number that opens, or why there is none. */
function cell(kpi, point, changes = {}) {
  const value = shown(point, kpi.unit);
  if (!point.cases && !point.value) return h("span", { class: "soft" }, value);
  return casesLink(kpi, value, `${kpi.name}: ${value}. ${format.words().openCases}`, changes);
}

/** The figures that the value says too little without, each with the way to its own page. */
function besides(kpis, point) {
  const told = Object.entries(point.beside).map(([key, figure]) => [kpis.find((one) => one.key === key), figure]).filter(([kpi]) => kpi);
  if (told.length === 0) return null;
  const each = ([kpi, figure]) => h("span", null, h("a", { href: address({ kpi: kpi.key, view: null }) }, kpi.name), `: ${format.value(figure.value, kpi.unit) ?? format.words().noValue.no_cases}`);
  return h("p", { class: "soft facts", id: "besides" }, ...told.map(each));
}

/** The distribution of the clock that the value is of. The other clock is never beside it without its name. */
const times = (kpi, point) => (kpi.clock ? point[kpi.clock] : null);

function facts(kpi, point, zone) {
  const say = format.words();
  const own = times(kpi, point);
  const wall = kpi.clock === "business" && point.elapsed ? point.elapsed : null;
  const told = [
    point.target ? `${say.target} ${format.target(point.target, kpi.unit)}` : say.noTarget,
    say.caseCount(format.number(point.cases)),
    own ? `${say.median} ${format.duration(own.median)}` : null,
    point.exposure?.agreed_seconds ? `${say.agreed}: ${format.duration(point.exposure.agreed_seconds)}` : null,
    point.exposure?.outage_seconds ? `${say.outage}: ${format.duration(point.exposure.outage_seconds)}` : null,
    point.exposure?.at_least ? `${say.atLeast}: ${format.duration(point.exposure.at_least)}` : null,
    point.exposure && point.exposure.expected !== null ? `${say.expected}: ${format.value(point.exposure.expected, "ratio")}` : null,
    own ? `${say.p90} ${format.duration(own.p90)}` : null,
    wall ? say.byWallClock(format.duration(wall.mean), format.duration(wall.median)) : null,
    point.undecided ? `${say.undecided}: ${format.number(point.undecided)}` : null,
    point.open_cases ? `${say.open}: ${format.number(point.open_cases)}` : null,
    point.on_hold ? `${say.onHold}: ${format.number(point.on_hold)}` : null,
    point.last_year && point.last_year.value !== null ? `${say.lastYear}: ${format.value(point.last_year.value, kpi.unit)}` : null,
    point.skewed ? `${say.skewed}: ${format.number(point.skewed)}` : null,
    point.small && point.cases ? say.small : null,
    ...Object.entries(point.excluded).filter(([, count]) => count).map(([why, count]) => say.excludedCount(format.number(count), say.excluded[why] ?? why)),
    new Date(point.final_after) > new Date() ? say.finalAfter(format.day(point.final_after, zone)) : null,
  ];
  return h("p", { class: "soft facts" }, told.filter(Boolean).map((text) => h("span", null, text)));
}

function behaviourOf(kpi, answer, zone) {
  const say = format.words();
  const { points, limits } = answer;
  if (!limits) return [h("p", { class: "soft" }, say.tooFew)];
  const labels = labelsOf(points, zone, true);
  const signals = new Map(points.map((point, n) => [n, point.signals]).filter(([, of]) => of.length));
  const why = (of) => of.map((code) => say.signals[code] ?? code).join("; ");
  const told = signals.size ? say.signalCount(format.number(signals.size)) : say.noSignal;
  const rows = points.map((point, n) => [
    labels[n], format.value(point.value, kpi.unit), point.running ? say.running : why(point.signals),
  ]).reverse();
  const between = `${format.value(limits.low, kpi.unit)} – ${format.value(limits.high, kpi.unit)}`;
  return [
    h("p", { class: "soft" }, say.behaviourHint),
    h("p", { class: "facts" },
      h("strong", { class: signals.size ? "bad" : null }, told),
      h("span", { class: "soft" }, `${say.centre} ${format.value(limits.centre, kpi.unit)}`),
      h("span", { class: "soft" }, `${say.limits} ${between}`)),
    charts.chart(`${say.behaviour}: ${kpi.name}. ${told}`, charts.behaviour(points, limits, signals, kpi.unit, labels, say)),
    h("details", null, h("summary", null, say.asTable), table(`${say.behaviour}: ${kpi.name}`, [say.period, say.value, say.signal], rows)),
  ];
}

function teamsOf(kpi, answer, teams) {
  const say = format.words();
  const names = new Map(teams.map((team) => [team.key, team.name]));
  const points = answer.points.toSorted((one, other) => (one.by.team === null) - (other.by.team === null) || String(one.by.team).localeCompare(String(other.by.team)));
  if (points.length === 0) return [h("p", { class: "soft" }, say.noCases)];
  const columns = [
    [say.status, (point) => point.status && status(point.status)],
    [say.target, (point) => point.target && format.target(point.target, kpi.unit)],
    [say.median, (point) => times(kpi, point) && format.duration(times(kpi, point).median)],
  ].filter(([, told]) => points.some(told));
  const rows = points.map((point) => {
    const team = point.by.team ?? "none";
    const name = point.by.team === null ? say.noTeam : names.get(team) ?? team;
    return [
      h("a", { href: address({ team }) }, name), cell(kpi, point, { team }),
      format.number(point.cases), ...columns.map(([, told]) => told(point)),
    ];
  });
  return [table(`${say.byTeam}: ${kpi.name}`, [say.team, say.value, say.cases, ...columns.map(([head]) => head)], rows)];
}
