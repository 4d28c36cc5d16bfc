/**
 * Tiles by granary's server and by TiTiler core from the same COG, in turn: processor time of the server a
 * tile, cold (a new process, each tile once) and warm, with one client and with eight. Tiles of a netCDF grid
 * and of a store of cells, which the peer has not, are measured alone. With them what a catalog of a million
 * granules takes. Numbers are printed, never asserted.
 *
 *   deno task bench serve [--seconds 5] [--rounds 2] [--workers 1] [--granules 1000000]
 *
 * The scripts of the peer and of the clients lie beside the shared data, or where GRANARY_SHARED_BENCH says; a
 * Python with titiler.core and uvicorn is named by GRANARY_BENCH_PYTHON.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { hasSharedData, sharedData } from "../shared_data.ts";
import { peerScript } from "./granules.ts";
import { formatSpread, spreadOf } from "./measure.ts";
import { addRow } from "./table.ts";
import { millionGranules } from "./million_granules.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "2" },
    workers: { type: "string", default: "1" },
    granules: { type: "string", default: "1000000" },
  },
});
const SECONDS = Number(values.seconds);
const ROUNDS = Number(values.rounds);
const ROOT = path.resolve(import.meta.dirname!, "../..");
const BINARY = process.env.GRANARY_TEST_BINARY ?? path.join(ROOT, "dist", "granary");
const PYTHON = process.env.GRANARY_BENCH_PYTHON;
const COG = "cog/HLS.L30.T15UWP.2024283T165135.v2.0.Fmask.tif";

const [PEER, COGS, NETCDF, STORE] = [
  "TiTiler core, COG",
  "granary, COG",
  "granary, netCDF",
  "granary, store",
];

interface Tile {
  z: number;
  x: number;
  y: number;
}

/** Web Mercator tiles that touch a box of longitude and latitude, every n-th so that at most `most` are left. */
function tilesOf([west, south, east, north]: number[], zooms: readonly number[], most: number): Tile[] {
  const all: Tile[] = [];
  for (const z of zooms) {
    const n = 2 ** z;
    const column = (lon: number) => Math.min(n - 1, Math.floor((lon + 180) / 360 * n));
    const row = (lat: number) =>
      Math.floor((1 - Math.asinh(Math.tan(lat * Math.PI / 180)) / Math.PI) / 2 * n);
    for (let x = column(west); x <= column(east); x++) {
      for (let y = row(north); y <= row(south); y++) all.push({ z, x, y });
    }
  }
  const step = Math.max(1, Math.ceil(all.length / most));
  return all.filter((_, i) => i % step === 0);
}

/** Seconds of processor that a process used, of all its threads, in ticks of 10 ms. */
function cpuSeconds(pid: number): number {
  const text = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function peakMegabytes(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? NaN) / 1024;
}

interface Server {
  name: string;
  start: (port: number) => ChildProcess;
  /** A cheap address that answers once it is up. */
  ready: string;
  urls: (base: string) => string[];
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function running<T>(server: Server, work: (pid: number, base: string) => Promise<T>): Promise<T> {
  const port = await freePort();
  const child = server.start(port);
  const base = `http://127.0.0.1:${port}`;
  try {
    for (let i = 0;; i++) {
      const up = await fetch(base + server.ready).then((one) => one.arrayBuffer(), () => null);
      if (up !== null) break;
      if (child.exitCode !== null) throw new Error(`${server.name} ended with code ${child.exitCode}`);
      if (i > 600) throw new Error(`${server.name} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return await work(child.pid!, base);
  } finally {
    // One that could not begin has ended already, and tells so no more.
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await new Promise((resolve) => child.once("exit", resolve));
    }
  }
}

/** Those of a server's addresses that have an image: where a store has no cell, there is none. */
function withImages(server: Server): Promise<string[]> {
  return running(server, async (_, base) => {
    const found: string[] = [];
    for (const url of server.urls(base)) {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      if (answer.status === 200) found.push(url.slice(base.length));
    }
    return found;
  });
}

/** Milliseconds of processor a tile, each asked for once of a process that has answered no tile before. */
function cold(server: Server, clients: number): Promise<number> {
  return running(server, async (pid, base) => {
    const urls = server.urls(base);
    const before = cpuSeconds(pid);
    let next = 0;
    const client = async () => {
      while (next < urls.length) await (await fetch(urls[next++])).arrayBuffer();
    };
    await Promise.all(Array.from({ length: clients }, client));
    return (cpuSeconds(pid) - before) * 1000 / urls.length;
  });
}

interface Warm {
  cpu_ms_per_tile: number;
  rps: number;
  p50: number;
  bad: number;
  load: string;
}

async function warm(server: Server, clients: string): Promise<{ one: Warm; eight: Warm; peak: number }> {
  return await running(server, async (pid, base) => {
    const file = path.join(os.tmpdir(), `granary-urls-${process.pid}.txt`);
    fs.writeFileSync(file, server.urls(base).join("\n"));
    try {
      const load = (concurrency: number): Promise<Warm> => {
        const args = [
          "run",
          "-A",
          "--quiet",
          clients,
          file,
          String(concurrency),
          String(SECONDS),
          String(pid),
        ];
        const run = spawn(Deno.execPath(), args, { stdio: ["ignore", "pipe", "inherit"] });
        let out = "";
        run.stdout.on("data", (data: Uint8Array) => out += new TextDecoder().decode(data));
        return new Promise((resolve, reject) =>
          run.on(
            "close",
            () => out === "" ? reject(new Error("no answer of the clients")) : resolve(JSON.parse(out)),
          )
        );
      };
      return { one: await load(1), eight: await load(8), peak: peakMegabytes(pid) };
    } finally {
      fs.rmSync(file, { force: true });
    }
  });
}

/** Milliseconds of processor a tile, of one round. */
interface Figures {
  readonly cold: number;
  readonly coldEight: number;
  readonly one: number;
  readonly eight: number;
}

const WAYS = [
  ["cold", "cold, one client"],
  ["coldEight", "cold, eight clients"],
  ["one", "warm, one client"],
  ["eight", "warm, eight clients"],
] as const;
/** The most that a tile of granary's may cost against the peer's. */
const MOST_OF_PEER: Figures = { cold: 0.5, coldEight: 0.5, one: 0.25, eight: 0.25 };
/** The most milliseconds of processor of a warm tile. */
const MOST_MS: ReadonlyMap<string, number> = new Map([[NETCDF, 8], [STORE, 10]]);

function addRows(figures: ReadonlyMap<string, readonly Figures[]>): void {
  for (const [name, rounds] of figures) {
    const most = MOST_MS.get(name);
    for (const [way, words] of WAYS) {
      addRow({
        what: `a tile of ${name}, ${words}`,
        figure: `${formatSpread(spreadOf(rounds.map((round) => round[way])), 1)} ms CPU`,
        wanted: most === undefined || way.startsWith("cold") ? null : `at most ${most} ms`,
      });
    }
  }
  const [own, peer] = [figures.get(COGS), figures.get(PEER)];
  if (own === undefined || peer === undefined) return;
  for (const [way, words] of WAYS) {
    addRow({
      what: `a COG tile, ${words}: granary's CPU / TiTiler core's`,
      figure: formatSpread(spreadOf(own.map((round, i) => round[way] / peer[i][way]))),
      wanted: `at most ${MOST_OF_PEER[way]}`,
    });
  }
}

function granary(name: string, served: readonly string[], urls: Server["urls"]): Server {
  return {
    name,
    ready: "/healthz",
    urls,
    start: (port) =>
      spawn(BINARY, ["serve", ...served, "--port", String(port), "--workers", values.workers, "--quiet"], {
        stdio: "ignore",
      }),
  };
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "granary-bench-"));
try {
  const clients = peerScript("tile_load.mjs");
  if (!hasSharedData || clients === undefined) throw new Error("the shared data or tile_load.mjs is missing");
  const run = (...args: string[]) => {
    const { status, stderr } = spawnSync(BINARY, args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(`granary ${args.join(" ")}: ${stderr}`);
  };
  run("catalog", "build", "--from", "local", "-c", "grids", sharedData(COG), "-o", "cog.parquet");
  run("catalog", "build", "--from", "local", "-c", "grids", sharedData("netcdf"), "-o", "grid.parquet");
  run("simulate", "atl06", "--granules", "24", "--rows", "4000");
  run("catalog", "build", "--from", "local", "-c", "atl06", "atl06", "-o", "atl06.parquet");
  run("aggregate", "-c", "atl06", "--catalog", "atl06.parquet", "-o", "cells.zarr");
  const place = (name: string) => path.join(folder, name);
  const cogTiles = tilesOf([-93, 47.76, -91.51, 48.75], [9, 10, 11, 12], 66);
  const gridTiles = tilesOf([-179, -80, 179, 80], [2, 3], 80);
  const at = ({ z, x, y }: Tile) => `${z}/${x}/${y}.png`;
  const servers: Server[] = [
    granary(
      COGS,
      ["--catalog", place("cog.parquet")],
      (base) => cogTiles.map((tile) => `${base}/rasterio/tiles/WebMercatorQuad/${at(tile)}?rescale=0,255`),
    ),
    granary(
      NETCDF,
      ["--catalog", place("grid.parquet")],
      (base) =>
        gridTiles.map((tile) =>
          `${base}/xarray/tiles/WebMercatorQuad/${at(tile)}?variables=analysed_sst&rescale=270,305`
        ),
    ),
    granary(
      STORE,
      ["--store", place("cells.zarr")],
      (base) =>
        storeTiles.map((tile) =>
          `${base}/store/cells/tiles/WebMercatorQuad/${at(tile)}?variable=${variable}&rescale=0,100`
        ),
    ),
  ];
  const { bounds, variables } = await running(
    servers[2],
    async (_, base) => await (await fetch(`${base}/store/cells`)).json(),
  );
  const variable = variables[0].name;
  const storeTiles = tilesOf(
    [Math.max(-179, bounds[0]), Math.max(-84, bounds[1]), Math.min(179, bounds[2]), Math.min(84, bounds[3])],
    [1, 2, 3, 4],
    80,
  );
  const store = await withImages(servers[2]);
  servers[2] = { ...servers[2], urls: (base) => store.map((place) => base + place) };
  const titiler = peerScript("titiler_peer.py");
  if (PYTHON !== undefined && titiler !== undefined) {
    const file = encodeURIComponent(sharedData(COG));
    servers.unshift({
      name: PEER,
      ready: "/openapi.json",
      urls: (base) =>
        cogTiles.map((tile) => `${base}/cog/tiles/WebMercatorQuad/${at(tile)}?url=${file}&rescale=0,255`),
      start: (port) => spawn(PYTHON, [titiler, String(port)], { stdio: "ignore" }),
    });
  } else console.log("GRANARY_BENCH_PYTHON names no Python with titiler.core: without the peer");
  console.log(
    `CPU ms a tile of the server; ${ROUNDS} rounds, ${SECONDS} s each; --workers ${values.workers}`,
  );
  const figures = new Map<string, Figures[]>();
  for (let round = 1; round <= ROUNDS; round++) {
    for (const server of servers) {
      const first = await cold(server, 1);
      const firstEight = await cold(server, 8);
      const { one, eight, peak } = await warm(server, clients);
      const own = {
        cold: first,
        coldEight: firstEight,
        one: one.cpu_ms_per_tile,
        eight: eight.cpu_ms_per_tile,
      };
      figures.set(server.name, [...figures.get(server.name) ?? [], own]);
      console.log(
        `${server.name.padEnd(18)} cold c=1 ${first.toFixed(1)} c=8 ${
          firstEight.toFixed(1)
        }  c=1 ${one.cpu_ms_per_tile} (${one.rps}/s, ` +
          `p50 ${one.p50} ms)  c=8 ${eight.cpu_ms_per_tile} (${eight.rps}/s, p50 ${eight.p50} ms)  ` +
          `peak ${peak.toFixed(0)} MB  not 200: ${one.bad + eight.bad}  load ${eight.load}`,
      );
    }
  }
  addRows(figures);
  await millionGranules(Number(values.granules));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
