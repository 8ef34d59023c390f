// What is chosen stands in the address, so that it can be sent to somebody, and "back" goes back.

const KNOWN = ["lang", "grain", "period", "team", "kpi", "view", "case", "kind", "mark"];
export const state = {};
let heard = () => {};

/** Reads the address. Without a language in it the browser's counts. */
export function read() {
  const parameters = new URLSearchParams(location.search);
  for (const name of KNOWN) state[name] = parameters.get(name);
  if (state.lang !== "zh" && state.lang !== "en") state.lang = navigator.language.startsWith("zh") ? "zh" : "en";
  if (!["week", "month", "quarter"].includes(state.grain)) state.grain = "month";
  if (!/^\d{4}-\d\d-\d\d$/.test(state.period ?? "")) state.period = null;
}

/** The address with something changed. What is null is left out. */
export function address(changes) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...state, ...changes })) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, value);
  }
  return `/dashboard?${parameters}`;
}

/** Goes there, as a link does. */
export function go(changes) {
  history.pushState(null, "", address(changes));
  heard();
}

/** `show` is called whenever the address changes. */
export function follow(show) {
  heard = () => { read(); show(); };
  addEventListener("popstate", heard);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='/dashboard?']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    heard();
  });
}
