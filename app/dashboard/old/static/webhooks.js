// The sources of webhooks and mail: all of them, one with what came in, or one delivery, as the address says.
import { Problem, all, forget, get, once } from "./api.js";
import { delivery } from "./delivery.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
import { header } from "./header.js";
import { login } from "./login.js";
import { source } from "./source.js";
import { read, state } from "./state.js";
import { calm, watch, wrong } from "./trouble.js";

const SOURCES = "/v1/webhook_sources";
const KNOWN = ["source", "state", "delivery"];
const content = document.getElementById("content");
let showing = 0;
let chosen = {};

/** The address with something changed; where it leads elsewhere, what is chosen there is left out. */
const address = (changes) => {
  const said = { ...chosen, lang: state.lang, ...changes };
  return `/dashboard/webhooks?${new URLSearchParams(Object.entries(said).filter(([, value]) => value))}`;
};

function go(changes) {
  history.pushState(null, "", address(changes));
  show();
}

/** A link within this page: it needs no new one. */
function link(text, changes, more = {}) {
  const plain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0);
  const onclick = (event) => { if (plain(event)) { event.preventDefault(); go(changes); } };
  return h("a", { href: address(changes), onclick, ...more }, text);
}

const headed = (me) => header(format.words().webhooks, me, { speak: (lang) => go({ lang }), then: show });

async function show() {
  const mine = ++showing;
  read();
  const asked = new URLSearchParams(location.search);
  chosen = Object.fromEntries(KNOWN.map((name) => [name, asked.get(name)]));
  content.setAttribute("aria-busy", "true");
  let me = null;
  try {
    me = await once("/v1/me");
    const meta = await once("/v1/meta");
    const place = { chosen, link, go, zone: meta.time_zone, states: statesOf(meta), current: () => mine === showing };
    const elements = await view(place);
    if (mine !== showing) return;
    calm();
    headed(me);
    put(elements);
  } catch (problem) {
    if (mine === showing) failed(problem, me);
  }
}

const statesOf = (meta) => Object.fromEntries(
  (meta.lifecycles.find((one) => one.kind === "webhook_source")?.states ?? []).map((one) => [one.state, one.label]));

async function view(place) {
  const { items } = await all(SOURCES, { sort: "key" });
  if (!chosen.source) return sources(items, place);
  const found = items.find((one) => one.key === chosen.source);
  if (!found) throw new Problem(404, { title: format.words().noSuchSource(chosen.source) });
  const adapters = await once("/v1/webhook_adapters");
  const adapter = adapters.items.find((one) => one.key === found.adapter) ?? { key: found.adapter, title: found.adapter };
  return chosen.delivery ? delivery(found, place) : source(found, adapter, place);
}

/** All sources, with how each fares. */
async function sources(items, place) {
  const say = format.words();
  const title = h("h1", { tabindex: "-1" }, say.webhookSources);
  if (items.length === 0) return [title, h("section", { class: "card" }, h("p", null, say.noSources))];
  const told = await Promise.all(items.map((one) => get(`${SOURCES}/${one.id}/status`)));
  const failing = told.filter((one) => one.failed > 0);
  const silent = items.filter((one) => one.silent_since_at);
  const sum = failing.reduce((total, one) => total + one.failed, 0);
  const heads = [say.source, say.adapter, say.state, say.lastDelivery, say.waiting, say.failedOnes, say.refused, say.silentSince];
  const rows = items.map((one, n) => [
    link(one.title, { source: one.key }, { id: `source-${one.key}` }), one.adapter, place.states[one.state] ?? one.state,
    told[n].last_received_at ? format.moment(told[n].last_received_at, place.zone) : say.never,
    format.number(told[n].waiting),
    told[n].failed > 0 ? link(format.number(told[n].failed), { source: one.key, state: "failed" }, { class: "chip missed" }) : "0",
    format.number(told[n].refused),
    one.silent_since_at ? h("span", { class: "chip at_risk" }, format.moment(one.silent_since_at, place.zone)) : null,
  ]);
  return [
    title,
    h("p", { id: "attention", class: failing.length + silent.length > 0 ? "note" : "soft" }, [
      failing.length > 0 ? say.failedIn(format.number(sum), format.number(failing.length)) : say.noneFailed,
      silent.length > 0 ? say.silentCount(format.number(silent.length)) : say.noneSilent].join(" ")),
    h("section", { class: "card", id: "sources" }, table(say.webhookSources, heads, rows, { stacked: true }),
      h("p", { class: "soft" }, say.refusedHint, " ", say.times(place.zone))),
  ];
}

function put(elements) {
  content.replaceChildren(...elements.flat().filter(Boolean));
  content.setAttribute("aria-busy", "false");
  document.title = `${content.querySelector("h1")?.textContent ?? ""} · Ledgerdesk`;
  content.querySelector("h1")?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function failed(problem, me) {
  const say = format.words();
  forget();
  calm();
  const unknown = problem instanceof Problem && problem.status === 401;
  headed(unknown ? null : me);
  if (unknown) return put([login(() => show())]);
  const refused = problem instanceof Problem && problem.status === 403;
  return put([h("section", { class: "card" }, h("h1", { tabindex: "-1" }, refused ? say.onlyAdmins : say.failed), wrong(problem),
    chosen.source ? h("p", null, link(say.allSources, { source: null, state: null, delivery: null })) : null)]);
}

watch(() => { forget(); show(); });
addEventListener("popstate", () => show());
show();
