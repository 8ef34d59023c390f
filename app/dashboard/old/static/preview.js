// What a delivery would tell, by the source's mapping as it is now. Nothing is written.
import { post } from "./api.js";
import { h } from "./dom.js";
import * as format from "./format.js";
import { wrong } from "./trouble.js";

//: Headers that say how this page asks, and so cannot be those of the delivery.
const OURS = /^(accept|accept-.*|authorization|cookie|host|content-length|content-encoding|idempotency-key|if-.*|user-agent|origin|referer|sec-.*|connection|te|x-forwarded-.*)$/i;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The form. `given`: the headers and the body that stand in it. */
export function preview(source, zone, given = { headers: { "content-type": "application/json" }, body: "" }) {
  const say = format.words();
  const lines = Object.entries(given.headers).filter(([name]) => !OURS.test(name)).map(([name, value]) => `${name}: ${value}`).join("\n");
  const headers = h("textarea", { id: "preview-headers", rows: "3", spellcheck: "false" }, lines);
  const body = h("textarea", { id: "preview-body", rows: "10", spellcheck: "false", required: true }, given.body);
  const told = h("div", { id: "preview-told", role: "status" });
  const submit = async (event) => {
    event.preventDefault();
    try {
      const answer = await post(`/v1/webhooks/${source.key}/preview`, body.value, headersOf(headers.value));
      told.replaceChildren(...[toldBy(answer, zone)].flat());
    } catch (problem) {
      told.replaceChildren(problem instanceof WrongLine ? h("p", { class: "wrong" }, say.noHeader(problem.message)) : wrong(problem));
    }
  };
  return h("details", { class: "card", id: "preview", open: given.body !== "" }, h("summary", null, say.preview),
    h("form", { onsubmit: submit }, h("p", { class: "soft" }, say.previewHint),
      h("label", { for: "preview-headers" }, say.previewHeaders), headers,
      h("label", { for: "preview-body" }, say.body), body,
      h("p", null, h("button", { type: "submit" }, say.showIt))),
    told);
}

class WrongLine extends Error {}

/** The headers that those lines say. Raises WrongLine. */
function headersOf(text) {
  const found = new Headers({ "Content-Type": "application/json" });
  for (const line of text.split("\n").filter((one) => one.trim())) {
    const [name, ...rest] = line.split(":");
    try {
      if (!OURS.test(name.trim())) found.set(name.trim(), rest.join(":").trim());
    } catch {
      throw new WrongLine(line);
    }
  }
  return Object.fromEntries(found);
}

function toldBy(answer, zone) {
  const say = format.words();
  if (answer.failure) {
    return h("p", { class: "wrong" }, say.doesNotFit, " ", answer.failure, answer.mapping_key ? [" ", h("code", null, answer.mapping_key)] : []);
  }
  if (answer.news.length === 0) return h("p", null, say.tellsNothing(answer.ignored ?? ""));
  return answer.news.map(({ kind, ...rest }) => h("section", { class: "news" },
    h("h3", null, say.newsKinds[kind] ?? kind), h("dl", { class: "facts down" }, facts(rest, zone))));
}

/** Each field with its value, those of a field that has fields beneath it. */
function facts(fields, zone, within = "") {
  return Object.entries(fields).flatMap(([name, value]) => {
    const plain = value === null || typeof value !== "object";
    if (!plain && !Array.isArray(value) && within === "") return facts(value, zone, `${name}.`);
    return [h("div", null, h("dt", null, `${within}${name}`), h("dd", null, plain ? text(value, zone) : JSON.stringify(value)))];
  });
}

const text = (value, zone) =>
  (typeof value === "string" && INSTANT.test(value) && !Number.isNaN(Date.parse(value)) ? format.moment(value, zone) : String(value ?? "–"));
