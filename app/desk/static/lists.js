// Selecting rows of a list. Everything works without: rows have checkboxes, and actions that do not fit are refused.
const selecting = document.querySelector("form.selecting");
const rowBoxes = () => [...document.querySelectorAll("form.selecting input[name=records]")];
let pickedBox = null;

// The actions are those that every selected row allows; with none selected, they are shown but cannot be pressed.
function offerActions() {
  const chosen = rowBoxes().filter((box) => box.checked);
  const output = document.getElementById("selected");
  if (!output) return;
  output.dataset.usual ??= output.textContent;
  output.textContent = chosen.length ? output.dataset.words.replace("{n}", chosen.length) : output.dataset.usual;
  for (const part of document.querySelectorAll(".bulk [data-action]")) {
    const fits = chosen.every((box) => box.dataset.actions.split(" ").includes(part.dataset.action));
    part.hidden = !fits;
    for (const field of part.matches("button") ? [part] : part.querySelectorAll("input, button")) field.disabled = !fits || !chosen.length;
  }
  const menu = document.querySelector(".bulk details");
  if (menu) menu.hidden = !chosen.length || !menu.querySelector("button:not([hidden])");
}

// With Shift, the rows from the last one to this one.
document.addEventListener("click", (event) => {
  if (event.target.closest("#select-all")) {
    event.preventDefault();
    const all = rowBoxes();
    const checked = !all.every((box) => box.checked);
    for (const box of all) box.checked = checked;
    offerActions();
  } else if (event.target.matches("form.selecting input[name=records]")) {
    const all = rowBoxes();
    const at = all.indexOf(event.target);
    const from = all.indexOf(pickedBox);
    if (event.shiftKey && from >= 0)
      for (const box of all.slice(Math.min(at, from), Math.max(at, from) + 1)) box.checked = event.target.checked;
    pickedBox = event.target;
    offerActions();
  }
});
document.addEventListener("change", offerActions);

// Whoever goes back to the list finds its rows as they were selected.
addEventListener("pageshow", offerActions);
offerActions();

// The records of the list, so that one goes from each to the next (desk.js).
if (selecting) sessionStorage.setItem("listed", JSON.stringify([...document.querySelectorAll("form.selecting td.wide a")].map((a) => a.pathname)));

// One menu is open at a time, and a click elsewhere closes it.
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.drop[open], .bulk details[open]"))
    if (!menu.contains(target)) menu.open = false;
});
