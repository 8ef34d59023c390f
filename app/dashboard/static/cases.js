// Exactly the cases that a number was computed from, page by page.
import { get } from "./api.js";
import { h, table } from "./dom.js";
import * as format from "./format.js";
import { teamFor } from "./overview.js";
import { chosen, next } from "./periods.js";
import { address, state } from "./state.js";
import { wrong } from "./trouble.js";

const PAGE = 50;
/** The unit of a case's number, where it is not that of the KPI. */
const UNITS = { of_budget: "money", availability: "seconds", of_allowance: "seconds", mean_between: "number" };

export function cases(kpi, zone, told) {
  const say = format.words();
  const begin = chosen(state, zone);
  const asking = { from: begin, to: next(begin, state.grain), team: teamFor(kpi), limit: PAGE };
  const rows = [];
  const place = h("div", null, h("p", { class: "waiting" }, say.loading));
  const show = (page) => {
    told(page);
    const known = rows.length;
    rows.push(...page.items.map((item) => row(kpi, item, zone)));
    const heads = [say.number, say.decided, say.measure, say.events, say.remarks];
    const more = page.next_cursor
      ? h("button", { type: "button", onclick: () => load({ ...asking, cursor: page.next_cursor }) }, say.more) : null;
    place.replaceChildren(...(rows.length ? [table(say.casesOf(kpi.name), heads, rows)] : [h("p", { class: "soft" }, say.noCases)]), ...(more ? [more] : []));
    if (known) place.querySelectorAll("tbody tr")[known]?.querySelector("a")?.focus();
  };
  const load = (parameters) => get(`/v1/kpis/${kpi.key}/cases`, parameters).then(
    show, (problem) => place.append(wrong(problem)));
  load(asking);
  return [
    h("p", null, h("a", { href: address({ view: null }) }, `← ${say.backTo(kpi.name)}`)),
    h("h1", { tabindex: "-1" }, say.casesOf(kpi.name)),
    h("p", null, `${format.period(`${begin}T12:00:00Z`, state.grain, "UTC")}. ${kpi.definition}`),
    h("section", { class: "card" }, place),
  ];
}

function row(kpi, item, zone) {
  const say = format.words();
  const positions = item.events.map((event) => event.position).join(",");
  const remarks = [item.excluded && (say.excluded[item.excluded] ?? item.excluded), item.on_hold && say.onHold, item.irregular && say.irregular, item.inferred && say.inferred, item.skewed && say.skewed];
  const unit = UNITS[kpi.aggregate] ?? (kpi.unit === "ratio" ? "number" : kpi.unit);
  return [
    h("a", { href: address({ case: item.id, kind: item.kind === kpi.process ? null : item.kind, mark: positions }) }, item.number),
    format.moment(item.decided_at, zone),
    format.value(item.measure, unit),
    say.eventCount(format.number(item.events.length)),
    remarks.filter(Boolean).join(" · "),
  ];
}
