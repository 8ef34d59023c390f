// Everything comes from here: no validator elsewhere, no fonts, and no key kept in the browser.
// One area of the contract at a time, for all of it takes seconds: the one that the address names, or that has
// the tag of a link to an operation (#/incidents/resolve_incident), or the first.
const links = [...document.querySelectorAll("#areas a[href^='/docs?']")];
const tagsOf = (link) => new URLSearchParams(new URL(link.href).search).get("tags");
const linked = location.hash.split("/")[1];
const tags =
  new URLSearchParams(location.search).get("tags") ??
  links.map(tagsOf).find((area) => area.split(",").includes(linked)) ??
  tagsOf(links[0]);
for (const link of links) {
  if (tagsOf(link) === tags) link.setAttribute("aria-current", "page");
}
SwaggerUIBundle({
  url: `/openapi.json?${new URLSearchParams({ tags })}`,
  dom_id: "#contract",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
