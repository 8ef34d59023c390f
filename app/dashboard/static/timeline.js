// A case, event by event, as the log has them.
import { all, get } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { address, state } from "./state.js";
import { wrong } from "./trouble.js";

export function timeline(kpi, lifecycle, zone) {
  const say = format.words();
  const place = h("div", null, h("p", { class: "waiting" }, say.loading));
  const path = `${lifecycle.path}/${encodeURIComponent(state.case)}`;
  const marked = new Set((state.mark ?? "").split(",").map(Number));
  Promise.all([get(path), all(`${path}/events`)]).then(
    ([record, { items, names }]) => {
      place.replaceChildren(...head(record, lifecycle, zone), h("ol", { class: "events" }, items.map((event) => entry(event, lifecycle, names, marked, zone))));
      document.title = `${record.number} · Ledgerdesk`;
    },
    (problem) => place.replaceChildren(wrong(problem)),
  );
  return [
    h("p", null, h("a", { href: address({ case: null, kind: null, mark: null }) }, `← ${say.backTo(say.casesOf(kpi.name))}`)),
    h("h1", { tabindex: "-1" }, say.timeline),
    h("section", { class: "card" }, place),
  ];
}

function head(record, lifecycle, zone) {
  const say = format.words();
  const label = lifecycle.states.find((each) => each.state === record.state)?.label ?? record.state;
  const facts = [
    [say.state, label], [say.priority, record.priority], [say.team, record.team?.name],
    [say.service, record.service], [say.opened, format.moment(record.opened_at, zone)],
  ];
  return [
    h("h2", null, `${record.number} · ${record.title ?? ""}`),
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value)))),
  ];
}

/** What an actor is called. */
function called(actor, names) {
  const [kind, id] = actor.split(":");
  const account = kind === "person" || kind === "integration";
  return account ? names[id] ?? id.slice(0, 8) : `${format.words().rule} ${id}`;
}

/** A value as people read it: whoever an id stands for by their name. */
const read = (value, names) => (Array.isArray(value) ? value.map((one) => read(one, names)).join(", ") : names[value] ?? String(value));
const plain = (value) => value !== null && (Array.isArray(value) ? value.length > 0 && value.every((one) => typeof one !== "object") : typeof value !== "object");

function entry(event, lifecycle, names, marked, zone) {
  const say = format.words();
  const label = lifecycle.actions.find((action) => action.event === event.type)?.label ?? event.type;
  const given = Object.entries(event.given).filter(([, value]) => plain(value));
  const named = (_, value) => (typeof value === "string" ? names[value] ?? value : value);
  return h("li", { class: marked.has(event.position) ? "marked" : null },
    h("p", null,
      h("strong", null, label), " ",
      marked.has(event.position) ? h("span", { class: "chip gave" }, say.gave) : null),
    h("p", { class: "soft" }, h("time", { datetime: event.occurred_at }, format.moment(event.occurred_at, zone)), " · ", called(event.actor, names)),
    given.length ? h("dl", { class: "given" }, given.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, read(value, names))))) : null,
    h("details", null, h("summary", null, say.did), h("pre", { tabindex: "0" }, JSON.stringify(event.set, named, 2))));
}
