// All figures of one period, each with its target, the period before, and the way that it took.
import { all, get } from "./api.js";
import { bars, chart, spark } from "./charts.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
import { SHOWN, chosen, next } from "./periods.js";
import { address, state } from "./state.js";
import { wrong } from "./trouble.js";

/** The chosen team, for a KPI that can be cut by teams: the others say the same of all. */
export const teamFor = (kpi) => (kpi.dimensions.includes("team") ? state.team : null);

/** What is asked of a KPI: so many periods up to the chosen one. */
export function asked(kpi, zone) {
  const begin = chosen(state, zone);
  return { grain: state.grain, from: next(begin, state.grain, 1 - SHOWN[state.grain]), to: next(begin, state.grain), team: teamFor(kpi) };
}

/** The link from a number to the cases that it was computed from. */
export function casesLink(kpi, text, label, changes = {}) {
  return h("a", { href: address({ kpi: kpi.key, view: "cases", case: null, kind: null, mark: null, ...changes }), "aria-label": label }, text);
}

/** The chip that says how a value stands; in words, not only by its colour. */
export function status(of) {
  return of ? h("span", { class: `chip ${of}` }, format.words().statuses[of] ?? of) : null;
}

/** How the value stands to the period before; good or bad by which way is better. */
export function change(previous, direction) {
  if (!previous || previous.change === null) return null;
  const better = direction === "none" || Math.round(previous.change * 100) === 0 ? "" : (previous.change > 0) === (direction === "up") ? "good" : "bad";
  return h("span", { class: better }, format.change(previous.change));
}

/** A value, or why there is none. */
export function shown(point, unit) {
  return format.value(point.value, unit) ?? format.words().noValue[point.no_value ?? "no_cases"];
}

/** `empty` stands above the figures where there are none. */
export function overview(kpis, zone, told, empty) {
  const say = format.words();
  const processes = [...new Set(kpis.map((kpi) => kpi.process))];
  const tiles = kpis.map((kpi) => tile(kpi, zone, told));
  return [
    h("h1", { tabindex: "-1" }, say.figuresOf(format.period(`${chosen(state, zone)}T12:00:00Z`, state.grain, "UTC"))),
    empty,
    ...processes.flatMap((process) => [
      h("h2", { class: "process" }, say.processes[process] ?? process),
      h("div", { class: "tiles" }, tiles.filter((_, n) => kpis[n].process === process)),
      process === "incident" ? backlog(kpis, zone) : null,
    ]),
  ].filter(Boolean);
}

function tile(kpi, zone, told) {
  const heading = h("h3", null, h("a", { href: address({ kpi: kpi.key, view: null }) }, kpi.name));
  const body = h("div", { class: "waiting" }, format.words().loading);
  const element = h("article", { class: "card tile", "data-kpi": kpi.key }, heading, body);
  get(`/v1/kpis/${kpi.key}`, asked(kpi, zone)).then(
    (answer) => { body.replaceWith(...filled(kpi, answer)); told(answer); },
    (problem) => body.replaceWith(wrong(problem)),
  );
  return element;
}

function filled(kpi, answer) {
  const say = format.words();
  const point = answer.points.at(-1);
  const value = shown(point, kpi.unit);
  const link = point.cases || point.value ? casesLink(kpi, value, `${kpi.name}: ${value}. ${say.openCases}`) : h("span", { class: "soft" }, value);
  const then = new Date(point.to) > new Date() ? say.sameDays : say.before;
  const before = point.previous.value === null ? say.noBefore : `${then} ${format.value(point.previous.value, kpi.unit)}`;
  const moved = change(point.previous, kpi.direction);
  return [
    h("p", { class: "value" }, link, " ", status(point.status)),
    spark(answer.points.map((each) => each.value)),
    h("p", { class: "soft facts" },
      h("span", null, point.target ? `${say.target} ${format.target(point.target, kpi.unit)}` : say.noTarget),
      h("span", null, moved, moved ? " · " : null, before),
      point.on_hold ? h("span", null, `${say.onHold}: ${format.number(point.on_hold)}`) : null,
      point.small && point.cases ? h("span", null, say.small) : null),
  ];
}

const DAY = 86400;
const AGES = [1, 3, 7, 30, Infinity];

/** How long what is open has been so; its cases come with when they were opened. */
export function backlog(kpis, zone) {
  const say = format.words();
  const kpi = kpis.find((each) => each.key === "backlog");
  if (!kpi) return null;
  const body = h("div", { class: "waiting" }, say.loading);
  const begin = chosen(state, zone);
  const asking = { from: begin, to: next(begin, state.grain), team: state.team };
  all("/v1/kpis/backlog/cases", asking, 5).then(
    ({ items, complete, to }) => body.replaceWith(...aged(kpi, items, complete, asking.to)),
    (problem) => body.replaceWith(wrong(problem)),
  );
  return h("section", { class: "card", id: "ages", "aria-labelledby": "ages-title" }, h("h2", { id: "ages-title" }, say.age), body);
}

function aged(kpi, items, complete, end) {
  const say = format.words();
  if (items.length === 0) return [h("p", { class: "soft" }, say.noBacklog)];
  const then = Math.min(Date.now(), Date.parse(end)) / 1000;
  const ages = items.map((item) => Math.max(0, then - Date.parse(item.decided_at) / 1000));
  const counts = AGES.map((most, n) => ages.filter((age) => age < most * DAY && age >= (n ? AGES[n - 1] * DAY : 0)).length);
  return [
    chart(say.age, bars(say.ages, counts, "cases", say)),
    h("details", null, h("summary", null, say.asTable), table(say.age, [say.age, say.cases], say.ages.map((name, n) => [name, format.number(counts[n])]))),
    h("p", { class: "soft" }, say.oldest(format.duration(Math.max(...ages))), " · ", casesLink(kpi, say.openCases, `${kpi.name}: ${say.openCases}`)),
    complete ? null : h("p", { class: "soft" }, say.ageOfFirst(format.number(items.length))),
  ].filter(Boolean);
}
