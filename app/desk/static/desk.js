// The keyboard of the desk. Everything works without: each key does what a link or a button on the page does.
const rows = () => [...document.querySelectorAll("[data-keys=rows] tbody tr, ol[data-keys=rows] > li")];
const isTyping = (target) => target.closest("input:not([type=checkbox]), select, textarea, dialog") !== null;
let at = -1;
let waitsForPage = false;

function move(step) {
  const all = rows();
  if (!all.length) return;
  all[at]?.removeAttribute("aria-selected");
  at = Math.max(0, Math.min(all.length - 1, at + step));
  all[at].setAttribute("aria-selected", "true");
  all[at].querySelector("a, input")?.closest("tr, li").querySelector("a")?.focus();
}

const keys = {
  "/": () => document.getElementById("search")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => rows()[at]?.querySelector("input[type=checkbox]")?.click(),
  t: () => rows()[at]?.querySelector("[data-key=t]")?.click(),
  ".": () => document.querySelector("#actions a, #actions button, nav.actions a")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") event.target.closest("form")?.requestSubmit();
  if (event.key === "Escape" && !document.querySelector("dialog[open], #menu:popover-open")) {
    if (isTyping(event.target)) event.target.blur();
    else document.querySelector("[data-key=Escape]")?.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (waitsForPage) {
    waitsForPage = false;
    if (event.key === "h") document.querySelector("[data-key=h]")?.click();
    return;
  }
  if (event.key === "g") waitsForPage = true;
  else if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") walk(event);
});

// Arrows walk along the actions, so that one key reaches the next.
function walk(event) {
  const actions = [...document.querySelectorAll("#actions a, #actions button")];
  const now = actions.indexOf(document.activeElement);
  if (now < 0) return;
  actions[now + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
  event.preventDefault();
}

// What was refused comes first, else the first field of a form, without leaving what stands above it.
(document.querySelector("[role=alert]") ?? document.querySelector(
  "form.action :is(input:not([type=hidden]), select, textarea)"))?.focus({ preventScroll: true });

// Nothing of what somebody typed (drafts.js) stays in the browser when they sign out, on whatever page.
document.addEventListener("submit", ({ target }) => {
  if (target.getAttribute("action") !== "/sign-out") return;
  localStorage.setItem("drafts-ended", String(Date.now()));
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("draft:"))) localStorage.removeItem(key);
});
