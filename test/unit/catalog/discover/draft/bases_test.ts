import assert from "node:assert/strict";
import fc from "fast-check";
import { fileName, linkProblem, pathUnder, splitLinks } from "../../../../../catalog/discover/draft/bases.ts";

const FORMS: [string, string, string, string, string, string][] = [
  [
    "LPCLOUD keeps the bucket in the https path",
    "s3://lp-prod-protected/HLSL30.020/A/A.B03.tif",
    "https://data.lpdaac.earthdatacloud.nasa.gov/lp-prod-protected/HLSL30.020/A/A.B03.tif",
    "s3://lp-prod-protected/",
    "https://data.lpdaac.earthdatacloud.nasa.gov/lp-prod-protected/",
    "HLSL30.020/A/A.B03.tif",
  ],
  [
    "POCLOUD keeps the bucket too",
    "s3://podaac-ops-cumulus-protected/TELLUS_v04/G.nc",
    "https://archive.podaac.earthdata.nasa.gov/podaac-ops-cumulus-protected/TELLUS_v04/G.nc",
    "s3://podaac-ops-cumulus-protected/",
    "https://archive.podaac.earthdata.nasa.gov/podaac-ops-cumulus-protected/",
    "TELLUS_v04/G.nc",
  ],
  [
    "GES_DISC drops the bucket for data/",
    "s3://gesdisc-cumulus-prod-protected/GPM_L3/GPM_3IMERGHH.06/2019/051/X.HDF5",
    "https://data.gesdisc.earthdata.nasa.gov/data/GPM_L3/GPM_3IMERGHH.06/2019/051/X.HDF5",
    "s3://gesdisc-cumulus-prod-protected/",
    "https://data.gesdisc.earthdata.nasa.gov/data/",
    "GPM_L3/GPM_3IMERGHH.06/2019/051/X.HDF5",
  ],
  [
    "ORNL_CLOUD says protected/ instead of the bucket",
    "s3://ornl-cumulus-prod-protected/daymet/D/data/x.nc",
    "https://data.ornldaac.earthdata.nasa.gov/protected/daymet/D/data/x.nc",
    "s3://ornl-cumulus-prod-protected/",
    "https://data.ornldaac.earthdata.nasa.gov/protected/",
    "daymet/D/data/x.nc",
  ],
  [
    "LAADS keeps the bucket",
    "s3://prod-lads/MOD02QKM/MOD02QKM.A2000055.hdf",
    "https://data.laadsdaac.earthdatacloud.nasa.gov/prod-lads/MOD02QKM/MOD02QKM.A2000055.hdf",
    "s3://prod-lads/",
    "https://data.laadsdaac.earthdatacloud.nasa.gov/prod-lads/",
    "MOD02QKM/MOD02QKM.A2000055.hdf",
  ],
  [
    "NSIDC keeps the bucket",
    "s3://nsidc-cumulus-prod-protected/ATLAS/ATL06/006/2023/08/16/ATL06_1.h5",
    "https://data.nsidc.earthdatacloud.nasa.gov/nsidc-cumulus-prod-protected/ATLAS/ATL06/006/2023/08/16/ATL06_1.h5",
    "s3://nsidc-cumulus-prod-protected/",
    "https://data.nsidc.earthdatacloud.nasa.gov/nsidc-cumulus-prod-protected/",
    "ATLAS/ATL06/006/2023/08/16/ATL06_1.h5",
  ],
  [
    "a bucket whose name stands elsewhere in the path is not looked for",
    "s3://data/a/data/x.h5",
    "https://h.example/data/data/a/data/x.h5",
    "s3://data/",
    "https://h.example/data/data/",
    "a/data/x.h5",
  ],
];

for (const [what, s3, https, s3Base, httpsBase, path] of FORMS) {
  Deno.test(`bases: ${what}`, () => {
    assert.deepEqual(splitLinks(s3, https), {
      s3_base: s3Base,
      https_base: httpsBase,
      path,
      https_href: null,
    });
  });
}

Deno.test("a link alone has base scheme://host/", () => {
  assert.deepEqual(splitLinks(null, "https://n5eil01u.ecs.nsidc.org/DP7/ATLAS/x.h5"), {
    s3_base: null,
    https_base: "https://n5eil01u.ecs.nsidc.org/",
    path: "DP7/ATLAS/x.h5",
    https_href: null,
  });
  assert.equal(splitLinks("s3://b/k/x.h5", null).s3_base, "s3://b/");
  assert.equal(splitLinks(null, "http://127.0.0.1:8080/x.h5").https_base, "http://127.0.0.1:8080/");
});

Deno.test("two names that differ leave the https link whole", () => {
  const split = splitLinks("s3://b/k/x_v1.h5", "https://h/k/x.h5");
  assert.deepEqual(split, {
    s3_base: "s3://b/",
    https_base: null,
    path: "k/x_v1.h5",
    https_href: "https://h/k/x.h5",
  });
});

Deno.test("names that share only an ending share no path", () => {
  assert.equal(splitLinks("s3://b/k/ax.h5", "https://h/k/x.h5").https_href, "https://h/k/x.h5");
});

Deno.test("a link with a query stays whole", () => {
  const https = "https://h/k/x.h5?A-userid=me&x=1";
  assert.equal(splitLinks("s3://b/k/x.h5", https).https_href, https);
  const alone = splitLinks(null, https);
  assert.equal(alone.https_base! + alone.path, https);
});

Deno.test("a path never begins with a slash", () => {
  const split = splitLinks("s3://b//k//x.h5", "https://h//k//x.h5");
  assert.equal(split.path, "k//x.h5");
  assert.equal(split.s3_base, "s3://b//");
});

Deno.test("base and path give every link back", () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9_.+=%-]{1,8}$/).filter((s) => !/^(\.|%2e){1,2}$/i.test(s));
  const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
  const lead = fc.array(segment, { maxLength: 3 }).map((parts) => parts.map((part) => `${part}/`).join(""));
  const query = fc.constantFrom("", "", "?x=1", "?file=/a/b.h5", "#part");
  fc.assert(
    fc.property(path, path, lead, lead, query, fc.boolean(), (one, other, s3Lead, httpsLead, q, same) => {
      const s3 = `s3://bucket/${s3Lead}${one}`;
      const https = `https://host.example/${httpsLead}${same ? one : other}${q}`;
      const split = splitLinks(s3, https);
      assert.equal(split.s3_base! + split.path, s3);
      assert.equal(split.https_href ?? split.https_base! + split.path, https);
      assert.ok(!split.path.startsWith("/") && split.path !== "");
      assert.match(split.s3_base!, /^s3:\/\/bucket\//);
      if (same && q === "") assert.ok(split.path.endsWith(one), "the shared path is not shortened");
    }),
  );
});

Deno.test("links that cannot be locations say why", () => {
  const problems: [string, RegExp][] = [
    ["ftp://h/x.h5", /neither s3 nor https/],
    ["https:/daac.ornl.gov/x.pdf", /not a URL/],
    ["https:///x.h5", /without a host/],
    ["https://host", /no file/],
    ["https://host/", /no file/],
    ["s3://bucket/folder/", /no file/],
    ["https://h/a/../x.h5", /climbs/],
    ["https://h/a/%2e%2E/x.h5", /climbs/],
    ["s3://b/../../etc/passwd", /climbs/],
    ["https://h/a\\..\\x.h5", /backslash/],
    ["https://h/a\nb.h5", /control/],
    ["https://user:secret@h/x.h5", /user name/],
    ["file:///etc/passwd", /neither/],
    ["", /not a URL/],
  ];
  for (const [link, wanted] of problems) assert.match(linkProblem(link) ?? "none", wanted, link);
  for (const link of ["s3://b/x..y/z.h5", "https://h/x.h5?a=../b", "https://h/'; DROP TABLE x;--.h5"]) {
    assert.equal(linkProblem(link), null, link);
  }
});

Deno.test("a path is under a base only where the link begins with it", () => {
  assert.equal(pathUnder("s3://b/", "s3://b/k/x"), "k/x");
  assert.equal(pathUnder("s3://b/", "s3://bb/k/x"), null);
  assert.equal(pathUnder("s3://b/", "s3://b/"), null);
  assert.equal(pathUnder(null, "s3://b/k"), null);
});

Deno.test("a file's name has no query, and an S3 key may hold one", () => {
  assert.equal(fileName("https://h/a/x.h5?y=/z.txt"), "x.h5");
  assert.equal(fileName("s3://b/a/x?y.h5"), "x?y.h5");
});
