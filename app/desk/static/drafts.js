// What is typed into a form stays in this browser until it is sent: a reload loses nothing. Drafts are kept by person,
// and removed when somebody signs out, or when another person has signed in.
const PREFIX = "draft:";
// desk.js sets it when somebody signs out.
const ENDED = "drafts-ended";
const SENDING = "draft-sending";
const KEPT_MS = 7 * 24 * 3_600_000;
const WAIT_MS = 300;
const reader = document.querySelector("main")?.dataset.reader;
const openedAt = Date.now();
let isDiscarded = false;
const keyOf = (form) => `${PREFIX}${reader}:${form.dataset.draft || form.getAttribute("action")}`;

function drafts() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

// Drafts of other persons, and of long ago, are nobody's any more.
function tidy() {
  for (const key of drafts()) {
    const isOld = !(Date.now() - read(key)?.at < KEPT_MS);
    if (isOld || (reader && !key.startsWith(`${PREFIX}${reader}:`))) localStorage.removeItem(key);
  }
}

const isKept = (field) =>
  field.name &&
  !["hidden", "file", "password", "submit", "button"].includes(field.type) &&
  field.dataset.secret === undefined;
const isBox = (field) => field.type === "checkbox" || field.type === "radio";

function firstValue(field) {
  if (field.tagName !== "SELECT") return field.defaultValue;
  return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value ?? "";
}

const isChanged = (field) =>
  isBox(field) ? field.checked !== field.defaultChecked : field.value !== firstValue(field);

// The names of a draft: what it had, and what is not as the page came. A page that came with what was typed has
// everything in it.
function valuesOf(form) {
  const before = read(keyOf(form))?.values ?? {};
  const values = {};
  const fields = [...form.elements].filter(isKept);
  const isFilled = form.dataset.filled !== undefined && !form.elements.namedItem("base");
  for (const { name } of fields) {
    const same = fields.filter((field) => field.name === name);
    const isTyped = name in before || same.some(isChanged) || (isFilled && same.some((field) => field.value));
    if (isTyped) values[name] = same.filter((field) => !isBox(field) || field.checked).map((field) => field.value);
  }
  return values;
}

function save(form) {
  if (!reader || isDiscarded || Number(localStorage.getItem(ENDED) ?? 0) > openedAt) return;
  const values = valuesOf(form);
  try {
    if (Object.keys(values).length) localStorage.setItem(keyOf(form), JSON.stringify({ at: Date.now(), values }));
    else localStorage.removeItem(keyOf(form));
  } catch {
    // The browser keeps nothing, or no more.
  }
}

function fill(form, values) {
  let isFilledIn = false;
  for (const [name, typed] of Object.entries(values)) {
    const fields = [...form.elements].filter((field) => field.name === name && isKept(field));
    fields.forEach((field, n) => {
      if (isBox(field)) field.checked = typed.includes(field.value);
      else field.value = typed[n] ?? "";
      isFilledIn ||= isChanged(field);
    });
  }
  return isFilledIn;
}

// Rows that the page came without are drawn by the server, which carries nothing out.
async function drawRows(form, values) {
  const sent = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  for (const [name, typed] of Object.entries(values)) {
    sent.delete(name);
    for (const value of typed) sent.append(name, value);
  }
  sent.set("again", "1");
  const answer = await fetch(form.action, { method: "POST", body: sent }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const drawn = page.querySelector("form[data-draft]");
  if (!drawn) return;
  form.dataset.filled = "";
  form.replaceChildren(...[...drawn.childNodes].map((node) => document.adoptNode(node)));
  window.htmx?.process(form);
}

async function restore(form) {
  const values = read(keyOf(form))?.values;
  if (!values || form.dataset.filled !== undefined) return;
  const isFilledIn = fill(form, values);
  const isMissing = Object.keys(values).some((name) => !form.elements.namedItem(name));
  if (isMissing) await drawRows(form, values);
  if (!isFilledIn && !isMissing) return;
  const line = document.getElementById("draft-line")?.content.cloneNode(true);
  line?.querySelector("button")?.addEventListener("click", () => {
    isDiscarded = true;
    localStorage.removeItem(keyOf(form));
    form.reset();
    location.reload();
  });
  if (line) form.before(line);
}

function keep(form) {
  let timer = null;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, WAIT_MS, form);
  });
  addEventListener("pagehide", () => {
    if (timer) save(form);
  });
  restore(form);
}

// A page that says that something was done is the answer to what was sent last.
const sending = sessionStorage.getItem(SENDING);
if (sending && document.querySelector("[data-sent]")) localStorage.removeItem(sending);
sessionStorage.removeItem(SENDING);
document.addEventListener("submit", ({ target }) => {
  sessionStorage.removeItem(SENDING);
  if (target.dataset.draft !== undefined) {
    save(target);
    sessionStorage.setItem(SENDING, keyOf(target));
  }
});
tidy();
document.querySelectorAll("form[data-draft]").forEach(keep);
