import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { scheduleOf } from "../../../../core/deploy/schedule.ts";
import { deploymentName } from "../../../../core/deploy/words.ts";
import { parseDataset } from "../../../../publish/config/parse.ts";
import { localPlaces } from "../../../../publish/deploy/places.ts";
import {
  airflowFiles,
  argoFiles,
  cronFiles,
  type Deployment,
  slurmFiles,
  systemdFiles,
} from "../../../../publish/deploy/texts.ts";

const has = (program: string) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

function deployment(over: Partial<Deployment> = {}): Deployment {
  return {
    name: deploymentName("OMTO3d.003"),
    command: ["/bin/true"],
    dataset: '/data/my sets/100% o\'zone "x" $HOME.yaml',
    text: "dataset: OMTO3d.003\n",
    runDirectory: "/data/my sets/d.run",
    runDirectoryIsStated: false,
    schedule: scheduleOf("6h", "OMTO3d.003"),
    secrets: ["STAC_TOKEN"],
    image: "granary:1",
    ...over,
  };
}

Deno.test("schedules are said in the words of each, and others are refused", () => {
  assert.deepEqual(scheduleOf("15m", "x"), {
    cron: "*/15 * * * *",
    calendar: "*-*-* *:00/15:00",
    rate: "rate(15 minutes)",
    seconds: 900,
  });
  const hourly = scheduleOf("1h", "x");
  assert.match(hourly.cron, /^\d+ \* \* \* \*$/);
  assert.equal(hourly.rate, "rate(1 hour)");
  assert.match(scheduleOf("6h", "x").cron, /^\d+ \*\/6 \* \* \*$/);
  assert.match(scheduleOf("1d", "x").cron, /^\d+ \d \* \* \*$/);
  assert.notEqual(scheduleOf("1h", "a").cron, scheduleOf("1h", "b").cron, "datasets do not begin together");
  for (const every of ["7m", "1m", "5h", "2d", "0h", "1w", "", "1h;rm"]) {
    assert.throws(() => scheduleOf(every, "x"), /no schedule has such a step/, every);
  }
});

Deno.test("a crontab's line runs the very file, whatever its name holds", () => {
  const [text] = Object.values(cronFiles(deployment()));
  const line = text.split("\n").find((line) => !line.startsWith("#"))!;
  const command = line.split(" ").slice(5).join(" ").replaceAll("\\%", "%").replace(
    "/bin/true",
    "printf '%s\\n'",
  );
  const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
  assert.deepEqual(stdout.trim().split("\n"), ["publish", "run", deployment().dataset, "--quiet"]);
  assert.match(text, /STAC_TOKEN=…/, "a secret is named, and its value is nowhere");
  const scron = Object.values(slurmFiles(deployment()))[0];
  assert.match(scron, /^#SCRON --time=/m);
  assert.match(scron, /--backend slurm --wait$/m);
});

Deno.test({
  name: "systemd takes the service and the timer, and its calendar means what was asked",
  ignore: !has("systemd-analyze"),
  fn: () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-units-"));
    try {
      const files = systemdFiles(deployment());
      for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
      const names = Object.keys(files).map((name) => path.join(folder, name));
      const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...names], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stderr, /granary-omto3d-003/, "no warning is about these units");
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
    for (const every of ["5m", "30m", "1h", "6h", "12h", "1d"]) {
      const { calendar } = scheduleOf(every, "x");
      const { status, stdout } = spawnSync(
        "systemd-analyze",
        ["calendar", "--iterations=2", "--base-time=2024-01-01 00:00:00 UTC", calendar],
        { encoding: "utf8", env: { ...process.env, TZ: "UTC" } },
      );
      assert.equal(status, 0, calendar);
      const times = [...stdout.matchAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g)].map(([text]) =>
        Date.parse(text)
      );
      const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[every.at(-1) as "m" | "h" | "d"];
      const distinct = [...new Set(times)];
      assert.equal(distinct.at(-1)! - distinct.at(-2)!, parseInt(every) * unit, `${every}: ${stdout}`);
    }
  },
});

Deno.test("Argo gets a workflow whose steps are the run's own, and the dataset beside it", () => {
  const [text] = Object.values(argoFiles(deployment({ text: 'dataset: "{{x}}"\n' })));
  const documents = parseAllDocuments(text);
  assert.ok(documents.every(({ errors }) => errors.length === 0));
  const [map, workflow] = documents.map((document) => document.toJS());
  assert.equal(map.data["dataset.yaml"], 'dataset: "{{x}}"\n');
  assert.equal(workflow.kind, "CronWorkflow");
  const { templates, entrypoint } = workflow.spec.workflowSpec;
  const names = templates.map(({ name }: { name: string }) => name);
  const steps = templates.find(({ name }: { name: string }) => name === entrypoint).steps.flat();
  for (const { template } of steps) assert.ok(names.includes(template), template);
  assert.deepEqual(steps.map(({ name }: { name: string }) => name), [
    "plan",
    "convert",
    "register",
    "finish",
  ]);
  const convert = templates.find(({ name }: { name: string }) => name === "convert");
  assert.deepEqual(convert.container.env, [{
    name: "STAC_TOKEN",
    valueFrom: { secretKeyRef: { name: "granary-omto3d-003", key: "STAC_TOKEN" } },
  }]);
});

Deno.test({
  name: "Airflow's DAG is Python that parses, with the paths as they are",
  ignore: !has("python3"),
  fn: () => {
    const [text] = Object.values(airflowFiles(deployment()));
    const program = "import ast, json, sys\n" +
      "tree = ast.parse(sys.stdin.read())\n" +
      "values = {node.targets[0].id: node.value.value for node in tree.body if isinstance(node, ast.Assign)}\n" +
      "print(json.dumps(values))";
    const { status, stdout, stderr } = spawnSync("python3", ["-c", program], {
      input: text,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    const { DATASET, RUN } = JSON.parse(stdout);
    assert.deepEqual([DATASET, RUN], [deployment().dataset, deployment().runDirectory]);
  },
});

Deno.test("a run directory that is stated is that of every run", () => {
  const stated = { runDirectoryIsStated: true, runDirectory: "/scratch/my run" };
  for (const files of [cronFiles, slurmFiles]) {
    const [text] = Object.values(files(deployment(stated)));
    assert.match(text, / publish run .* --run-dir '\/scratch\/my run' --/);
  }
  assert.match(
    Object.values(systemdFiles(deployment(stated)))[0],
    /^ExecStart=.* --run-dir "\/scratch\/my run"$/m,
  );
  const [argo] = Object.values(argoFiles(deployment({ ...stated, runDirectory: "/work/mine" })));
  assert.match(argo, /path: \/work\/mine\/tasks\/convert\.json/);
  assert.throws(() => argoFiles(deployment(stated)), /--run-dir \/scratch\/my run: .*below \/work/);
  const bucket = deployment({ ...stated, runDirectory: "s3://bucket/run" });
  assert.match(Object.values(cronFiles(bucket))[0], /--run-dir s3:\/\/bucket\/run/);
  assert.throws(() => airflowFiles(bucket), /--run-dir s3:\/\/bucket\/run: .*wanted a path/);
});

Deno.test("places that a machine elsewhere has not are found among sources and targets", () => {
  const text = `dataset: X
discover: [{from: local, path: /data/g}, {from: s3, prefix: s3://b/p/}, {from: catalog, path: https://h/c.parquet}]
publish: [{to: /work/out}, {to: https://h, api: transactions}, {to: /data/i.ndjson, format: ndjson}, {to: db, api: pgstac, token: env:DB}]
`;
  const dataset = parseDataset(text, "d.yaml");
  assert.deepEqual(localPlaces(dataset, null), ["/data/g", "/work/out", "/data/i.ndjson"]);
  assert.deepEqual(localPlaces(dataset, "/work"), ["/data/g", "/data/i.ndjson"]);
});
