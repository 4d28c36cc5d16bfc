/** Whether a run can begin to read, asked before a store is emptied for it. */
import type { SourceLocation } from "../../core/access/location.ts";
import { GranaryError } from "../../core/errors.ts";

/** Granules that are opened in vain before the answer is no. */
const TRIED = 3;

/**
 * Opens granules until one opens. Where the first few do not, the store that is to be replaced is left as it is:
 * what would replace it cannot be read.
 * @throws GranaryError "io", or a credential's own error
 */
export async function expectReachable(
  count: number,
  locate: (granule: number) => SourceLocation,
  open: (location: SourceLocation) => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const tried = Math.min(TRIED, count);
  for (let granule = 0; granule < tried; granule++) {
    try {
      await (await open(locate(granule))).close();
      return;
    } catch (error) {
      if (!(error instanceof GranaryError) || !["io", "granule", "input"].includes(error.tag)) throw error;
      if (granule < tried - 1) continue;
      throw new GranaryError(
        "io",
        `none of the first ${tried} granules could be reached; the store that is there was left as it is.` +
          ` The last one: ${error.message}`,
        { cause: error },
      );
    }
  }
}
