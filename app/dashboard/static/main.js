// What the address asks for, shown; and what stands above it: language, period, team, whoever is signed in.
import { Problem, all, forget, get, once } from "./api.js";
import { cases } from "./cases.js";
import { sweep } from "./charts.js";
import { h } from "./dom.js";
import { figure } from "./figure.js";
import * as format from "./format.js";
import { header } from "./header.js";
import { login } from "./login.js";
import { overview } from "./overview.js";
import { choices, chosen, instead, startOf } from "./periods.js";
import { address, follow, go, read, state } from "./state.js";
import { timeline } from "./timeline.js";
import { calm, watch } from "./trouble.js";

const MUCH_BEHIND = 5;
const ASK_AGAIN = 3000;
const content = document.getElementById("content");
const live = document.getElementById("live");
let showing = 0;

/** Shows it; quietly, where somebody is looking at the same already, without taking them elsewhere. */
function put(elements, quietly = false) {
  content.replaceChildren(...elements.flat().filter(Boolean));
  content.setAttribute("aria-busy", "false");
  sweep();
  document.title = `${content.querySelector("h1")?.textContent ?? ""} · Ledgerdesk`;
  if (quietly) return;
  content.querySelector("h1")?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function headed(me, meta, teams, filled) {
  const say = format.words();
  const controls = me ? [
    picker("grain", say.grain, Object.entries(say.grains), state.grain, (grain) => go({ grain, period: null })),
    picker("period", say.which, periodNames(meta.time_zone, filled), chosen(state, meta.time_zone), (period) => go({ period })),
    picker("team", say.team, [["", say.allTeams], ...teams.map((team) => [team.key, team.name]), ["none", say.noTeam]], state.team ?? "", (team) => go({ team })),
  ] : [];
  header(say.title, me, {
    controls: h("form", { class: "controls", onsubmit: (event) => event.preventDefault() }, controls),
    speak: (lang) => go({ lang }), then: show,
  });
}

const nameOf = (begin) => format.period(`${begin}T12:00:00Z`, state.grain, "UTC");

function periodNames(zone, filled) {
  const running = startOf(format.isoDay(new Date(), zone), state.grain);
  return [...new Set([...choices(state.grain, zone, filled), chosen(state, zone)])].sort().reverse()
    .map((begin) => [begin, begin === running ? `${nameOf(begin)} (${format.words().running})` : nameOf(begin)]);
}

/** Says that nothing happened in the chosen period, and where something did. */
function emptiness(filled, zone) {
  const say = format.words();
  const begin = chosen(state, zone);
  if (filled.includes(begin)) return null;
  const other = instead(filled, begin);
  return h("section", { class: "card", id: "empty" }, other
    ? [h("p", null, say.emptyPeriod(nameOf(begin)), " ", h("a", { href: address({ period: other }) }, say.lookAt(nameOf(other))))]
    : [h("h2", null, say.empty), h("p", null, say.emptyHint)]);
}

function picker(name, label, options, value, chose) {
  const known = options.some(([code]) => code === value) ? options : [[value, value], ...options];
  const select = h("select", { id: name, onchange: () => chose(select.value || null) },
    known.map(([code, text]) => h("option", { value: code, selected: code === value }, text)));
  return h("label", null, h("span", null, label), select);
}

/** Says how far the figures have come, and asks again as long as they are behind. */
function teller(mine) {
  const say = format.words();
  const note = h("p", { class: "soft", id: "as-of" });
  let behind = 0;
  let again = null;
  // Not while figures are still to come: on a slow way they would never all be there.
  const later = () => setTimeout(() => {
    if (mine !== showing) return;
    if (content.querySelector(".waiting")) again = later();
    else show(true);
  }, ASK_AGAIN);
  const told = (answer) => {
    if (mine !== showing || !answer) return;
    live.textContent = say.loaded;
    behind = Math.max(behind, answer.lag_seconds);
    note.className = behind > MUCH_BEHIND ? "note" : "soft";
    note.textContent = behind > MUCH_BEHIND ? say.lag(format.duration(behind)) : say.asOf(format.number(answer.position));
    if (behind > MUCH_BEHIND) again ??= later();
  };
  return { note, told };
}

async function show(quietly = false) {
  const mine = ++showing;
  const say = format.words();
  live.textContent = say.loading;
  content.setAttribute("aria-busy", "true");
  try {
    const me = await once("/v1/me");
    const [meta, kpis, teams, periods] = await Promise.all([
      once("/v1/meta"), once("/v1/kpis"), all("/v1/teams", { kind: "internal" }), get("/v1/kpis/periods", { grain: state.grain }),
    ]);
    if (mine !== showing) return;
    const filled = periods.items.map((period) => format.isoDay(new Date(period.from), meta.time_zone));
    calm();
    headed(me, meta, teams.items, filled);
    put(view(kpis.items, meta, teams.items, filled, mine), quietly);
  } catch (problem) {
    if (mine === showing) failed(problem);
  }
}

function view(kpis, meta, teams, filled, mine) {
  const say = format.words();
  const zone = meta.time_zone;
  if (kpis.length === 0) return [h("section", { class: "card" }, h("h1", { tabindex: "-1" }, say.nothing), h("p", null, say.nothingHint))];
  const kpi = kpis.find((each) => each.key === state.kpi);
  const { note, told } = teller(mine);
  if (!kpi) return [overview(kpis, zone, told, emptiness(filled, zone)), note];
  const lifecycle = meta.lifecycles.find((each) => each.kind === (state.kind ?? kpi.process));
  if (state.case) return timeline(kpi, lifecycle, zone);
  if (state.view === "cases") return [cases(kpi, zone, told), note];
  return [emptiness(filled, zone), figure(kpi, kpis, teams, zone, told), note];
}

function failed(problem) {
  const say = format.words();
  forget();
  calm();
  headed(null, null, [], []);
  if (problem instanceof Problem && problem.status === 401) return put([login(() => show())]);
  const why = problem instanceof Problem ? problem.message : say.offline;
  return put([h("section", { class: "card" },
    h("h1", { tabindex: "-1" }, say.failed), h("p", { role: "alert" }, why),
    problem.type ? h("p", null, h("a", { href: problem.type }, say.explain)) : null,
    h("button", { type: "button", onclick: () => show() }, say.again))]);
}

read();
watch(() => { forget(); show(); });
follow(show);
show();
