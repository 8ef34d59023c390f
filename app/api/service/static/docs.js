// Everything comes from this server: no validator and no fonts of others, and no key is kept in the browser.
const contract = document.getElementById("contract");
// A link to an operation (/docs#/changes/approve_change) names its tag: open the area that has it.
const tag = location.hash.split("/")[1];
const area = [...document.querySelectorAll("#areas a")].find((link) => link.dataset.tags.split(",").includes(tag));
if (area !== undefined && !new URLSearchParams(location.search).has("tags") && !area.hasAttribute("aria-current")) {
  location.replace(area.href + location.hash);
} else {
  SwaggerUIBundle({
    url: contract.dataset.contract,
    dom_id: "#contract",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    persistAuthorization: false,
    validatorUrl: null,
    // Operations that are tried out answer in the language of the page.
    requestInterceptor(request) {
      request.headers["Accept-Language"] ??= document.documentElement.lang;
      return request;
    },
  });
}
