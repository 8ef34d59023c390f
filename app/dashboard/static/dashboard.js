// Keys of the dashboard, besides the desk's. Each does what a link or a button on the page does.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
  if (event.key === "[" || event.key === "]") document.querySelector(`a[data-key="${event.key}"]`)?.click();
  else if (event.key === "t") for (const table of document.querySelectorAll("details.table")) table.open = !table.open;
});
