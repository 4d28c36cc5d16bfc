import assert from "node:assert/strict";
import { cosineDegrees, polarDegrees, sineDegrees } from "../../../../core/cells/sine.ts";
import { PRECISE, ulpsFrom } from "./precise_reference.ts";

Deno.test("sine and cosine lie within one unit in the last place of 60-digit values", () => {
  assert.ok(PRECISE.sine.length > 300);
  for (const [degrees, sine, cosine] of PRECISE.sine) {
    assert.ok(ulpsFrom(sineDegrees(degrees), sine) < 1, `sin ${degrees}`);
    assert.ok(ulpsFrom(cosineDegrees(degrees), cosine) < 1, `cos ${degrees}`);
  }
});

Deno.test("a place on a circle has the same bits as its cosine and sine", () => {
  const out = new Float64Array(2);
  for (
    const [degrees] of [...PRECISE.sine, [45], [-45], [90], [135], [-180], [180], [359.999], [-360]] as [
      number,
    ][]
  ) {
    polarDegrees(0.7, degrees, out, 0);
    assert.ok(out[0] === 0.7 * cosineDegrees(degrees) && out[1] === 0.7 * sineDegrees(degrees), `${degrees}`);
  }
});

Deno.test("quarter turns are exact and signs follow the circle", () => {
  for (const [turn, sine, cosine] of [[0, 0, 1], [90, 1, 0], [180, 0, -1], [270, -1, 0]] as const) {
    for (const k of [-720, -360, 0, 360, 36000]) {
      assert.equal(sineDegrees(turn + k) + 0, sine, `sin ${turn + k}`);
      assert.equal(cosineDegrees(turn + k) + 0, cosine, `cos ${turn + k}`);
    }
  }
  assert.equal(sineDegrees(30), 0.5);
  assert.ok(Number.isNaN(sineDegrees(Infinity)) && Number.isNaN(cosineDegrees(NaN)));
});
