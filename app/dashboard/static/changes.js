// The change calendar: drawn by the server, and listed beneath for those who do not see the drawing.
import { Problem, calendarKey, drawing, forget, get, once } from "./api.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
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
  const today = format.isoDay(new Date(), zone);
  const day = /^\d{4}-\d\d-\d\d$/.test(given) && !Number.isNaN(Date.parse(given)) ? given : today;
  chosen = { view: asked.get("view") === "month" ? "month" : "week", day, today };
}

const address = (changes) => {
  const said = { view: chosen.view, date: chosen.day, lang: state.lang, ...changes };
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
    h("button", { type: "button", id: "print", onclick: () => print() }, say.printPage),
    h("a", { href: "#subscribe", class: "button", onclick: () => { document.getElementById("subscribe").open = true; } }, say.subscribe));
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

function listed(caption, answer, meta) {
  const say = format.words();
  if (answer.items.length === 0) return h("p", { class: "soft" }, say.nothingPlanned);
  const lifecycle = meta.lifecycles.find((one) => one.kind === "change");
  const stateOf = (entry) => lifecycle?.states.find((one) => one.state === entry.state)?.label ?? (entry.number ? entry.state : null);
  const times = (entry) => `${format.moment(entry.from_at, meta.time_zone)} – ${format.moment(entry.until_at, meta.time_zone)}`;
  const remark = (entry) => [stateOf(entry), entry.overridden && say.overridden].filter(Boolean).join(", ");
  return [
    table(caption, [say.when, say.kind, say.number, say.called, say.state, say.service, say.team], answer.items.map((entry) => [
      times(entry), say.kinds[entry.type ?? entry.kind] ?? entry.kind, entry.number, entry.title, remark(entry), entry.services.join(", "), entry.team?.name,
    ])),
    answer.truncated ? h("p", { class: "soft" }, say.tooMany) : null,
  ];
}

const entries = (from, until, zone) => get(CALENDAR, { from, until, tz: zone });

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
    change.number, change.title, say.kinds[change.type],
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

function put(meta) {
  const say = format.words();
  const zone = meta.time_zone;
  const [from, until] = bounds();
  const week = monday(chosen.today);
  const shown = drawing(`${CALENDAR}.svg`, { view: chosen.view, date: chosen.day, tz: zone, lang: state.lang })
    .then((element) => h("div", { class: "scroll drawing", tabindex: "0", role: "region", "aria-label": say.calendar }, element));
  const all = entries(from, until, zone);
  const running = chosen.view === "week" && from === week ? all : entries(week, moved(week, 7), zone);
  content.replaceChildren(
    h("h1", { tabindex: "-1" }, say.calendar),
    controls(),
    card("drawn", say.views[chosen.view], shown),
    card("list", say.listed, all.then((answer) => listed(say.listed, answer, meta)), say.times(zone)),
    card("week-list", say.thisWeek, running.then((answer) => listed(say.thisWeek, { ...answer, items: answer.items.filter((one) => one.kind === "change") }, meta))),
    card("causes", say.caused, causes(zone), say.causedHint),
    subscription());
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
