/** Writing and clearing away of a live catalog's states, in a folder or below an S3 prefix. */
import {
  LIVE_MANIFESTS,
  LIVE_PARTS,
  type Manifest,
  manifestFiles,
  manifestKey,
  numbersOf,
  parseManifest,
} from "../../catalog/file/live_manifest.ts";
import type { ObjectTarget } from "../../core/access/object_target.ts";

/**
 * Writes the next manifest: whole under its name, or not at all. False where another publisher wrote that one
 * first: two cannot both write it.
 */
export async function writeManifest(target: ObjectTarget, manifest: Manifest): Promise<boolean> {
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return await target.putNew(manifestKey(manifest.number), bytes);
}

/** Removes parts that no manifest of the last `keepMs` names, and manifests that are older; the newest stays. */
export async function removeOld(target: ObjectTarget, keepMs: number, now = Date.now()): Promise<number> {
  const written = await target.written(LIVE_MANIFESTS);
  const numbers = numbersOf([...written.keys()]);
  const isOlder = (time: number | undefined) => time !== undefined && now - time > keepMs;
  // A reader may hold a manifest until its successor has stood for the time.
  const old = numbers.filter((_, index) =>
    index + 1 < numbers.length && isOlder(written.get(manifestKey(numbers[index + 1])))
  );
  const parts = await target.written(LIVE_PARTS);
  // One that was made just now may belong to a manifest that is about to be written.
  const candidates = [...parts].filter(([, time]) => isOlder(time)).map(([key]) => key);
  const kept = new Set<string>();
  if (candidates.length > 0) {
    for (const number of numbers.filter((number) => !old.includes(number))) {
      const bytes = await target.get(manifestKey(number));
      if (bytes === undefined) return 0; // another publisher clears away just now
      for (const file of manifestFiles(parseManifest(manifestKey(number), bytes))) kept.add(file);
    }
  }
  for (const number of old) await target.delete(manifestKey(number));
  const unnamed = candidates.filter((key) => !kept.has(key));
  for (const key of unnamed) await target.delete(key);
  return unnamed.length;
}
