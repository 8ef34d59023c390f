// What is due next: drawn by the server; here it counts down by itself, from the stretches of business hours until due.
import { once } from "./api.js";
import * as format from "./format.js";
import { header } from "./header.js";
import { login } from "./login.js";
import { read, state } from "./state.js";
import { watch, wrong } from "./trouble.js";

const EVERY = 1000;
const MINUTE = 60;
const content = document.getElementById("content");

const again = () => location.reload();

/** The same page in the other language. */
function speak(lang) {
  const asked = new URLSearchParams(location.search);
  asked.set("lang", lang);
  location.search = asked;
}

/** Business seconds that are left at that instant. */
const left = (runs, now) => runs.reduce((sum, [from, to]) => sum + Math.max(0, to - Math.max(from, now)), 0);

function count(places) {
  const now = Date.now() / 1000;
  const say = format.words();
  for (const { place, runs, row } of places) {
    const seconds = left(runs, now);
    const text = seconds > 0 ? say.timeLeft(Math.floor(seconds / 3600), Math.floor((seconds % 3600) / MINUTE)) : say.dueNow;
    if (place.textContent !== text) place.textContent = text;
    row.classList.toggle("soon", seconds < 3600);
  }
}

async function show() {
  read();
  // The server has decided in which language the page is.
  state.lang = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  const say = format.words();
  if (content.dataset.signedIn !== "true") {
    header(say.due, null, { speak, then: again });
    content.replaceChildren(login(again));
    return;
  }
  for (const select of content.querySelectorAll("form select")) select.addEventListener("change", () => select.form.requestSubmit());
  const places = [...content.querySelectorAll("[data-runs]")].map((place) => ({
    place, row: place.closest("tr"), runs: place.dataset.runs.split(" ").map((run) => run.split("-").map(Number)),
  }));
  if (places.length > 0) {
    count(places);
    setInterval(() => count(places), EVERY);
  }
  try {
    header(say.due, await once("/v1/me"), { speak, then: again });
  } catch (problem) {
    header(say.due, null, { speak, then: again });
    wrong(problem);
  }
}

watch(again);
show();
