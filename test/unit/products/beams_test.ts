import assert from "node:assert/strict";
import fs from "node:fs";
import { openFileSyncSource } from "../../../core/access/file_source.ts";
import type { Hdf5File } from "../../../core/hdf5/contract.ts";
import { openHdf5 } from "../../../core/observations/open_granule_file.ts";
import { BeamChoice } from "../../../products/beam_choice.ts";
import { beamNumber, beamStrength } from "../../../products/beams.ts";
import { givenValues } from "../../../products/given_columns.ts";
import { hasSharedData, sharedData } from "../../shared_data.ts";

async function reading<T>(name: string, use: (file: Hdf5File) => T): Promise<T> {
  const file = await openHdf5(openFileSyncSource(sharedData(name)));
  try {
    return use(file);
  } finally {
    file.close();
  }
}

/** The file without the attributes of its groups, and with an orientation of its own where one is given. */
function without(file: Hdf5File, orientation?: number): Hdf5File {
  return new Proxy(file, {
    get(target, key) {
      if (key === "attributes") return () => ({});
      if (key === "dataset" && orientation !== undefined) {
        return () => ({ shape: [1], dtype: "<i2", readWindow: () => Int16Array.of(orientation) });
      }
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

Deno.test({
  name: "the orientation of the spacecraft says the same of beams as the beams themselves",
  ignore: !hasSharedData,
  fn: async () => {
    const names = fs.readdirSync(sharedData("atl06")).filter((name) => name.endsWith(".h5"));
    const seen = new Set<string>();
    for (const name of names) {
      await reading(`atl06/${name}`, (file) => {
        for (const group of (file.list("/") ?? []).filter((one) => /^gt\d[lr]$/.test(one))) {
          const strength = beamStrength(file, group);
          assert.ok(strength === "strong" || strength === "weak");
          assert.equal(beamStrength(without(file), group), strength, `${name} ${group}`);
          seen.add(`${group.at(-1)} ${strength}`);
        }
      });
    }
    assert.equal(seen.size, 4, "both orientations were met");
  },
});

Deno.test({
  name: "beams of a spacecraft that turns are left out with a word, and groups that are no beams",
  ignore: !hasSharedData,
  fn: () =>
    reading("atl06/ATL06_20230816161508_08782002_006_02.h5", (file) => {
      const choice = new BeamChoice(without(file, 2), "strong");
      assert.equal(choice.accepts("gt1l"), false);
      assert.equal(choice.accepts("science"), false);
      assert.deepEqual(choice.warnings, [
        "gt1l is left out, asked for strong beams: orbit_info/sc_orient is 2: the spacecraft was turning",
        "science is left out, asked for strong beams: the group science is no beam",
      ]);
      assert.equal(new BeamChoice(file, undefined).accepts("science"), true);
    }),
});

Deno.test({
  name: "GEDI's full power beams are strong, by their words and by their names",
  ignore: !hasSharedData,
  fn: async () => {
    await reading("gedi/O15709_01_level2A.h5", (file) => {
      for (const group of (file.list("/") ?? []).filter((one) => one.startsWith("BEAM"))) {
        const strong = String(file.attributes(`/${group}`)!.description) === "Full power beam";
        assert.equal(beamStrength(file, group), strong ? "strong" : "weak");
        assert.equal(beamStrength(without(file), group), strong ? "strong" : "weak");
        assert.equal(beamNumber(group), parseInt(group.slice(4), 2));
      }
    });
  },
});

Deno.test({
  name: "granules say cycle, track and orbit, in datasets or in their names",
  ignore: !hasSharedData,
  fn: async () => {
    // As h5py reads them.
    await reading("atl06/processed_ATL06_20190613065109_11610303_002_01.h5", (file) => {
      const given = givenValues(file, { collection: "ATL06.002", id: "a" });
      assert.deepEqual(["cycle", "rgt", "orbit"].map((name) => given(name, "gt1l")), [3, 1161, 4136]);
      assert.deepEqual(["gt1l", "gt3r"].map((group) => given("beam", group)), [1, 6]);
      const named = givenValues(without(file), {
        collection: "ATL06.002",
        id: "ATL06_20190613065109_11610303_002_01",
      });
      assert.deepEqual(["cycle", "rgt"].map((name) => named(name, "gt1l")), [3, 1161]);
      const other = givenValues(file, { collection: "ATL06.002", id: "b" });
      assert.notEqual(other("granule", "gt1l"), given("granule", "gt1l"));
      assert.equal(other("collection", "gt1l"), given("collection", "gt1l"));
      assert.ok(Number.isSafeInteger(given("granule", "gt1l")));
      assert.throws(() => given("beam", "science"), /does not say its beam \(the group science is no beam\)/);
    });
    await reading("gedi/GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002.h5", (file) => {
      const given = givenValues(file, {
        collection: "GEDI02_A.002",
        id: "GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002",
      });
      assert.equal(given("orbit", "BEAM0101"), 2812);
      assert.equal(given("beam", "BEAM0101"), 5);
      assert.throws(
        () => given("cycle", "BEAM0101"),
        /does not say its cycle \(take @cycle out of the config\)/,
      );
    });
  },
});
