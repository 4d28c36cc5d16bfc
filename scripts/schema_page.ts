/**
 * Writes docs/catalog-schema.md from the columns' own descriptions.
 *
 *   deno run -A scripts/schema_page.ts
 */
import fs from "node:fs";
import path from "node:path";
import { ASSET_FIELDS, columnTable, SCHEMA_VERSION } from "../catalog/schema.ts";

/** The page's text. */
export function schemaPage(): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = columnTable().map((row) => `| \`${row[0]}\` | ${row.slice(1).map(cell).join(" | ")} |`);
  return `# Columns of a catalog

Made from the schema that the program reads and writes by (\`granary catalog info --schema\` prints it too). Schema
version ${SCHEMA_VERSION}; it rises when a reader of an older one would misread a newer one.

| column | type | | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}

An element of \`assets\` has ${ASSET_FIELDS.map(({ name }) => `\`${name}\``).join(", ")}; hrefs only where the
row's bases do not hold. A granule is unique by \`collection\` and \`id\`; of several the highest \`revision\` stays.
`;
}

if (import.meta.main) {
  fs.writeFileSync(path.resolve(import.meta.dirname!, "../docs/catalog-schema.md"), schemaPage());
}
