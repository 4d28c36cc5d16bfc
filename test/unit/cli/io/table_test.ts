// deno-lint-ignore-file no-control-regex
import assert from "node:assert/strict";
import { cellText, displayWidth, formatTable } from "../../../../cli/io/table.ts";

Deno.test("columns are aligned, numbers flush right, and no line ends in blanks", () => {
  const text = formatTable(["id", "count"], [["a", 5], ["long name", 12345n], ["b", null]]);
  assert.equal(
    text,
    [
      "id         count",
      "---------  -----",
      "a              5",
      "long name  12345",
      "b",
      "",
    ].join("\n"),
  );
});

Deno.test("a table without rows is its head", () => {
  assert.equal(formatTable(["a", "bc"], []), "a  bc\n-  --\n");
});

Deno.test("a column of mixed kinds is text, flush left", () => {
  assert.equal(formatTable(["v"], [[1], ["xyz"]]), "v\n---\n1\nxyz\n");
});

Deno.test("wide characters take two columns, combining marks none", () => {
  assert.equal(displayWidth("abc"), 3);
  assert.equal(displayWidth("氷河"), 4);
  assert.equal(displayWidth("e\u0301"), 1);
  assert.equal(displayWidth("🧊"), 2);
  assert.equal(formatTable(["n", "x"], [["氷", "a"], ["ab", "b"]]), "n   x\n--  -\n氷  a\nab  b\n");
});

Deno.test("control characters of other people's data never reach the terminal", () => {
  assert.equal(cellText("a\x1b[31mred\nline\u009b"), "a\\x1b[31mred\\nline\\x9b");
  assert.doesNotMatch(formatTable(["\x1b]0;title\x07"], [["\x1b[2J"]]), /\x1b|\x07/);
});

Deno.test("values are printed on one line", () => {
  assert.equal(cellText(null), "");
  assert.equal(cellText(18446744073709551615n), "18446744073709551615");
  assert.equal(cellText(new Date(Date.UTC(2024, 0, 2))), "2024-01-02T00:00:00.000Z");
  assert.equal(cellText(Uint8Array.of(1, 255)), "0x01ff");
  assert.match(cellText(new Uint8Array(93)), /^0x0{32}… \(93 bytes\)$/);
  assert.equal(cellText([1n, 2n]), '["1","2"]');
});
