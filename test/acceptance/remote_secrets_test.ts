/**
 * Nothing secret in what other users of a machine can see, and nothing in what a run leaves: process lists,
 * messages in debug mode, plans, records, reports, stores, and the names of what is cached.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { finish, startGranary } from "../support/binary.ts";
import { PASSWORD, USER } from "../support/earthdata.ts";
import { GOLDEN, remote, type Scene } from "../support/remote_scene.ts";
import { TOKEN, treeText } from "../support/remote_world.ts";

/** What `ps` shows everybody of a process and of all that it started. */
function shownOf(root: number): string {
  const parents = new Map<number, number>();
  for (const name of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readIfThere(`/proc/${name}/stat`);
    const parent = /^\d+ \(.*\) \S (\d+) /s.exec(stat)?.[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const family = new Set([root]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [child, parent] of parents) {
      if (!family.has(parent) || family.has(child)) continue;
      family.add(child);
      grown = true;
    }
  }
  return [...family].map((pid) => {
    const threads = fs.existsSync(`/proc/${pid}/task`) ? tasksOf(pid) : [];
    return [readIfThere(`/proc/${pid}/cmdline`), readIfThere(`/proc/${pid}/comm`), ...threads].join("\n");
  }).join("\n");
}

function tasksOf(pid: number): string[] {
  try {
    return fs.readdirSync(`/proc/${pid}/task`).map((task) => readIfThere(`/proc/${pid}/task/${task}/comm`));
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return [];
    throw error;
  }
}

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, "latin1");
  } catch (error) {
    // It ended meanwhile.
    if (["ENOENT", "ESRCH"].includes((error as { code: string }).code)) return "";
    throw error;
  }
}

/** Runs the binary, looks at the process list all the while, and gives everything that was to be seen. */
async function watched(
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; shown: string }> {
  const child = startGranary(args, { env });
  let looks = 0;
  let shown = "";
  const seen = new Set<string>();
  const timer = setInterval(() => {
    looks += 1;
    const now = shownOf(child.pid!);
    if (seen.has(now)) return;
    seen.add(now);
    shown += now;
  }, 25);
  const { code, stdout, stderr } = await finish(child);
  clearInterval(timer);
  assert.ok(looks >= 2 && shown.includes(args[0]), `the process list was seen ${looks} times`);
  return { code, shown: `${shown}\n${stdout}\n${stderr}` };
}

const LOGINS: Record<string, (scene: Scene) => Record<string, string>> = {
  "a token and keys in the environment": () => ({ EARTHDATA_TOKEN: TOKEN }),
  "a user name and password in the environment": () => ({
    EARTHDATA_TOKEN: "",
    EARTHDATA_USERNAME: USER,
    EARTHDATA_PASSWORD: PASSWORD,
  }),
  "a login in netrc": ({ home }) => {
    const entry = `machine 127.0.0.1 login ${USER} password "${PASSWORD}"\n`;
    fs.writeFileSync(path.join(home, ".netrc"), entry, { mode: 0o600 });
    return { EARTHDATA_TOKEN: "" };
  },
};

/** Keys of one's own, which the rows with Earthdata's endpoints must not use. */
const OWN_KEYS = { AWS_ACCESS_KEY_ID: "AKIAOWNKEY0000000", AWS_SECRET_ACCESS_KEY: "own/secret+key" };

for (const [name, login] of Object.entries(LOGINS)) {
  remote(`with ${name} no process list, message or file shows a secret`, async (scene) => {
    const { world, folder, home } = scene;
    for (const secret of Object.values(OWN_KEYS)) world.earthdata.secrets.add(secret);
    const env = { ...world.env, HOME: home, ...OWN_KEYS, GRANARY_DEBUG: "1", ...login(scene) };
    const catalog = await scene.catalog((_row, index) =>
      index % 2 === 0
        ? { ...world.bases("atl06"), s3_base: null }
        : { ...world.bases("gedi"), https_base: null }
    );
    const store = path.join(folder, "seen.zarr");
    const common = ["-c", "atl06", "--catalog", catalog, "--driver", "s3,https", "--checkpoint", "0"];
    const plan = ["aggregate", ...common, "-o", store, "--dry-run", "--json"];
    const whole = ["aggregate", ...common, "-o", store, "--json"];
    const mirror = path.join(folder, "mirror");
    const fetched = ["fetch", catalog, "--to", mirror, "--driver", "https,s3", "--json"];
    for (const args of [plan, whole, fetched]) {
      const { code, shown } = await watched(args, env);
      assert.equal(code, 0, shown.slice(-2000));
      world.assertClean(args.slice(0, 1).join(" "), shown);
    }
    // A run that fails says most.
    world.earthdata.termsMissing.add("atl06");
    const failed = await watched(["aggregate", ...common, "-o", path.join(folder, "failed.zarr")], env);
    assert.equal(failed.code, 4, failed.shown.slice(-2000));
    world.assertClean("a failed run", failed.shown);

    const run = fs.readdirSync(`${store}.run`, { recursive: true }) as string[];
    for (const part of ["plan.json", "report.json"]) assert.ok(run.includes(part), run.join(" "));
    assert.ok(run.some((file) => /^shards\/.*\.json$/.test(file)), run.join(" "));
    assert.ok(world.earthdata.issued.length > 0 && GOLDEN.length > 0);
    // The login's own places hold it, for its owner alone; their names tell nothing.
    const kept = fs.readdirSync(home, { recursive: true, withFileTypes: true })
      .map((entry) => ({ entry, file: path.join(entry.parentPath, entry.name) }));
    for (const { entry, file } of kept) {
      world.assertClean("a name", path.relative(home, file));
      const holds = entry.isFile() &&
        [...world.earthdata.secrets].some((secret) => fs.readFileSync(file, "latin1").includes(secret));
      if (!holds && !file.endsWith(".netrc")) continue;
      assert.equal(fs.statSync(file).mode & 0o077, 0, `${file} is its owner's alone`);
      fs.rmSync(file);
    }
    world.assertClean("what a run leaves", treeText(folder).replaceAll(USER, ""));
  });
}
