/** A link from a list of definitions to one of them, as TiTiler gives it. */
export function itemLink(href: string, title: string): Record<string, string> {
  return { href, rel: "item", type: "application/json", title };
}
