// One source of webhooks: how it fares, what came in, the last first, and a preview of what might.
import { get, post } from "./api.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
import { preview } from "./preview.js";
import { wrong } from "./trouble.js";

const PAGE = 50;
const MOST = 200;
const ASK_AGAIN = 1500;
//: So often it is asked again while deliveries wait: then no worker runs, or it has much to do.
const MOST_ASKED = 40;
const LOOK = { waiting: "chip", processed: "chip met", ignored: "chip", failed: "chip missed" };

export const stateOf = (one) => h("span", { class: LOOK[one.state] ?? "chip" }, format.words().deliveryStates[one.state] ?? one.state);

/** Why it failed, and where in the mapping; why it was ignored. */
export function reasonOf(one) {
  const why = one.reason ?? one.code;
  if (!why) return null;
  return [h("span", null, why), one.mapping_key ? [" ", h("code", null, one.mapping_key)] : []].flat();
}

/** What came of it: of each part its outcome, with the ticket's number. */
export function effectsOf(one) {
  const said = format.words().deliveryOutcomes;
  if (one.effects.length === 0) return null;
  return h("ul", { class: "plain" }, one.effects.map((effect) =>
    h("li", null, [said[effect.outcome] ?? effect.outcome, effect.number].filter(Boolean).join(": "))));
}

/** One source, as elements. `place`: what is chosen, how to go elsewhere, and whether this is still what is shown. */
export async function source(one, adapter, place) {
  const path = `/v1/webhook_sources/${one.id}`;
  const facts = h("div", { id: "facts" });
  const list = h("div");
  const told = h("p", { id: "told", role: "status", tabindex: "-1" });
  const replayAll = h("button", { type: "button", id: "replay-failed" });
  const shown = { path, one, adapter, place, facts, list, told, replayAll, rows: [], asked: 0, timer: null };
  replayAll.addEventListener("click", () => replay(shown, `${path}/replay_failed`));
  await renew(shown);
  return elements(shown);
}

function elements(shown) {
  const say = format.words();
  const { one, adapter, place, told } = shown;
  const { link } = place;
  const filters = Object.entries({ "": say.allStates, ...say.deliveryStates }).map(([code, name]) =>
    link(name, { state: code }, { class: "button", id: `show-${code || "all"}`, "aria-current": code === (place.chosen.state ?? "") ? "true" : null }));
  return [
    h("p", null, link(`← ${say.allSources}`, { source: null, state: null })),
    h("h1", { tabindex: "-1" }, one.title),
    one.silent_since_at ? h("p", { class: "note" }, say.isSilent(format.moment(one.silent_since_at, place.zone))) : null,
    h("section", { class: "card" }, shown.facts,
      h("div", { class: "steps" },
        h("button", { type: "button", id: "sample", onclick: () => sample(shown) }, say.sendSample), shown.replayAll,
        h("button", { type: "button", id: "renew", onclick: () => again(shown) }, say.renew)),
      told),
    h("section", { class: "card", id: "deliveries", "aria-labelledby": "deliveries-title" },
      h("h2", { id: "deliveries-title" }, say.deliveries), h("div", { class: "steps" }, filters), shown.list,
      h("p", { class: "soft" }, say.times(place.zone))),
    // A mail is read without a mapping, so there is nothing to try.
    adapter.mapping ? preview(one, place.zone) : null,
    adapter.mapping ? h("details", { class: "card", id: "mapping" }, h("summary", null, one.mapping ? say.ownMapping : say.shippedMapping(adapter.title)),
      h("pre", { tabindex: "0" }, one.mapping ?? adapter.mapping)) : null,
  ];
}

/** Asks how the source fares and what came in, as much as is shown; again, while deliveries wait. */
async function renew(shown) {
  const { path, place } = shown;
  const limit = Math.min(Math.max(shown.rows.length, PAGE), MOST);
  const [status, page] = await Promise.all([
    get(`${path}/status`), get(`${path}/deliveries`, { state: place.chosen.state, limit })]);
  if (!place.current()) return;
  const held = document.activeElement?.id;
  fare(shown, status);
  shown.rows = page.items;
  put(shown, page.next_cursor);
  if (held && document.activeElement?.id !== held) document.getElementById(held)?.focus({ preventScroll: true });
  clearTimeout(shown.timer);
  shown.asked += 1;
  if (status.waiting > 0 && shown.one.state === "active" && shown.asked < MOST_ASKED) shown.timer = setTimeout(() => later(shown), ASK_AGAIN);
}

/** Nobody is bothered by what is asked by itself, nor is anything asked while nobody looks. */
function later(shown) {
  if (!shown.place.current()) return;
  if (document.hidden) shown.timer = setTimeout(() => later(shown), ASK_AGAIN);
  else renew(shown).catch(() => null);
}

function again(shown) {
  shown.asked = 0;
  return renew(shown).catch((problem) => shown.told.replaceChildren(wrong(problem)));
}

function fare(shown, status) {
  const say = format.words();
  const { one, adapter, place } = shown;
  const fact = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));
  shown.facts.replaceChildren(h("dl", { class: "facts" },
    fact(say.adapter, adapter.title),
    fact(say.state, place.states[one.state] ?? one.state),
    fact(say.owner, one.owner?.name ?? "–"),
    fact(say.lastDelivery, status.last_received_at ? format.moment(status.last_received_at, place.zone) : say.never),
    fact(say.usualGap, status.usual_gap_seconds === null ? say.tooFewYet : format.duration(status.usual_gap_seconds)),
    fact(say.lastDay, format.number(status.last_day)),
    fact(say.waiting, h("span", { id: "waiting" }, format.number(status.waiting))),
    fact(say.failedOnes, h("span", { id: "failed" }, format.number(status.failed))),
    fact(say.refused, format.number(status.refused)),
    fact(say.postTo, h("code", null, `${location.origin}/v1/webhooks/${one.key}`))));
  shown.replayAll.textContent = say.replayAll(format.number(status.failed));
  shown.replayAll.disabled = status.failed === 0;
}

function put(shown, cursor) {
  const say = format.words();
  const { path, place, rows } = shown;
  const more = () => get(`${path}/deliveries`, { state: place.chosen.state, limit: PAGE, cursor }).then((page) => {
    const known = rows.length;
    rows.push(...page.items);
    put(shown, page.next_cursor);
    shown.list.querySelectorAll("tbody tr")[known]?.querySelector("a")?.focus();
  }, (problem) => shown.list.append(wrong(problem)));
  if (rows.length === 0) return shown.list.replaceChildren(h("p", { class: "soft" }, say.noDeliveries));
  const heads = [say.received, say.state, say.why, say.ledTo, say.attempts, say.size, say.replay];
  return shown.list.replaceChildren(
    table(say.deliveries, heads, rows.map((one) => row(shown, one)), { stacked: true }),
    ...(cursor ? [h("button", { type: "button", onclick: more }, say.more)] : []));
}

function row(shown, one) {
  const say = format.words();
  const when = format.exactly(one.received_at, shown.place.zone);
  const button = one.state === "failed" && one.has_content
    ? h("button", { type: "button", id: `replay-${one.id}`, "aria-label": say.replayOf(when), onclick: () => replay(shown, `${shown.path}/deliveries/${one.id}/replay`) }, say.replay)
    : null;
  return [
    shown.place.link(when, { delivery: one.id }, { id: `delivery-${one.id}` }), stateOf(one),
    one.state === "failed" || one.state === "ignored" ? h("span", { class: "reason" }, reasonOf(one)) : null,
    effectsOf(one), format.number(one.attempts), say.bytes(format.number(one.size)), button,
  ];
}

/** Does it, says what came of it, and shows what has become of the deliveries. */
async function act(shown, asked, sentence) {
  try {
    shown.told.replaceChildren(sentence(await asked));
  } catch (problem) {
    shown.told.replaceChildren(wrong(problem));
    return;
  }
  await again(shown);
  // The button may have gone with its row.
  if (document.activeElement === document.body) shown.told.focus();
}

const sample = (shown) => act(shown, post(`${shown.path}/send_sample`), () => format.words().sampleSent);
const replay = (shown, path) => act(shown, post(path), ({ replayed }) => format.words().replayed(replayed));
