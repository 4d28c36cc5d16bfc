import assert from "node:assert/strict";
import { asNumber, asObject, asTime, withoutEmpty } from "../../../core/json_value.ts";

Deno.test("times are read to the microsecond, in UTC unless they say otherwise", () => {
  const times: [string, string][] = [
    ["2019-02-21T12:19:05.196Z", "2019-02-21T12:19:05.196Z"],
    ["2024-02-11T16:58:31.1504700Z", "2024-02-11T16:58:31.150Z"],
    ["2024-10-11T00:00:01+00:00", "2024-10-11T00:00:01.000Z"],
    ["2024-10-11T02:00:01+0200", "2024-10-11T00:00:01.000Z"],
    ["2024-12-03 17:46:29.024+00", "2024-12-03T17:46:29.024Z"],
    ["2024-10-11T00:00:01", "2024-10-11T00:00:01.000Z"],
    ["2024-10-11", "2024-10-11T00:00:00.000Z"],
    ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"],
  ];
  for (const [text, iso] of times) {
    // Digits behind the milliseconds, of which JavaScript's own reading knows nothing.
    const micros = Number(/\.\d{3}(\d{1,3})/.exec(text)?.[1].padEnd(3, "0") ?? 0);
    assert.equal(asTime(text), Date.parse(iso) + micros / 1000, text);
  }
});

Deno.test("what is no time is none", () => {
  for (
    const value of ["2023-02-30", "2023-13-01", "yesterday", "", 1700000000000, null, "2023-01-01T25:00:00Z"]
  ) {
    assert.equal(asTime(value), null, String(value));
  }
});

Deno.test("numbers may be written as strings, but not as anything else", () => {
  assert.equal(asNumber("59.1940822601"), 59.1940822601);
  assert.equal(asNumber("-4e1"), -40);
  for (const value of ["", " ", "0x10", "NaN", "Infinity", "1,5", true, [1], NaN]) {
    assert.equal(asNumber(value), null);
  }
});

Deno.test("an array is no object", () => assert.equal(asObject([]), null));

Deno.test("a member called __proto__ stays a member", () => {
  const kept = withoutEmpty(JSON.parse('{"__proto__": {"x": 1}, "a": "", "b": 0}'));
  assert.deepEqual(Object.keys(kept), ["__proto__", "b"]);
  assert.equal((kept as { x?: number }).x, undefined);
});
