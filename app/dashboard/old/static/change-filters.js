// What of the change calendar is shown, and by which clocks; it stands in the address.
import { all } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { state } from "./state.js";

const FILTERS = ["service", "team", "type"];
const TYPES = ["standard", "normal", "emergency"];

/** The zone of the reader's own clock. */
export const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

export const filtered = (asked) => Object.fromEntries(FILTERS.map((name) => [name, asked.get(name)]).filter(([, value]) => value));

/** The zone that the address names, or else the reader's; one that is none is the organisation's. */
export function zoneOf(asked, organisation) {
  const zone = asked.get("tz") ?? ownZone();
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) && zone;
  } catch {
    return organisation;
  }
}

function select(id, label, options, value, chosen) {
  const element = h("select", { id, onchange: (event) => chosen(event.target.value || null) },
    options.map(([key, name]) => h("option", { value: key, selected: key === (value ?? "") }, name)));
  return h("label", null, h("span", { class: "soft" }, label), " ", element);
}

/** Adds the options that come later, and keeps what is chosen. */
function later(label, path, name, value) {
  const element = label.querySelector("select");
  all(path, { state_not: "retired" }, 2).then(({ items }) => {
    for (const item of items) {
      if (item.key !== value) element.append(h("option", { value: item.key }, name(item)));
      else element.querySelector(`[value="${CSS.escape(value)}"]`).textContent = name(item);
    }
  }, () => {});
  return label;
}

/** The filters of the calendar; `go` is told what to change in the address. */
export function filterControls(chosen, own, organisation, go) {
  const say = format.words();
  const { service, team, type } = chosen.filters;
  const none = ["", say.allOfThem];
  const some = (value) => (value ? [none, [value, value]] : [none]);
  const zones = [...new Set([own, organisation, chosen.zone])].map((zone) => [zone, zone]);
  return h("div", { class: "steps filters", role: "group", "aria-label": say.filters },
    later(select("service", say.service, some(service), service, (value) => go({ service: value })), "/v1/services",
      (one) => (state.lang === "zh" ? one.name_zh : one.name_en) ?? one.key, service),
    later(select("team", say.team, some(team), team, (value) => go({ team: value })), "/v1/teams", (one) => one.name, team),
    select("type", say.kind, [none, ...TYPES.map((key) => [key, say.kinds[key]])], type, (value) => go({ type: value })),
    select("zone", say.zone, zones, chosen.zone, (value) => go({ tz: value })));
}
