/** Reads arrays of a store on disk with zarrita alone, so that no code of ours reads what ours wrote. */
import fs from "node:fs";
import path from "node:path";
import * as zarr from "zarrita";

/** A folder as zarrita's kind of store. */
function folderStore(folder: string): zarr.AsyncReadable {
  const open = (key: string) => {
    try {
      return fs.openSync(path.join(folder, key), "r");
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    }
  };
  const bytes = (fd: number, from: number, length: number) => {
    const buffer = new Uint8Array(length);
    const count = fs.readSync(fd, buffer, 0, length, from);
    return buffer.subarray(0, count);
  };
  const use = (key: string, body: (fd: number, size: number) => Uint8Array) => {
    const fd = open(key);
    if (fd === undefined) return Promise.resolve(undefined);
    try {
      return Promise.resolve(body(fd, fs.fstatSync(fd).size));
    } finally {
      fs.closeSync(fd);
    }
  };
  return {
    get: (key) => use(key, (fd, size) => bytes(fd, 0, size)),
    getRange: (key, range) =>
      use(
        key,
        (fd, size) =>
          "suffixLength" in range
            ? bytes(fd, Math.max(0, size - range.suffixLength), Math.min(size, range.suffixLength))
            : bytes(fd, range.offset, range.length),
      ),
  };
}

/** A whole one-dimensional array of a store. */
export async function readArray(
  folder: string,
  name: string,
): Promise<ArrayLike<number | bigint>> {
  const array = await zarr.open.v3(zarr.root(folderStore(folder)).resolve(name), { kind: "array" });
  const { data } = await zarr.get(array);
  return data as unknown as ArrayLike<number | bigint>;
}

/** The cells of a level in which something was counted, ascending, with the named variables. */
export async function readCells(
  folder: string,
  order: number,
  variables: readonly string[],
): Promise<Map<number, Record<string, number>>> {
  const ids = await readArray(folder, `${order}/cell_ids`);
  const count = await readArray(folder, `${order}/count`);
  const columns = new Map<string, ArrayLike<number | bigint>>();
  for (const name of variables) columns.set(name, await readArray(folder, `${order}/${name}`));
  const cells: [number, Record<string, number>][] = [];
  for (let i = 0; i < ids.length; i++) {
    if (Number(count[i]) === 0) continue;
    const row = Object.fromEntries([...columns].map(([name, values]) => [name, Number(values[i])]));
    cells.push([Number(ids[i]), row]);
  }
  return new Map(cells.sort(([a], [b]) => a - b));
}
