/** A page that shows the API's description: one file, nothing from elsewhere. */

export function docsPage(title: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}: the API</title>
<link rel="icon" href="data:,">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
code, td:first-child { font-family: ui-monospace, monospace; }
summary { cursor: pointer; padding: .25rem 0; }
summary b { display: inline-block; width: 3.5rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem 3.5rem; }
td { border-top: 1px solid #8884; padding: .2rem .8rem .2rem 0; vertical-align: top; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #dde; } a { color: #8bf; } }
</style>
<h1>${title}</h1>
<p id="about"></p>
<p>As JSON for programs: <a href="api">api</a> (OpenAPI 3.1).</p>
<main id="operations">The description is read…</main>
<script>
const make = (tag, text, ...inside) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  element.append(...inside);
  return element;
};
const typeOf = (schema) =>
  schema.enum ? schema.enum.join(", ").slice(0, 200)
  : schema.type === "array" ? "several of " + typeOf(schema.items ?? {})
  : schema.anyOf ? schema.anyOf.map(typeOf).join(" or ")
  : schema.type ?? "";
fetch("api").then((answer) => answer.json()).then((api) => {
  document.getElementById("about").textContent = api.info.description;
  const main = document.getElementById("operations");
  main.textContent = "";
  const tags = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags[0];
      if (!tags.has(tag)) tags.set(tag, []);
      tags.get(tag).push({ path, method, operation });
    }
  }
  for (const [tag, operations] of tags) {
    main.append(make("h2", tag));
    for (const { path, method, operation } of operations) {
      const rows = operation.parameters.map((parameter) =>
        make("tr", "", make("td", parameter.name + (parameter.required ? " *" : "")),
          make("td", typeOf(parameter.schema)), make("td", parameter.description ?? "")));
      main.append(make("details", "", make("summary", "", make("b", method.toUpperCase()),
        make("code", path), " " + operation.summary), make("table", "", ...rows)));
    }
  }
}).catch((error) => document.getElementById("operations").textContent = String(error));
</script>
</html>
`;
}
