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

const boxOf = (row) => row?.querySelector("input[type=checkbox]");

// What the page offers by that key, if it does.
function press(key) {
  const part = [...document.querySelectorAll(`[data-key="${key}"]`)].find((one) => !one.disabled && one.offsetParent !== null);
  part?.click();
  return part !== undefined;
}

// The record of the page, that in the row, or all selected ones become the reader's.
function take() {
  const row = rows()[at];
  const own = row?.querySelector("[data-key=t]");
  if (own) return own.click();
  const box = boxOf(row);
  if (box && !document.querySelector("[data-keys=rows] input:checked")) box.click();
  if (!box || document.querySelector("[data-keys=rows] input:checked")) press("t");
}

// From one record of the list that was shown last to the next.
function go(step) {
  const listed = JSON.parse(sessionStorage.getItem("listed") ?? "[]");
  const address = listed[listed.indexOf(location.pathname) + step];
  if (address && listed.includes(location.pathname)) location.assign(address);
  else if (step < 0 && document.querySelector("a[rel=first]")) history.back();
}

const keys = {
  "/": () => document.getElementById("search")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => boxOf(rows()[at])?.click(),
  X: () => boxOf(rows()[at])?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: true })),
  a: () => document.getElementById("select-all")?.click(),
  t: take,
  n: () => press("n"),
  f: () => press("f"),
  r: () => document.querySelector(".reply textarea")?.focus(),
  "]": () => (press("]") ? null : go(1)),
  "[": () => go(-1),
  ".": () => document.querySelector("#actions a, #actions button, nav.actions a")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};

// From the words that one types to the suggestions, along them, and back.
function walkSuggestions(event) {
  const places = [document.getElementById("search"), ...document.querySelectorAll("#commands a")];
  const now = places.indexOf(document.activeElement);
  if (now < 0 || places.length < 2 || !["ArrowDown", "ArrowUp"].includes(event.key)) return false;
  places[Math.max(0, Math.min(places.length - 1, now + (event.key === "ArrowDown" ? 1 : -1)))].focus();
  event.preventDefault();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (walkSuggestions(event)) return;
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
(document.querySelector("[role=alert]") ?? document.querySelector("[autofocus]") ?? document.querySelector(
  "form.action :is(input:not([type=hidden]), select, textarea)"))?.focus({ preventScroll: true });

// Nothing of what somebody typed (drafts.js) stays in the browser when they sign out, on whatever page.
document.addEventListener("submit", ({ target }) => {
  if (target.getAttribute("action") !== "/sign-out") return;
  localStorage.setItem("drafts-ended", String(Date.now()));
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith("draft:"))) localStorage.removeItem(key);
});

// After "Back", a form that was sent stands there again as it was typed, with a new key. If it is sent again unchanged
// within ten minutes, it takes its first key: the server then does it once, and shows what it did.
const ONCE_MS = 600_000;
function digest(text) {
  let sum = 5381n;
  for (const unit of text) sum = (sum * 33n + BigInt(unit.codePointAt(0))) % 2n ** 64n;
  return String(sum);
}
document.addEventListener("submit", ({ target, submitter }) => {
  const key = target.querySelector("input[name=key]");
  if (!key) return;
  const typed = [...new FormData(target)].filter(([name]) => name !== "key" && name !== "filled_by");
  const content = digest(JSON.stringify(typed.map(([name, value]) => [name, value.name ?? value, value.size ?? 0])));
  const place = `sent:${submitter?.formAction ?? target.action}`;
  const sent = JSON.parse(sessionStorage.getItem(place) ?? "{}");
  if (sent.content === content && Date.now() - sent.at < ONCE_MS) key.value = sent.key;
  sessionStorage.setItem(place, JSON.stringify({ key: key.value, content, at: Date.now() }));
});

// The zone of this browser, by which pages show times if the person has none of their own.
document.documentElement.classList.add("scripted");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const zoneCookie = `time_zone=${encodeURIComponent(zone ?? "")}`;
if (zone && !document.cookie.split("; ").includes(zoneCookie))
  document.cookie = `${zoneCookie}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

// Fields that are asked for only with some values of another one.
function askFor(form) {
  for (const field of form.querySelectorAll("[data-only-with]")) {
    const chosen = new FormData(form).getAll(field.dataset.onlyWith), values = JSON.parse(field.dataset.values);
    const other = form.elements.namedItem(field.dataset.onlyWith);
    const isAsked = !(other?.[0]?.closest ? other[0] : other)?.closest?.("[data-only-with]")?.hidden && chosen.some((value) => values.includes(value));
    field.hidden = other !== null && !isAsked && !field.classList.contains("wrong");
  }
}
const askForAll = () => document.querySelectorAll("form.action").forEach(askFor);
askForAll();
document.addEventListener("change", askForAll);
document.addEventListener("htmx:afterSettle", askForAll);

// A name that is chosen for a list becomes a line of it; so does a typed one on Enter, or when the form is sent. The
// only suggestion that contains what was typed stands for it.
for (const input of document.querySelectorAll("input[data-adds]")) input.hidden = false;
function addName(input) {
  const list = document.getElementById(input.dataset?.adds ?? ""), typed = input.value?.trim();
  if (!list || !typed) return;
  const hits = [...input.list?.options ?? []].map(({ value }) => value).filter((name) => name.toLowerCase().includes(typed.toLowerCase()));
  list.value = [...list.value.split("\n").filter((line) => line.trim()), hits.length === 1 ? hits[0] : typed].join("\n");
  input.value = "";
  list.dispatchEvent(new Event("input", { bubbles: true }));
}
document.addEventListener("change", ({ target }) => addName(target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.target.dataset?.adds === undefined) return;
  addName(event.target);
  if (!event.ctrlKey) event.preventDefault();
}, true);

// A text block goes to where one writes; a pasted or dropped file goes along with the form.
document.addEventListener("change", ({ target }) => {
  const text = document.getElementById(target.dataset?.inserts ?? "");
  const block = target.selectedOptions?.[0]?.dataset.text;
  if (!text || !block) return;
  text.setRangeText(`${text.value && !text.value.endsWith("\n") ? "\n\n" : ""}${block}`, text.selectionStart, text.selectionEnd, "end");
  target.value = "";
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});
function takeFiles(event, transfer) {
  const input = event.target.closest?.("form")?.querySelector("input[type=file][name=file]");
  if (!input || !transfer?.files.length) return;
  event.preventDefault();
  const all = new DataTransfer();
  for (const file of [...input.files, ...transfer.files]) all.items.add(file);
  input.files = all.files;
}
document.addEventListener("paste", (event) => takeFiles(event, event.clipboardData));
document.addEventListener("drop", (event) => takeFiles(event, event.dataTransfer));
document.addEventListener("dragover", (event) => {
  if (event.target.closest?.("form")?.querySelector("input[type=file][name=file]")) event.preventDefault();
});

// A colour is shown with white text on it, and with the contrast of both as the server computes it (WCAG 2.2).
const LEAST_CONTRAST = 4.5;
function contrastWithWhite(colour) {
  const shares = [1, 3, 5].map((place) => Number.parseInt(colour.slice(place, place + 2), 16) / 255);
  const linear = shares.map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  return 1.05 / (linear[0] * 0.2126 + linear[1] * 0.7152 + linear[2] * 0.0722 + 0.05);
}
function judgeColour(input) {
  const verdict = document.getElementById(input.dataset.contrast), contrast = contrastWithWhite(input.value);
  const isEnough = contrast >= LEAST_CONTRAST;
  verdict.value = (isEnough ? verdict.dataset.enough : verdict.dataset.low).replace("{ratio}", String(Math.floor(contrast * 10) / 10));
  verdict.style.background = isEnough ? input.value : "";
  verdict.classList.toggle("low", !isEnough);
  verdict.hidden = false;
}
for (const input of document.querySelectorAll("input[data-contrast]")) {
  judgeColour(input);
  input.addEventListener("input", () => judgeColour(input));
}

// A picture that is chosen is shown before it is sent.
document.addEventListener("change", ({ target }) => {
  if (target.dataset?.preview === undefined) return;
  target.parentElement.querySelector("img.preview")?.remove();
  const file = target.files[0];
  if (!file?.type.startsWith("image/")) return;
  const reader = new FileReader(), picture = new Image();
  picture.className = "preview";
  picture.alt = file.name;
  reader.addEventListener("load", () => { picture.src = reader.result; target.after(picture); });
  reader.readAsDataURL(file);
});

// The card of the person for whom a ticket is opened is shown with its form.
document.addEventListener("change", ({ target }) => {
  if (!target.dataset?.shows || !document.getElementById("asker")) return;
  const address = `${target.dataset.shows}?${new URLSearchParams({ [target.name]: target.value })}`;
  window.htmx?.ajax("GET", address, { target: "#asker", swap: "outerHTML" });
});
