import assert from "node:assert/strict";
import {
  colormap,
  COLORMAP_EXAMPLES,
  colourAt,
  DEFAULT_COLORMAP,
  isDivergingMap,
} from "../../../../core/draw/colormap.ts";

/** Relative luminance of WCAG 2. */
function luminance([red, green, blue]: readonly number[]): number {
  const linear = (byte: number) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

const steps = (name: string) =>
  Array.from({ length: 256 }, (_, step) => luminance(colourAt(colormap(name), (step + 0.5) / 256)));

Deno.test("sequential maps grow lighter from end to end, so that they survive grey printing", () => {
  for (const name of ["viridis", "magma", "ice", "cividis", "gist_gray"]) {
    const lights = steps(name);
    for (let step = 8; step < 256; step += 8) {
      assert.ok(lights[step] > lights[step - 8], `${name} at ${step}`);
    }
    assert.ok(lights[255] - lights[0] > 0.6, name);
  }
});

Deno.test("the diverging map is lightest in the middle and about as dark at both ends", () => {
  const lights = steps("balance");
  assert.ok([15, 16].includes(lights.indexOf(Math.max(...lights)) >> 3));
  assert.ok(Math.abs(lights[0] - lights[255]) < 0.05);
});

Deno.test("a map begins and ends with its outermost colours, and values beyond take them", () => {
  const map = colormap("viridis");
  assert.deepEqual(colourAt(map, 0), [68, 1, 84]);
  assert.deepEqual(colourAt(map, -3), [68, 1, 84]);
  assert.deepEqual(colourAt(map, 1), [253, 231, 36]);
  assert.deepEqual(colourAt(map, Infinity), [253, 231, 36]);
  assert.deepEqual(colourAt(colormap("viridis-reversed"), 0), [253, 231, 36]);
});

Deno.test("maps turn round by either ending, with their own middle", () => {
  assert.deepEqual(colormap("rdbu-reversed"), colormap("rdbu_r"));
  assert.deepEqual(colormap("rdbu_r-reversed"), colormap("rdbu"));
  const [own, turned] = [colormap("cfastie"), colormap("cfastie-reversed")];
  assert.deepEqual(colourAt(turned, 0), colourAt(own, 1));
  assert.ok(isDivergingMap("rdbu-reversed") && isDivergingMap("balance_r") && !isDivergingMap("ice"));
});

Deno.test("the names that help tells are there, and an unknown map is answered with the known ones", () => {
  for (const name of [DEFAULT_COLORMAP, ...COLORMAP_EXAMPLES]) assert.equal(colormap(name).length, 768, name);
  for (const name of ["lava", "toString", "", "-reversed"]) {
    assert.throws(() => colormap(name), /wanted one of accent, afmhot, .*viridis/);
  }
});
