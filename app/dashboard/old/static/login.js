// A key is typed once and becomes a session; the page does not keep it.
import { forget, signIn } from "./api.js";
import { h } from "./dom.js";
import { words } from "./format.js";

/** The form; `then` is called when somebody has signed in. */
export function login(then) {
  const say = words();
  const wrong = h("p", { class: "wrong", role: "alert" });
  const key = h("input", { id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "hint" });
  const submit = async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    try {
      await signIn(key.value.trim());
    } catch (problem) {
      wrong.textContent = problem.status === 401 ? say.wrongKey : problem.message;
      key.focus();
      return;
    }
    forget();
    then();
  };
  return h("form", { class: "card login", onsubmit: submit },
    h("h1", { tabindex: "-1" }, say.signInTitle),
    h("label", { for: "key" }, say.key), key,
    h("p", { id: "hint", class: "soft" }, say.signInHint), wrong,
    h("button", { type: "submit" }, say.signIn));
}
