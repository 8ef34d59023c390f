// What does not load: one banner for all of it, with a way to try again.
import { Problem } from "./api.js";
import { h } from "./dom.js";
import { words } from "./format.js";

const place = document.getElementById("trouble");
let again = () => {};

/** `retry` is called by whoever tries again. */
export function watch(retry) { again = retry; }

/** Nothing is wrong any more, as far as is known. */
export function calm() { place.replaceChildren(); }

/** What stands where something ought to be. What is wrong with one question alone is said there; whatever else
 * ails the server, or the way to it, is said once, above all. */
export function wrong(problem) {
  if (problem instanceof Problem && [403, 404, 422].includes(problem.status)) return h("p", { class: "wrong" }, problem.message);
  const say = words();
  if (!place.hasChildNodes()) {
    place.append(h("div", { class: "note banner", role: "alert" },
      h("p", null, problem instanceof Problem ? problem.message : say.offline),
      h("button", { type: "button", onclick: () => again() }, say.again)));
  }
  return h("p", { class: "soft" }, say.notLoaded);
}
