/**
 * An HDF5 file whose bytes are waited for: steps of synchronous reading over a {@linkcode StagedSource}, with
 * libhdf5 started by the first step that needs it.
 */
import type { Source } from "../access/source.ts";
import { StagedSource } from "../access/staged_source.ts";
import { GranaryError } from "../errors.ts";
import type { Hdf5File } from "../hdf5/contract.ts";
import { runningLibhdf5, startLibhdf5 } from "../hdf5/fallback/h5wasm_module.ts";
import { openHdf5 } from "../observations/open_granule_file.ts";

/** Nothing is asked for at once: each step says by itself what it needs. */
const NOTHING = { groups: [], latitude: "", longitude: "", columns: [], filters: [] };

export class Hdf5Session {
  readonly file: Hdf5File;
  readonly source: StagedSource;

  private constructor(source: StagedSource, file: Hdf5File) {
    this.source = source;
    this.file = file;
  }

  /** Opens `source` as HDF5. Throws a granule error that says what it is where it is something else. */
  static async open(source: Source, signal?: AbortSignal): Promise<Hdf5Session> {
    const staged = new StagedSource(source);
    return new Hdf5Session(staged, await staged.run(() => openHdf5(staged, { request: NOTHING }), signal));
  }

  /** Does one step, which may be begun again: `work` must keep nothing of a try that was stopped. */
  async run<T>(work: (file: Hdf5File) => T, signal?: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await this.source.run(() => work(this.file), signal);
      } catch (error) {
        if (!isForLibrary(error)) throw error;
        await startLibhdf5();
      }
    }
  }

  close(): void {
    this.file.close();
  }
}

/** Whether what was refused could be read if libhdf5 ran. */
function isForLibrary(error: unknown): boolean {
  return error instanceof GranaryError && error.details.feature !== undefined &&
    runningLibhdf5() === undefined;
}

/** Whether an error is a fault of the file that a step may go on without; others must pass. */
export function isFileFault(error: unknown): error is GranaryError {
  return error instanceof GranaryError && error.tag === "granule" && !isForLibrary(error);
}
