// What is known of one change: enough to know whether it matters to whoever looks at the calendar.
import { get, once } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";

const TEXTS = ["reason", "description", "effects", "plan", "test_plan", "back_out_plan", "no_cis_reason", "override_reason", "out_of_window_reason"];

/** The plans of a standard change stand in its template. */
const template = (change) => (change.template ? once(`/v1/change_templates/${change.template}`).catch(() => null) : null);

/** A card of the change with that number; `close` leads back. */
export async function about(number, zone, close) {
  const say = format.words();
  const whole = await get(`/v1/changes/${encodeURIComponent(number)}`).catch(() => null);
  if (whole === null) return [h("p", { class: "soft" }, say.noSuchChange), close];
  const plans = await template(whole);
  const begin = whole.window_from_at ?? whole.wanted_from_at;
  const end = whole.window_until_at ?? whole.wanted_until_at;
  const facts = [
    [say.called, whole.title],
    [say.kind, say.kinds[whole.type]],
    [say.state, whole.state],
    [say.when, begin && end ? format.span(begin, end, zone) : null],
    [say.service, [...new Set([...(whole.services ?? []), ...(whole.ci_services ?? [])])].join(", ")],
    [say.team, whole.team?.name],
    [say.assignee, whole.assignee?.name],
    ...TEXTS.map((name) => [say.texts[name], whole[name] ?? plans?.[name]]),
  ];
  return [
    h("dl", { class: "facts down" }, facts.filter(([, value]) => value).map(([name, value]) =>
      h("div", null, h("dt", null, name), h("dd", null, value)))),
    close,
  ];
}
