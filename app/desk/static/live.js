// News of what a page shows. It listens to the live stream while it is seen; where it cannot, it asks now and then.
// A page that is not seen has no stream: a browser has six connections to a host that speaks HTTP/1.1.
const news = document.getElementById("news");
const query = new URLSearchParams(news?.dataset.query);
const tickMs = 1000 * news?.dataset.seconds;
const SHOWN_MS = 5000; // The line, and the parts that are fetched anew, change no more often.
const COSTS = 20; // Of a page's time, fetching it anew takes one part in so many at most.
const MOST = 200; // More news are not counted.

const positions = new Set(); // of the events since the page was made
let last = Number(query.get("after"));
let stream = null;
let isProven = false; // An event has come by the stream, so no proxy holds it back.
let isOver = false; // Nobody is signed in any more.
let timer = null;
let notBefore = 0;

function note(position) {
  last = Math.max(last, position);
  positions.add(position);
  if (positions.size >= MOST) close();
  timer ??= setTimeout(show, Math.max(200, notBefore - performance.now()));
}

function listen() {
  if (stream || isOver || document.hidden || positions.size >= MOST) return;
  query.set("after", last);
  stream = new EventSource(`/v1/events/stream?${query}`);
  stream.onopen = say;
  stream.onmessage = ({ lastEventId }) => {
    isProven = true;
    note(Number(lastEventId));
  };
  // After a restore of the database the log may end before the last event.
  stream.addEventListener("end", ({ data, lastEventId }) => {
    if (JSON.parse(data).reason === "ahead_of_the_log") last = Number(lastEventId);
  });
  stream.onerror = ({ target }) => {
    isProven = false;
    if (target.readyState === EventSource.CLOSED) close(); // Refused; else the browser connects again.
    say();
  };
}

function close() {
  stream?.close();
  stream = null;
  isProven = false;
}

async function ask() {
  query.set("after", last);
  const answer = await fetch(`/v1/events?${query}&limit=${MOST}`).catch(() => null);
  isOver = answer?.status === 401;
  if (isOver) say();
  if (answer?.ok) for (const { position } of (await answer.json()).items) note(position);
}

async function tick() {
  if (document.hidden || isOver || positions.size >= MOST) return;
  if (!isProven) await ask();
  listen();
}

// What the reader points at, types in or has chosen stays as it is.
const isUsed = (part) =>
  part.matches(":hover") || part.contains(document.activeElement) || part.querySelector("input:checked") !== null;

// Fetches the parts that show what is now, if nobody uses them. The figures of a page have none: they do not jump.
async function renew() {
  const parts = [...document.querySelectorAll("[data-renews]")];
  if (!parts.length || document.hidden || parts.some(isUsed)) return;
  const began = performance.now();
  const answer = await fetch(location.href).catch(() => null);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const made = page && page.getElementById("news");
  notBefore = performance.now() + COSTS * (performance.now() - began);
  if (!made || parts.some(isUsed)) return;
  for (const part of parts) part.replaceWith(document.adoptNode(page.getElementById(part.id)));
  document.title = page.title;
  const after = Number(new URLSearchParams(made.dataset.query).get("after"));
  for (const position of positions) if (position <= after) positions.delete(position);
  last = Math.max(last, after);
}

async function show() {
  notBefore = performance.now() + SHOWN_MS;
  await renew();
  timer = null;
  notBefore = Math.max(notBefore, performance.now() + SHOWN_MS);
  say();
  if (positions.size && document.querySelector("[data-renews]"))
    timer = setTimeout(show, notBefore - performance.now());
}

function say() {
  const lines = [];
  if (positions.size) {
    const line = document.getElementById("news-line").content.cloneNode(true);
    const n = positions.size < MOST ? positions.size : `${MOST}+`;
    const words = line.querySelector("[data-n]");
    words.textContent = words.textContent.replace("{n}", n);
    lines.push(line);
  }
  if (!isOver && stream?.readyState !== EventSource.OPEN && positions.size < MOST)
    lines.push(document.getElementById("news-asked").content.cloneNode(true));
  news.replaceChildren(...lines);
}

if (news) {
  setInterval(tick, tickMs);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : listen()));
  listen();
}
