import assert from "node:assert/strict";
import { compareProcessings, processedName } from "../../../products/processings.ts";

/** Names as archives have them: earlier, later processing of one observation. */
const PAIRS: readonly [string, string][] = [
  ["ATL06_20200102000000_00690611_006_01.h5", "ATL06_20200102000000_00690611_006_02.h5"],
  ["ATL11_005411_0315_005_03.h5", "ATL11_005411_0315_005_04.h5"],
  ["ATL15_AA_0325_10km_005_01.nc", "ATL15_AA_0325_10km_005_02.nc"],
  ["ATL03QL_20200102000000_00690611_006_01.h5", "ATL03QL_20200102000000_00690611_006_02.h5"],
  [
    "GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002.h5",
    "GEDI02_A_2019162222610_O02812_04_T01244_02_003_02_V002.h5",
  ],
  ["MOD04_L2.A2019001.0000.061.2019001080102.hdf", "MOD04_L2.A2019001.0000.061.2020030111213.hdf"],
  ["VNP46A2.A2012019.h00v01.001.2020041175207.h5", "VNP46A2.A2012019.h00v01.001.2021041175207.h5"],
  [
    "OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m0925t092353.he5",
    "OMI-Aura_L3-OMSO2e_2004m1001_v004-2025m1125t092353.he5",
  ],
  ["oco2_LtCO2_190101_B11100Ar_230524232411s.nc4", "oco2_LtCO2_190101_B11100Ar_240524232411s.nc4"],
  [
    "SWOT_L2_LR_SSH_Expert_001_001_20230721T053345_20230721T062512_PIC0_01.nc",
    "SWOT_L2_LR_SSH_Expert_001_001_20230721T053345_20230721T062512_PIC0_02.nc",
  ],
];

Deno.test("two processings of an observation have one name for it, and the later is greater", () => {
  for (const [earlier, later] of PAIRS) {
    const [a, b] = [processedName(earlier), processedName(`2020/folder/${later}`)];
    assert.ok(a !== undefined && b !== undefined, earlier);
    assert.equal(a.observation, b.observation);
    assert.ok(compareProcessings(a.processing, b.processing) < 0, earlier);
    assert.deepEqual([a.derived, b.derived], [null, null]);
    assert.deepEqual(processedName(earlier.replace(/\.\w+$/, "")), a, "the ending plays no part");
  }
});

Deno.test("other times, tracks, tiles, cycles and versions are other observations", () => {
  const others: [string, string][] = [
    ["ATL06_20200102000000_00690611_006_01.h5", "ATL06_20200102000000_00690612_006_01.h5"],
    ["ATL06_20200102000000_00690611_006_01.h5", "ATL06_20200102000000_00690611_007_01.h5"],
    ["ATL06_20200102000000_00690611_006_01.h5", "ATL08_20200102000000_00690611_006_01.h5"],
    ["ATL11_005411_0315_005_03.h5", "ATL11_005411_0321_005_03.h5"],
    ["ATL15_AA_0325_10km_005_01.nc", "ATL15_AA_0325_20km_005_01.nc"],
    [
      "GEDI02_A_2019162222610_O02812_04_T01244_02_003_01_V002.h5",
      "GEDI02_B_2019162222610_O02812_04_T01244_02_003_01_V002.h5",
    ],
    ["MOD09GA.A2019001.h08v05.061.2019003123456.hdf", "MOD09GA.A2019001.h08v06.061.2019003123456.hdf"],
  ];
  for (const [a, b] of others) {
    assert.notEqual(processedName(a)!.observation, processedName(b)!.observation, b);
  }
});

Deno.test("a subsetter's words stand apart from the producer's name", () => {
  const whole = processedName("ATL06_20190416093911_02770303_002_01.h5")!;
  for (
    const [name, derived] of [
      ["processed_ATL06_20190416093911_02770303_002_01.h5", "processed_*"],
      ["ATL06_20190416093911_02770303_002_01_subsetted.h5", "*_subsetted"],
      ["177217490_ATL06_20190416093911_02770303_002_01_HEGOUT.nc", "177217490_*_HEGOUT"],
    ]
  ) {
    assert.deepEqual(processedName(name), { ...whole, derived });
  }
});

Deno.test("names of no known form say nothing", () => {
  for (const name of ["shots.h5", "ATL06.h5", "S2A_MSIL2A_20200101T000000", "SC:ATL06.006:2302332", ""]) {
    assert.equal(processedName(name), undefined, name);
  }
});
