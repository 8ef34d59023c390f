// What stands above every page: its name, the other pages, the language, and whoever is signed in.
import { forget, signOut } from "./api.js";
import { h } from "./dom.js";
import { words } from "./format.js";
import { state } from "./state.js";

const place = document.getElementById("header");

/** Puts it there. `me` is null for nobody; `speak` is called with the other language, `then` after signing out. */
export function header(title, me, { controls = null, speak, then }) {
  const say = words();
  const other = state.lang === "zh" ? "en" : "zh";
  const pages = [["/dashboard", say.figures], ["/desk/due", say.due], ["/desk/changes", say.changes], ["/dashboard/webhooks", say.webhooks]];
  const out = async () => {
    await signOut().catch(() => null);
    forget();
    then();
  };
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  document.getElementById("skip").textContent = say.skip;
  place.replaceChildren(...[
    h("p", { class: "brand" }, h("a", { href: `/dashboard?lang=${state.lang}` }, "Ledgerdesk"), " ", h("span", null, title)),
    controls,
    h("nav", null,
      h("button", { type: "button", lang: other === "zh" ? "zh-CN" : "en", id: "language", onclick: () => speak(other) }, say.language),
      pages.filter(([path]) => path !== location.pathname).map(([path, name]) => h("a", { href: `${path}?lang=${state.lang}` }, name)),
      h("a", { href: "/docs" }, say.apiDocs),
      me ? h("button", { type: "button", title: me.person.name, id: "out", onclick: out }, say.signOut) : null),
  ].filter(Boolean));
}
