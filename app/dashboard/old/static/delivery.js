// One delivery: what became of it, its headers and body; replayed, or tried with the mapping as it is now.
import { get, post } from "./api.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
import { preview } from "./preview.js";
import { effectsOf, reasonOf, stateOf } from "./source.js";
import { wrong } from "./trouble.js";

/** One delivery, as elements; `place` as for a source. */
export async function delivery(source, place) {
  const say = format.words();
  const path = `/v1/webhook_sources/${source.id}/deliveries/${place.chosen.delivery}`;
  const one = await get(path);
  const told = h("p", { id: "told", role: "status" });
  const replay = () => post(`${path}/replay`).then(
    ({ replayed }) => told.replaceChildren(say.replayed(replayed), " ", place.link(say.lookAtAll, { delivery: null, state: null })),
    (problem) => told.replaceChildren(wrong(problem)));
  const fact = (name, value) => (value ? h("div", null, h("dt", null, name), h("dd", null, value)) : null);
  const when = (instant) => (instant ? format.exactly(instant, place.zone) : null);
  return [
    h("p", null, place.link(`← ${say.backTo(source.title)}`, { delivery: null })),
    h("h1", { tabindex: "-1" }, say.deliveryOf(when(one.received_at))),
    h("section", { class: "card" },
      h("dl", { class: "facts down" },
        fact(say.state, stateOf(one)), fact(say.why, reasonOf(one)), fact(say.ledTo, effectsOf(one)),
        fact(say.attempts, format.number(one.attempts)), fact(say.processedAt, when(one.processed_at)),
        fact(say.size, say.bytes(format.number(one.size))), fact(say.deliveryKey, h("code", null, one.delivery_key))),
      one.has_content ? h("div", { class: "steps" },
        h("button", { type: "button", id: "replay", onclick: replay }, say.replay)) : h("p", { class: "note" }, say.contentGone),
      told),
    one.headers === null ? null : h("section", { class: "card", id: "headers", "aria-labelledby": "headers-title" },
      h("h2", { id: "headers-title" }, say.headers),
      table(say.headers, [say.headerName, say.value], Object.entries(one.headers), { stacked: true })),
    one.body === null ? null : h("section", { class: "card", id: "body", "aria-labelledby": "body-title" },
      h("h2", { id: "body-title" }, say.body), h("pre", { tabindex: "0" }, readable(one.body))),
    one.body === null || source.adapter === "mail" ? null : preview(source, place.zone, one),
  ];
}

/** JSON with its lines, whatever else as it is. */
function readable(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
