// Elements from values; what is text stays text.

/** An element. `properties`: `class`, `on…` handlers, attributes; false and null leave one out. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  set(element, properties);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The same for drawings. */
export function svg(tag, properties, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, properties);
  element.append(...children);
  return element;
}

function set(element, properties) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
}

/** A table with a heading for people who do not see it. `rows` are lists of cells; the first is the row's name. One that
 * is `stacked` stands cell beneath cell where there is no room for columns. */
export function table(caption, heads, rows, { stacked = false } = {}) {
  return h("div", { class: stacked ? "scroll stacked" : "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", null,
      h("caption", { class: "hidden" }, caption),
      h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", null, rows.map(([name, ...cells]) =>
        h("tr", null, h("th", { scope: "row" }, name), cells.map((cell, n) => h("td", { "data-head": heads[n + 1] }, cell ?? "–")))))));
}
