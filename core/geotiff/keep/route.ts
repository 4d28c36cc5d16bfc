/** How a TIFF becomes a cloud-optimized one at the least cost: as it is, with its parts in another order, or encoded again. */
import type { Source } from "../../access/source.ts";
import { georeference } from "../georeference.ts";
import { blockFaults, checkBlockPlaces } from "../validate/leaders.ts";
import { cogFaults, placeFaults } from "../validate/rules.ts";
import { type CogStructure, readCogStructure } from "../validate/structure.ts";

export type TiffRoute =
  /** It is one: every byte stays. `better` is what it should have, and lacks. */
  | { readonly kind: "copied"; readonly structure: CogStructure; readonly better: readonly string[] }
  /** Its fields and its blocks stay as they are, at other places. */
  | { readonly kind: "reordered"; readonly structure: CogStructure; readonly because: string }
  /** Its cells must be written again. */
  | { readonly kind: "encoded"; readonly because: string };

/** Rules that a file keeps once its parts lie in another order. */
const OF_ORDER: ReadonlySet<string> = new Set([
  "directory-far",
  "directory-order",
  "directory-place",
  "data-before-directory",
  "data-order",
  "edited",
  "overview-order",
  "overview-size",
  "block-order",
  "block-leader",
  "block-trailer",
  "mask-place",
]);

/** Fields that hold places of further directories: SubIFDs, Exif, GPS, Interoperability. */
const POINTERS = [330, 34665, 34853, 40965];

/**
 * Reads the structure; with `blocks` what lies around every block too, where the file promises something of
 * it. Throws for a damaged file, and a refusal for an image that is no grid.
 */
export async function tiffRoute(
  source: Source,
  { blocks, signal }: { readonly blocks: boolean; readonly signal?: AbortSignal | undefined },
): Promise<TiffRoute> {
  const structure = await readCogStructure(source, signal);
  const { place } = await georeference(structure.file, structure.main.image, signal);
  if (place.flipRows) return { kind: "encoded", because: "its first row is the southernmost" };
  if (place.flipColumns) return { kind: "encoded", because: "its first column is the easternmost" };
  const { errors, warnings } = cogFaults(structure, false);
  const faults = [...errors, ...placeFaults(structure)];
  if (blocks) faults.push(...await blockFaults(structure, signal));
  else await checkBlockPlaces(structure, signal);
  if (faults.length === 0) {
    return { kind: "copied", structure, better: warnings.map(({ message }) => message) };
  }
  const lasting = [...faults, ...warnings].find(({ rule }) => !OF_ORDER.has(rule));
  const because = lasting?.message ?? bound(structure);
  return because === null
    ? { kind: "reordered", structure, because: faults[0].message }
    : { kind: "encoded", because };
}

/** Why the parts of a file cannot lie elsewhere; null where they can. */
function bound({ file, main, overviews, masks, pages }: CogStructure): string | null {
  if (!file.littleEndian) return "its numbers begin with the highest byte";
  if (pages > 0) return `it has ${pages} further images`;
  for (const { image: { directory } } of [main, ...overviews, ...masks]) {
    const pointer = POINTERS.find((tag) => directory.fields.has(tag));
    if (pointer !== undefined) return `its field ${pointer} leads to directories of another kind`;
  }
  const sizes = new Set([main, ...overviews].map(({ image }) => `${image.width} x ${image.height}`));
  if (sizes.size <= overviews.length) return "two of its overviews have one size";
  const other = masks.find(({ image }) => !sizes.has(`${image.width} x ${image.height}`));
  return other === undefined ? null : "it has a mask of another size than its images";
}
