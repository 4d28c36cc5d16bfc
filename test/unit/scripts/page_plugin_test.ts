import assert from "node:assert/strict";
import { withEmbeddedTexts } from "../../../scripts/page_plugin.ts";

Deno.test("each file that the page's module names is imported, packed, in the call's place", () => {
  const made = withEmbeddedTexts(
    'const a = packageText("ol/ol.css"), b = pageText("./x.ts");\nfunction pageText(name: string) {}',
    (call, name) => `/${call}/${name}`,
  );
  assert.match(made, /^import packed0 from "\/packageText\/ol\/ol\.css" with \{ type: "file" \};$/m);
  assert.match(made, /^import packed1 from "\/pageText\/\.\/x\.ts" with \{ type: "file" \};$/m);
  assert.match(made, /^const a = unpackedText\(packed0\), b = unpackedText\(packed1\);$/m);
  assert.match(made, /^function pageText\(name: string\) \{\}$/m);
});
