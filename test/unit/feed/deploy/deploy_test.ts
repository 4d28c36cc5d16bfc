/** What runs a feed elsewhere, checked by what reads it where that is here. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { fargateDeployment, feedDeployment } from "../../../../cli/commands/deploy_feed.ts";
import { fargateTemplate } from "../../../../feed/deploy/fargate.ts";
import {
  feedCronFiles,
  type FeedDeployment,
  feedKubernetesFiles,
  feedSlurmFiles,
  feedSystemdFiles,
} from "../../../../feed/deploy/texts.ts";

const hasSystemd = spawnSync("systemd-analyze", ["--version"], { stdio: "ignore" }).status === 0;

const YAML = `feed: S2.greenland
source: {from: cdse, collection: SENTINEL-2}
follow: {start: 2026-11-01}
keep: {tiles: lists/tiles.txt}
catalog: {to: s2.live}
download: {to: files}
push: {host: 0.0.0.0, port: 8080}
`;

function withFeed(text: string, test: (file: string) => void): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary deploy's 100% $HOME-"));
  fs.mkdirSync(path.join(folder, "lists"));
  fs.writeFileSync(path.join(folder, "lists", "tiles.txt"), "28PHQ\n");
  const file = path.join(folder, "s2.yaml");
  fs.writeFileSync(file, text);
  try {
    test(file);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** With a command that can be run here. */
const deployment = (
  file: string,
  flags: Partial<Parameters<typeof feedDeployment>[1]> = {},
): FeedDeployment => ({
  ...feedDeployment(file, { every: "5m", ...flags }),
  command: ["/bin/true"],
});

Deno.test("a crontab's line and Slurm's run the very feed, and end before the next one is due", () => {
  withFeed(YAML, (file) => {
    const [cron] = Object.values(feedCronFiles(deployment(file)));
    const [scron] = Object.values(feedSlurmFiles(deployment(file)));
    const wanted = ["feed", "run", file, "--deadline", "240s", "--download"];
    for (
      const [text, words] of [[cron.replaceAll("\\%", "%"), [...wanted, "--quiet"]], [scron, wanted]] as const
    ) {
      const line = text.trim().split("\n").at(-1)!;
      assert.match(line, /^\*\/5 \* \* \* \* /);
      const command = line.split(" ").slice(5).join(" ").replace("/bin/true", "printf '%s\\n'");
      const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
      assert.deepEqual(stdout.trim().split("\n"), words);
    }
    assert.match(cron, /# CDSE_USERNAME=…/);
    assert.match(scron, /^#SCRON --time=00:05:00$/m);
  });
});

Deno.test({
  name: "systemd takes a feed's service and timer, and the service that listens",
  ignore: !hasSystemd,
  fn: () => {
    withFeed(YAML, (file) => {
      for (const listen of [false, true]) {
        const files = feedSystemdFiles(deployment(file, { listen }));
        const names = Object.keys(files).map((name) => path.join(path.dirname(file), name));
        for (const name of names) fs.writeFileSync(name, files[path.basename(name)]);
        const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...names], { encoding: "utf8" });
        assert.equal(status, 0, stderr);
        assert.doesNotMatch(stderr, /granary-feed-s2-greenland/, "no warning is about these units");
        const service = files["granary-feed-s2-greenland.service"];
        assert.equal(/ --listen --download$/m.test(service), listen);
        assert.equal(service.includes("GRANARY_PUSH_PASSWORD=…"), listen);
        assert.equal(names.length, listen ? 1 : 2);
      }
    });
  },
});

// deno-lint-ignore no-explicit-any
type Document = any;

const documentsOf = (feed: FeedDeployment): Document[] => {
  const documents = parseAllDocuments(Object.values(feedKubernetesFiles(feed))[0]);
  assert.ok(documents.every(({ errors }) => errors.length === 0));
  return documents.map((document) => document.toJS());
};

/** Every mount has its volume, every file its key, every secret its reference. */
function checkPod(pod: Document, map: Document): Document {
  const volumes = new Map<string, Document>(pod.spec.volumes.map((one: Document) => [one.name, one]));
  const [container] = pod.spec.containers;
  for (const mount of container.volumeMounts) assert.ok(volumes.has(mount.name), mount.name);
  const mounted = Object.fromEntries(
    container.volumeMounts.filter((one: Document) => one.subPath !== undefined)
      .map((one: Document) => [one.mountPath, map.data[one.subPath]]),
  );
  assert.deepEqual(mounted, { "/feed/s2.yaml": YAML, "/feed/lists/tiles.txt": "28PHQ\n" });
  for (const { valueFrom, value } of container.env) {
    assert.equal(value, undefined, "no secret stands here");
    assert.equal(valueFrom.secretKeyRef.name, "granary-feed-s2-greenland");
  }
  assert.equal(volumes.get("definition").configMap.name, map.metadata.name);
  return container;
}

Deno.test("Kubernetes gets a job on time that overlaps no other, with the feed's files beside its ledger", () => {
  withFeed(YAML, (file) => {
    const [map, job] = documentsOf(deployment(file, { image: "granary:1" }));
    assert.deepEqual([map.kind, job.apiVersion, job.kind], ["ConfigMap", "batch/v1", "CronJob"]);
    assert.deepEqual([job.spec.schedule, job.spec.concurrencyPolicy], ["*/5 * * * *", "Forbid"]);
    const { spec } = job.spec.jobTemplate;
    assert.deepEqual([spec.backoffLimit, spec.activeDeadlineSeconds], [0, 300]);
    assert.equal(spec.template.spec.restartPolicy, "Never");
    const container = checkPod(spec.template, map);
    assert.deepEqual(container.args, ["feed", "run", "/feed/s2.yaml", "--deadline", "240s", "--download"]);
  });
});

Deno.test("Kubernetes gets one process that listens, and a service that finds it", () => {
  withFeed(YAML, (file) => {
    const [map, always, service] = documentsOf(deployment(file, { image: "granary:1", listen: true }));
    assert.deepEqual([always.kind, always.spec.replicas, always.spec.strategy.type], [
      "Deployment",
      1,
      "Recreate",
    ]);
    const { labels } = always.spec.template.metadata;
    assert.deepEqual(always.spec.selector.matchLabels, labels);
    assert.deepEqual(service.spec.selector, labels);
    const container = checkPod(always.spec.template, map);
    const [port] = container.ports;
    assert.deepEqual([port.containerPort, service.spec.ports[0].targetPort], [8080, port.name]);
    assert.deepEqual(container.args.slice(-2), ["--listen", "--download"]);
    assert.ok(container.env.some(({ name }: Document) => name === "GRANARY_PUSH_PASSWORD"));
  });
});

Deno.test("what cannot run there is refused with the reason", () => {
  const cases: readonly [string, Partial<Parameters<typeof feedDeployment>[1]>, RegExp][] = [
    [
      YAML.replace("feed:", "ledger: postgres://u:secret@db/feeds\nfeed:"),
      {},
      /holds a password.*PGPASSWORD/,
    ],
    [YAML.replace("to: files", "to: /data/files"), { image: "i" }, /download\.to lies outside/],
    [YAML.replace("lists/tiles.txt", "../tiles.txt"), { image: "i" }, /keep\.tiles lies outside/],
    [YAML.replace("0.0.0.0", "127.0.0.1"), { image: "i", listen: true }, /no other container reaches it/],
    [
      YAML.replace("from: cdse, collection: SENTINEL-2", "from: local, path: in"),
      { image: "i" },
      /a folder of this machine/,
    ],
    [YAML, { every: "7m" }, /no schedule has such a step/],
  ];
  for (const [text, flags, words] of cases) {
    withFeed(text, (file) =>
      assert.throws(() => deployment(file, flags), (error: Error) => {
        assert.match(error.message, words);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      }));
  }
  withFeed(YAML.replace("feed:", "ledger: postgres://u@db/feeds\nfeed:"), (file) => {
    const feed = deployment(file, { image: "i", listen: true });
    assert.ok(feed.secrets.includes("PGPASSWORD"));
    assert.equal(documentsOf(feed)[1].spec.strategy.type, "RollingUpdate");
  });
});

// deno-lint-ignore no-explicit-any -- a template is a tree of anything
type Template = any;

function templateOf(file: string, listen = false): Template {
  const flags = { every: "5m", image: "r/granary:1", listen };
  return fargateTemplate(fargateDeployment(file, flags, "arm64"));
}

Deno.test("the container on AWS writes the feed's files where it runs it, and holds no secret", () => {
  const text = YAML.replace("catalog: {to: s2.live}", "catalog: {to: 's3://live/s2'}")
    .replace("{to: files}", "{to: 's3://files/s2'}") + "ledger: postgres://feed@db.example.org/feed\n";
  withFeed(text, (file) => {
    const template = templateOf(file);
    const [container] = template.Resources.Task.Properties.ContainerDefinitions;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-fargate-"));
    try {
      const stub = path.join(folder, "granary");
      fs.writeFileSync(stub, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n", { mode: 0o755 });
      const [command] = container.Command;
      const inFolder = command.replaceAll("/tmp/feed", `${folder}/feed`);
      const variables = Object.fromEntries(
        container.Environment.map(({ Name, Value }: Record<string, string>) => [Name, Value]),
      );
      const ran = spawnSync("sh", ["-c", inFolder], {
        encoding: "utf8",
        env: { ...variables, PATH: `${folder}:/usr/bin:/bin` },
      });
      assert.equal(ran.status, 0, ran.stderr);
      assert.deepEqual(ran.stdout.trim().split("\n"), [
        ...["feed", "run", `${folder}/feed/s2.yaml`, "--deadline", "240s", "--download"],
      ]);
      assert.equal(fs.readFileSync(`${folder}/feed/s2.yaml`, "utf8"), text);
      assert.equal(fs.readFileSync(`${folder}/feed/lists/tiles.txt`, "utf8"), "28PHQ\n");
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
    assert.deepEqual(container.Secrets.map(({ Name }: { Name: string }) => Name), [
      ...["CDSE_USERNAME", "CDSE_PASSWORD", "PGPASSWORD"],
    ]);
    assert.equal(template.Parameters.FileSystem, undefined);
    assert.equal(template.Resources.Schedule.Properties.ScheduleExpression, "rate(5 minutes)");
    const resources = template.Resources.TaskRole.Properties.Policies[0].PolicyDocument.Statement[0].Resource;
    assert.equal(resources.length, 4, "two buckets and what is in them");
    assert.equal(templateOf(file, true).Resources.Service.Properties.DesiredCount, 1);
  });
});

Deno.test("a ledger of SQLite on AWS lies on EFS, and is one process's", () => {
  withFeed(YAML, (file) => {
    assert.throws(() => templateOf(file), /say exclusive: true, or name a ledger of PostgreSQL/);
  });
  withFeed(`${YAML}exclusive: true\n`, (file) => {
    const template = templateOf(file, true);
    assert.ok(template.Parameters.FileSystem);
    const { DeploymentConfiguration } = template.Resources.Service.Properties;
    assert.deepEqual(DeploymentConfiguration, { MinimumHealthyPercent: 0, MaximumPercent: 100 });
  });
});
