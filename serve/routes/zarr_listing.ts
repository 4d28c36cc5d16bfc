/** A folder of a store as a page of links: for people, and for programs that list HTTP servers by their links (fsspec). */
import { escaped } from "../http/html.ts";
import type { Answer } from "../http/operation.ts";

/** The page asks for nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/**
 * @param at the address of the folder, with a slash at its end
 * @param keys of objects below it, by what follows the folder
 */
export function folderListing(at: string, title: string, keys: Iterable<string>): Answer {
  const names = new Set<string>();
  for (const key of keys) names.add(/^[^/]+\/?/.exec(key)?.[0] ?? key);
  const links = [...names].sort().map((name) => {
    const href = name.split("/").map(encodeURIComponent).join("/");
    return `<li><a href="${escaped(at + href)}">${escaped(name)}</a>`;
  });
  return {
    type: "text/html; charset=utf-8",
    headers: { "content-security-policy": POLICY },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark; }</style>
<h1>${escaped(title)}</h1>
<ul>
${links.join("\n")}
</ul>
</html>
`,
  };
}
