import assert from "node:assert/strict";
import { FileImage } from "../../../../core/access/file_image.ts";
import { patternBytes } from "../../../support/loopback.ts";

const BYTES = patternBytes(1000);

/** An image of `BYTES` whose parts come when the test says so. */
function image(first = 100, longest = 300) {
  const memory = new Uint8Array(BYTES.length);
  const parts = new Map<number, { come: () => void; fail: (error: Error) => void }>();
  const state = { unused: 0 };
  const fetch = (offset: number, part: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      const come = () => {
        part.set(BYTES.subarray(offset, offset + part.length));
        resolve();
      };
      parts.set(offset, { come, fail: reject });
    });
  const made = new FileImage(memory, BYTES.subarray(0, first), longest, fetch, () => state.unused += 1);
  return { image: made, parts, state };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 1));

Deno.test("an image is read before all of it has come, where that is there", async () => {
  const { image: made, parts } = image();
  assert.deepEqual([...parts.keys()], [100, 400, 700]);
  const head = new Uint8Array(50), middle = new Uint8Array(250), all = new Uint8Array(1000);
  await made.copy([20], [head]);
  assert.deepEqual(head, BYTES.slice(20, 70));
  parts.get(100)!.come();
  await made.copy([90], [middle]);
  assert.deepEqual(middle, BYTES.slice(90, 340));
  const whole = made.copy([0], [all]);
  parts.get(700)!.come();
  parts.get(400)!.come();
  await whole;
  assert.deepEqual(all, BYTES);
});

Deno.test("the memory of an image is given up once, when nothing writes to it or reads it any more", async () => {
  const { image: made, parts, state } = image();
  const all = new Uint8Array(1000);
  const reading = made.copy([0], [all]);
  made.close();
  made.close();
  parts.get(100)!.come();
  parts.get(400)!.come();
  await settle();
  assert.equal(state.unused, 0, "a part is still on its way into it");
  parts.get(700)!.come();
  await reading;
  await settle();
  assert.deepEqual(all, BYTES);
  assert.equal(state.unused, 1);
  await assert.rejects(made.copy([0], [all]), /after it was closed/);
});

Deno.test("a part that fails is reported to its readers, and the memory is given up all the same", async () => {
  const { image: made, parts, state } = image();
  parts.get(400)!.fail(new Error("broken"));
  await assert.rejects(made.copy([450], [new Uint8Array(10)]), /broken/);
  made.close();
  await settle();
  assert.equal(state.unused, 0);
  parts.get(100)!.come();
  parts.get(700)!.come();
  await settle();
  assert.equal(state.unused, 1);
});
