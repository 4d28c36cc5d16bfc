import assert from "node:assert/strict";
import { expectReachable } from "../../../../aggregate/run/reachable.ts";
import { GranaryError } from "../../../../core/errors.ts";

const locate = (granule: number) => ({ kind: "local", url: `/granules/${granule}` }) as const;

/** Opens what has the numbers; counts what is opened and closed. */
function opener(there: number[], tag: "io" | "credential" = "io") {
  const counts = { tried: 0, open: 0 };
  const open = ({ url }: { url: string }) => {
    counts.tried += 1;
    if (!there.some((granule) => url === `/granules/${granule}`)) {
      return Promise.reject(new GranaryError(tag, `${url}: no such file`));
    }
    counts.open += 1;
    return Promise.resolve({
      close() {
        counts.open -= 1;
        return Promise.resolve();
      },
    });
  };
  return { counts, open };
}

Deno.test("one granule of the first three that opens is enough, and is closed again", async () => {
  const { counts, open } = opener([2]);
  await expectReachable(10, locate, open);
  assert.deepEqual(counts, { tried: 3, open: 0 });
});

Deno.test("where none opens the store's place is said to be as it was; a credential says its own", async () => {
  const gone = opener([3]);
  await assert.rejects(
    expectReachable(10, locate, gone.open),
    (error) =>
      error instanceof GranaryError && error.tag === "io" &&
      /none of the first 3 .* left as it is.*granules\/2: no such file/.test(error.message),
  );
  assert.equal(gone.counts.tried, 3);
  const refused = opener([], "credential");
  await assert.rejects(
    expectReachable(10, locate, refused.open),
    (error) => error instanceof GranaryError && error.tag === "credential",
  );
  assert.equal(refused.counts.tried, 1);
});
