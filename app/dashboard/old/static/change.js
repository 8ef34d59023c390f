// What is known of one change: enough to know whether it matters to whoever looks at the calendar.
import { get } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";

const TEXTS = ["reason", "description", "effects", "plan", "test_plan", "back_out_plan", "no_cis_reason", "override_reason", "out_of_window_reason"];

/** A card of the change with that number; `labels` are those of states, by their codes, `close` leads back. */
export async function about(number, zone, labels, close) {
  const say = format.words();
  const whole = await get(`/v1/changes/${encodeURIComponent(number)}`).catch(() => null);
  if (whole === null) return [h("p", { class: "soft" }, say.noSuchChange), close];
  const begin = whole.window_from_at ?? whole.wanted_from_at;
  const end = whole.window_until_at ?? whole.wanted_until_at;
  const facts = [
    [say.called, whole.title],
    [say.kind, say.kinds[whole.type]],
    [say.state, labels[whole.state] ?? whole.state],
    [say.when, begin && end ? format.span(begin, end, zone) : null],
    [say.service, [...new Set([...(whole.services ?? []), ...(whole.ci_services ?? [])])].join(", ")],
    [say.team, whole.team?.name],
    [say.assignee, whole.assignee?.name],
    ...TEXTS.map((name) => [say.texts[name], whole[name] ?? whole.template_plans?.[name]]),
  ];
  return [
    h("dl", { class: "facts down" }, facts.filter(([, value]) => value).map(([name, value]) =>
      h("div", null, h("dt", null, name), h("dd", null, value)))),
    close,
  ];
}
