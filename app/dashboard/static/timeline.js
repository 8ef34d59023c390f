// A case, event by event, as the log has them.
import { all, get, nameOf } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { address, state } from "./state.js";

export function timeline(kpi, lifecycle, zone) {
  const say = format.words();
  const place = h("div", null, h("p", { class: "waiting" }, say.loading));
  const path = `${lifecycle.path}/${encodeURIComponent(state.case)}`;
  const marked = new Set((state.mark ?? "").split(",").map(Number));
  Promise.all([get(path), all(`${path}/events`)]).then(
    async ([record, { items }]) => {
      const names = await actors(items);
      place.replaceChildren(...head(record, lifecycle, zone), h("ol", { class: "events" }, items.map((event) => entry(event, lifecycle, names, marked, zone))));
      document.title = `${record.number} · Ledgerdesk`;
    },
    (problem) => place.replaceChildren(h("p", { class: "wrong", role: "alert" }, problem.message)),
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

/** By actor, what they are called. */
async function actors(events) {
  const named = new Map();
  await Promise.all([...new Set(events.map((event) => event.actor))].map(async (actor) => {
    const [kind, id] = actor.split(":");
    const person = kind === "person" || kind === "integration";
    named.set(actor, person ? await nameOf(id) : `${format.words().rule} ${id}`);
  }));
  return named;
}

function entry(event, lifecycle, names, marked, zone) {
  const say = format.words();
  const label = lifecycle.actions.find((action) => action.event === event.type)?.label ?? event.type;
  const given = Object.entries(event.given).filter(([, value]) => value !== null && typeof value !== "object");
  return h("li", { class: marked.has(event.position) ? "marked" : null },
    h("p", null,
      h("strong", null, label), " ",
      marked.has(event.position) ? h("span", { class: "chip gave" }, say.gave) : null),
    h("p", { class: "soft" }, h("time", { datetime: event.occurred_at }, format.moment(event.occurred_at, zone)), " · ", names.get(event.actor) ?? say.nobody),
    given.length ? h("dl", { class: "given" }, given.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, String(value))))) : null,
    h("details", null, h("summary", null, say.did), h("pre", { tabindex: "0" }, JSON.stringify(event.set, null, 2))));
}
