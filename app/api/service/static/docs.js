// Everything comes from this server: no validator and no fonts of others, and no key is kept in the browser.
const place = document.getElementById("contract");
const tags = place.dataset.tags.split(",");

/**
 * Put the example of each parameter that is not a body into its description: Swagger UI would send it with every try,
 * and the id of a record that is not there.
 */
function withoutPrefilledParameters(contract) {
  const operations = Object.values(contract.paths).flatMap((path) => [path, ...Object.values(path)]);
  const parameters = operations.flatMap((operation) => operation.parameters ?? []);
  for (const parameter of [...parameters, ...Object.values(contract.components?.parameters ?? {})]) {
    if (parameter.schema?.type === "object") {
      parameter.example = {};
    } else if (parameter.example !== undefined) {
      parameter.description = `${parameter.description ?? ""} ${place.dataset.example} \`${[parameter.example].flat().join(",")}\``.trim();
      delete parameter.example;
    }
  }
  return contract;
}

/** Ask for one key only, which any bearer token can stand for. */
const onlyApiKey = () => ({
  statePlugins: {
    auth: {
      wrapSelectors: {
        definitionsToAuthorize: (select) => (...state) => select(...state)?.filter((scheme) => scheme.has("api_key")),
      },
    },
  },
});

/** Find operations by their method, path, summary or id, and say so where none is found. */
const findOperations = ({ React }) => ({
  components: {
    FilterContainer: ({ layoutSelectors, layoutActions }) =>
      React.createElement(
        "div",
        { className: "filter wrapper" },
        React.createElement("input", {
          className: "operation-filter-input",
          type: "search",
          "aria-label": place.dataset.find,
          placeholder: place.dataset.find,
          value: [layoutSelectors.currentFilter()].map((phrase) => (typeof phrase === "string" ? phrase : ""))[0],
          onChange: (event) => layoutActions.updateFilter(event.target.value),
        }),
      ),
  },
  wrapComponents: {
    operations: (Operations) => (props) =>
      props.specSelectors.taggedOperations().size
        ? React.createElement(Operations, props)
        : React.createElement("p", { className: "wrapper", role: "status" }, place.dataset.nothing),
  },
  fn: {
    opsFilter(tagged, phrase) {
      const words = phrase.toLowerCase().split(/\s+/);
      const named = (operation) =>
        ["method", "path", "summary", "operationId"]
          .map((name) => operation.get(name) ?? operation.getIn(["operation", name]) ?? "")
          .join(" ")
          .toLowerCase();
      const matches = (operation) => words.every((word) => named(operation).includes(word));
      return tagged
        .map((tag) => tag.update("operations", (operations) => operations.filter(matches)))
        .filter((tag) => tag.get("operations").size > 0);
    },
  },
});

async function show() {
  const answer = await fetch(place.dataset.contract);
  const contract = await answer.json();
  if (!answer.ok) {
    place.textContent = contract.detail;
    return;
  }
  SwaggerUIBundle({
    spec: withoutPrefilledParameters(contract),
    dom_id: "#contract",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    filter: true,
    persistAuthorization: false,
    plugins: [onlyApiKey, findOperations],
    tagsSorter: (one, other) => tags.indexOf(one) - tags.indexOf(other),
    validatorUrl: null,
    // Operations that are tried out answer in the language of the page.
    requestInterceptor(request) {
      request.headers["Accept-Language"] ??= document.documentElement.lang;
      return request;
    },
  });
}

// The other language shows the same operation.
const otherLanguage = document.querySelector("header .language a");
otherLanguage?.addEventListener("click", () => (otherLanguage.hash = location.hash));

// A link to an operation (/docs#/changes/approve_change) names its tag: open the area that has it.
const tag = location.hash.split("/")[1];
const area = [...document.querySelectorAll("#areas a")].find((link) => link.dataset.tags.split(",").includes(tag));
if (area !== undefined && !new URLSearchParams(location.search).has("tags") && !area.hasAttribute("aria-current")) {
  location.replace(area.href + location.hash);
} else {
  show();
}
