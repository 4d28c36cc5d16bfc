/** A PostgreSQL of one's own on 127.0.0.1 for tests, where the system has its programs (Debian: postgresql). */
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";

export interface TestPostgres {
  url: string;
  close(): Promise<void>;
}

const FOLDERS = "/usr/lib/postgresql";

function programs(): string | undefined {
  if (!fs.existsSync(FOLDERS)) return undefined;
  const versions = fs.readdirSync(FOLDERS).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => path.join(FOLDERS, version, "bin")).find((bin) =>
    fs.existsSync(path.join(bin, "initdb"))
  );
}

export const HAS_POSTGRES = programs() !== undefined;

/** The server refuses to run as root, so it runs as user postgres there. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

export async function startPostgres(): Promise<TestPostgres> {
  const bin = programs();
  if (bin === undefined) throw new Error("no PostgreSQL here");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-postgres-"));
  const user = owner();
  if (user !== undefined) fs.chownSync(folder, user.uid, user.gid);
  const data = path.join(folder, "data");
  const as = { ...user, cwd: folder, stdio: "ignore" as const };
  execFileSync(path.join(bin, "initdb"), ["-A", "trust", "-U", "granary", "-E", "UTF8", "-D", data], as);
  const port = await freePort();
  const server = spawn(path.join(bin, "postgres"), [
    ...["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", folder],
  ], as);
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const url = `postgres://granary@127.0.0.1:${port}/postgres`;
  for (let tries = 0; !isReady(data); tries += 1) {
    if (tries > 100) throw new Error("PostgreSQL did not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    async close() {
      server.kill("SIGINT"); // fast shutdown
      await ended;
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** The server writes there when it answers queries, which is a moment after it takes connections. */
function isReady(data: string): boolean {
  const file = path.join(data, "postmaster.pid");
  return fs.existsSync(file) && /^ready\s*$/m.test(fs.readFileSync(file, "utf8"));
}
