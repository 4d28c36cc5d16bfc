/**
 * A pgstac database and a STAC API with transactions over it, of people who know nothing of us: PostgreSQL
 * with PostGIS (Debian), pypgstac and stac-fastapi-pgstac (PyPI), on loopback for the time of a test.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { HAS_POSTGRES, startPostgres } from "./postgres.ts";
import { hasPeer } from "./python.ts";

const EXTENSIONS = "/usr/share/postgresql";
const hasPostgis = fs.existsSync(EXTENSIONS) &&
  fs.readdirSync(EXTENSIONS).some((version) =>
    fs.existsSync(`${EXTENSIONS}/${version}/extension/postgis.control`)
  );

export const hasPgstac: boolean = HAS_POSTGRES && hasPostgis &&
  hasPeer("pypgstac", "psycopg", "stac_fastapi.pgstac", "uvicorn");

export interface StacFastapi {
  /** Of the API. */
  url: string;
  /** Of the database. */
  database: string;
  close(): Promise<void>;
}

export async function startStacFastapi(): Promise<StacFastapi> {
  const postgres = await startPostgres();
  const python = process.env.GRANARY_TEST_PYTHON ?? "";
  let server: ChildProcess | undefined;
  try {
    const migrated = spawnSync(python, ["-m", "pypgstac.pypgstac", "migrate", "--dsn", postgres.url], {
      encoding: "utf8",
    });
    if (migrated.status !== 0) throw new Error(`pypgstac migrate: ${migrated.stderr}`);
    const port = await freePort();
    const { hostname, port: pgport, username, pathname } = new URL(postgres.url);
    server = spawn(
      python,
      [
        "-m",
        "uvicorn",
        "--factory",
        "stac_fastapi.pgstac.app:create_app",
        "--host",
        "127.0.0.1",
        "--port",
        String(port),
      ],
      {
        stdio: "ignore",
        env: {
          ...process.env,
          PGHOST: hostname,
          PGPORT: pgport,
          PGUSER: username,
          PGPASSWORD: "any",
          PGDATABASE: pathname.slice(1),
          ENABLE_TRANSACTIONS_EXTENSIONS: "TRUE",
        },
      },
    );
    const url = `http://127.0.0.1:${port}`;
    await untilUp(url, server);
    const child = server;
    return {
      url,
      database: postgres.url,
      async close() {
        await end(child);
        await postgres.close();
      },
    };
  } catch (error) {
    if (server !== undefined) await end(server);
    await postgres.close();
    throw error;
  }
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

async function untilUp(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`the STAC API ended with code ${child.exitCode}`);
    try {
      const response = await fetch(`${url}/collections`);
      await response.body?.cancel();
      if (response.ok) return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the STAC API did not come up");
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
