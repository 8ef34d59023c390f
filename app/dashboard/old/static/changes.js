// The change calendar: drawn by the server, and listed beneath, for those who do not see the drawing and for phones.
import { Problem, calendarKey, drawing, forget, get, once } from "./api.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
import { about } from "./change.js";
import { filterControls, filtered, ownZone, zoneOf } from "./change-filters.js";
import { header } from "./header.js";
import { login } from "./login.js";
import { read, state } from "./state.js";
import { calm, watch, wrong } from "./trouble.js";

const CALENDAR = "/v1/changes/calendar";
const DONE = "implemented,backed_out,closed";
const LATELY = 100;
const content = document.getElementById("content");
let showing = 0;
let chosen = {};

const iso = (date) => date.toISOString().slice(0, 10);
const moved = (day, by) => iso(new Date(Date.parse(`${day}T00:00:00Z`) + by * 86400000));
const monday = (day) => moved(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
const nextMonth = (day, by) => iso(new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + by, 1)));

/** Reads the address: a week unless it says a month, today unless it says a day. */
function choose(zone) {
  const asked = new URLSearchParams(location.search);
  const given = asked.get("date") ?? "";
  const filters = filtered(asked);
  const shown = zoneOf(asked, zone);
  const today = format.isoDay(new Date(), shown);
  const day = /^\d{4}-\d\d-\d\d$/.test(given) && !Number.isNaN(Date.parse(given)) ? given : today;
  chosen = { view: asked.get("view") === "month" ? "month" : "week", day, today, filters, zone: shown, tz: asked.get("tz"), change: asked.get("change"), only: null };
}

const address = (changes) => {
  const said = { view: chosen.view, date: chosen.day, lang: state.lang, tz: chosen.tz, ...chosen.filters, ...changes };
  return `/dashboard/changes?${new URLSearchParams(Object.entries(said).filter(([, value]) => value))}`;
};

/** The first day that is shown, and the first one behind it. */
function bounds() {
  if (chosen.view === "week") return [monday(chosen.day), moved(monday(chosen.day), 7)];
  const last = moved(nextMonth(chosen.day, 1), -1);
  return [monday(nextMonth(chosen.day, 0)), moved(monday(last), 7)];
}

function go(href) {
  history.pushState(null, "", href);
  show();
}

function link(text, href, more = {}) {
  const plain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0);
  const onclick = (event) => { if (plain(event)) { event.preventDefault(); go(href); } };
  return h("a", { href, onclick, class: "button", ...more }, text);
}

const headed = (me) =>
  header(format.words().calendar, me, { speak: (lang) => go(address({ lang })), then: show });

function controls() {
  const say = format.words();
  const step = chosen.view === "week" ? (by) => moved(chosen.day, 7 * by) : (by) => nextMonth(chosen.day, by);
  const views = Object.entries(say.views).map(([view, name]) =>
    link(name, address({ view }), { id: view, "aria-current": view === chosen.view ? "true" : null }));
  return h("div", { class: "steps" }, views,
    link(`← ${say.earlier}`, address({ date: step(-1) }), { id: "earlier" }),
    link(say.today, address({ date: null }), { id: "today" }),
    link(`${say.later} →`, address({ date: step(1) }), { id: "later" }),
    h("button", { type: "button", id: "print", onclick: () => paper(false) }, say.printPage),
    h("button", { type: "button", id: "print-list", onclick: () => paper(true) }, say.printList),
    h("a", { href: "#subscribe", class: "button", onclick: () => { document.getElementById("subscribe").open = true; } }, say.subscribe));
}

/** Prints the drawing, which is one sheet, or the list instead of it. */
function paper(listOnly) {
  document.body.classList.toggle("paper-list", listOnly);
  print();
}

/** A card whose content comes later; what ails it is said in its place. */
function card(id, title, coming, hint = null) {
  const place = h("div", { class: "waiting" }, format.words().loading);
  coming.then(
    (elements) => place.replaceWith(...[elements].flat().filter(Boolean)),
    (problem) => place.replaceWith(wrong(problem)));
  return h("section", { class: "card", id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, title), hint ? h("p", { class: "soft" }, hint) : null, place);
}

/** What can be opened: a number leads to what is known of its change. */
const numbered = (entry) => entry.number
  ? link(entry.number, address({ change: entry.number }), { class: null, id: `entry-${entry.id}` })
  : h("span", { id: `entry-${entry.id}` }, entry.title ?? "–");

/** The labels of the states of changes, by their codes. */
const stateLabels = (meta) =>
  Object.fromEntries((meta.lifecycles.find((one) => one.kind === "change")?.states ?? []).map((one) => [one.state, one.label]));

function listed(caption, answer, meta) {
  const say = format.words();
  const shown = answer.items.filter((entry) => !chosen.only || chosen.only.has(entry.id));
  if (shown.length === 0) return h("p", { class: "soft" }, say.nothingPlanned);
  const labels = stateLabels(meta);
  const stateOf = (entry) => (entry.number ? labels[entry.state] ?? entry.state : null);
  const times = (entry) => format.span(entry.from_at, entry.until_at, chosen.zone);
  const remark = (entry) => [stateOf(entry), entry.overridden && say.overridden].filter(Boolean).join(", ");
  const called = (entry) => h("span", null, numbered(entry), entry.number ? ` ${entry.title ?? ""}` : null);
  return [
    chosen.only ? h("p", null, h("button", { type: "button", id: "show-all", onclick: () => only(null) }, say.showAll)) : null,
    h("div", { class: "fitted" }, table(caption, [say.called, say.when, say.kind, say.state, say.service, say.team], shown.map((entry) => [
      called(entry), times(entry), say.kinds[entry.type ?? entry.kind] ?? entry.kind, remark(entry), entry.services.join(", "), entry.team?.name,
    ]), { stacked: true })),
    answer.truncated ? h("p", { class: "soft" }, say.tooMany) : null,
  ];
}

/** Lists those entries alone, or all again. */
function only(ids) {
  chosen.only = ids && new Set(ids);
  const list = document.getElementById("list");
  list.replaceWith(listCard());
  const now = document.getElementById("list");
  now.scrollIntoView();
  now.querySelector("#show-all, a, .scroll")?.focus();
}

/** Lets what is drawn be opened, by a click or a key: an entry leads to its change, "+14 more" to those in the list. */
function opened(element) {
  element.setAttribute("role", "group");
  const open = (node, does) => {
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.addEventListener("click", does);
    node.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); does(); } });
  };
  for (const node of element.querySelectorAll("[data-entries]")) open(node, () => only(node.dataset.entries.split(" ")));
  for (const node of element.querySelectorAll("[data-entry]")) open(node, () => only([node.dataset.entry]));
  return element;
}

const entries = (from, until) => get(CALENDAR, { from, until, tz: chosen.zone, ...chosen.filters });

/** The changes implemented lately that are known to have caused incidents. */
async function causes(zone) {
  const say = format.words();
  const fields = "number,title,type,outcome,implemented_at,caused_incident_ids";
  const { items } = await get("/v1/changes", { state: DONE, sort: "-implemented_at", limit: LATELY, fields });
  const guilty = items.filter((change) => change.caused_incident_ids?.length);
  if (guilty.length === 0) return h("p", { class: "soft" }, say.noneCaused);
  const ids = [...new Set(guilty.flatMap((change) => change.caused_incident_ids))];
  const found = await Promise.all(ids.map((id) => once(`/v1/incidents/${id}`, { fields: "number,title" }).catch(() => null)));
  const names = Object.fromEntries(found.filter(Boolean).map((incident) => [incident.id, `${incident.number} ${incident.title ?? ""}`]));
  return table(say.caused, [say.number, say.called, say.kind, say.implemented, say.outcome, say.incidents], guilty.map((change) => [
    link(change.number, address({ change: change.number }), { class: null }), change.title, say.kinds[change.type],
    change.implemented_at ? format.moment(change.implemented_at, zone) : null,
    change.outcome ? say.outcomes[change.outcome] : null,
    h("ul", { class: "plain" }, change.caused_incident_ids.map((id) => h("li", null, names[id] ?? "–"))),
  ]));
}

function subscription() {
  const say = format.words();
  const place = h("div", { role: "status" });
  const make = async () => {
    try {
      const { token } = await calendarKey(say.keyName);
      const whole = `${location.origin}${CALENDAR}?format=ics&lang=${state.lang}&key=${token}`;
      place.replaceChildren(h("label", { for: "subscription" }, say.addressOnce), h("input", { id: "subscription", readonly: true, value: whole }));
      place.querySelector("input").select();
    } catch (problem) {
      place.replaceChildren(wrong(problem));
    }
  };
  return h("details", { class: "card", id: "subscribe" }, h("summary", null, say.subscribe),
    h("p", null, say.subscribeHint), h("button", { type: "button", id: "make-key", onclick: make }, say.makeKey), place);
}

async function show() {
  const mine = ++showing;
  read();
  content.setAttribute("aria-busy", "true");
  try {
    const [me, meta] = await Promise.all([once("/v1/me"), once("/v1/meta")]);
    if (mine !== showing) return;
    calm();
    choose(meta.time_zone);
    headed(me);
    put(meta);
  } catch (problem) {
    if (mine === showing) failed(problem);
  }
}

let listCard = () => null;

function put(meta) {
  const say = format.words();
  const [from, until] = bounds();
  const shown = drawing(`${CALENDAR}.svg`, { view: chosen.view, date: chosen.day, tz: chosen.zone, lang: state.lang, ...chosen.filters })
    .then((element) => h("div", { class: "scroll drawing", tabindex: "0", role: "region", "aria-label": say.calendar }, opened(element)));
  const all = entries(from, until);
  listCard = () => card("list", say.listed, all.then((answer) => listed(say.listed, answer, meta)), say.times(chosen.zone));
  const one = chosen.change ? card("change", chosen.change, about(chosen.change, chosen.zone, stateLabels(meta), link(say.close, address({}), { id: "close" }))) : null;
  content.replaceChildren(...[
    h("h1", { tabindex: "-1" }, say.calendar),
    controls(),
    filterControls(chosen, ownZone(), meta.time_zone, (changed) => go(address(changed))),
    one,
    card("drawn", say.views[chosen.view], shown),
    listCard(),
    card("causes", say.caused, causes(chosen.zone), say.causedHint),
    subscription()].filter(Boolean));
  content.setAttribute("aria-busy", "false");
  document.title = `${say.calendar} · Ledgerdesk`;
}

function failed(problem) {
  const say = format.words();
  forget();
  calm();
  headed(null);
  content.setAttribute("aria-busy", "false");
  if (problem instanceof Problem && problem.status === 401) return content.replaceChildren(login(() => show()));
  return content.replaceChildren(h("section", { class: "card" },
    h("h1", { tabindex: "-1" }, say.failed), wrong(problem)));
}

watch(() => { forget(); show(); });
addEventListener("popstate", () => show());
show();
