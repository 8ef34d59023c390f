// What is left counts down by itself, from the stretches of agreed hours until it is due.
const table = document.querySelector("table[data-hours]");
const places = [...document.querySelectorAll("[data-runs]")].map((place) => ({
  place,
  runs: place.dataset.runs.split(" ").map((run) => run.split("/").map((end) => Date.parse(end) / 1000)),
}));

function said(seconds) {
  if (seconds <= 0) return table.dataset.now;
  const hours = Math.floor(seconds / 3600);
  const words = hours > 0 ? table.dataset.hours : table.dataset.minutes;
  return words.replace("{h}", hours).replace("{m}", Math.floor((seconds % 3600) / 60));
}

function count() {
  const now = Date.now() / 1000;
  for (const { place, runs } of places) {
    const text = said(runs.reduce((sum, [from, to]) => sum + Math.max(0, to - Math.max(from, now)), 0));
    if (place.textContent !== text) place.textContent = text;
  }
}

if (places.length > 0) setInterval(count, 1000);
