/**
 * Tells early that a run cannot succeed: while no granule has been read, the first ones that fail are looked
 * at together. Once one is read, failures are single granules' again.
 */
import { GranaryError, inputError } from "../../core/errors.ts";
import type { ScatterOutcome } from "../engine/contract.ts";

/** Failures alike, of the first granules, that end a run. */
const ALIKE = 8;

/** The same where the bytes could not be reached: each of these has cost its own retries already. */
const UNREACHED = 4;

type Failure = { tag: "granule" | "io"; reason: string; shape: string };

export class Prospect {
  /** Whether a granule was read, or an earlier run has read some. */
  proven: boolean;
  #failures: Failure[] = [];
  #withoutData = 0;

  /** `total` are the granules that the schedule is to read. */
  constructor(readonly total: number, provenBefore: boolean) {
    this.proven = provenBefore || total === 0;
  }

  /** A granule was read. Returns the error that ends the run where none so far has the config's datasets. */
  read({ groups }: Pick<ScatterOutcome, "groups">): GranaryError | undefined {
    this.proven ||= groups.present > 0;
    if (this.proven) return undefined;
    this.#withoutData += 1;
    if (this.#withoutData < Math.min(ALIKE, this.total)) return undefined;
    return inputError(
      `none of the first ${this.#withoutData} granules has the config's latitude and longitude in any of its` +
        " groups; nothing was written (look at granary inspect GRANULE, and at data_source in the config)",
    );
  }

  /**
   * A granule failed, after its retries; one that is tried again is reported once. Returns the error that ends the
   * run where all so far fail alike.
   */
  failed(error: GranaryError, name: string): GranaryError | undefined {
    if (this.proven) return undefined;
    const shape = shapeOf(error.message, name);
    this.#failures.push({ tag: isUnreached(error) ? "io" : "granule", reason: error.message, shape });
    return this.#unreached() ?? this.#alike();
  }

  #unreached(): GranaryError | undefined {
    const count = this.#failures.length;
    if (count < Math.min(UNREACHED, this.total) || this.#failures.some(({ tag }) => tag !== "io")) {
      return undefined;
    }
    return new GranaryError(
      "io",
      `none of the first ${count} granules could be reached; nothing was written.` +
        ` The last one: ${this.#failures[count - 1].reason}`,
    );
  }

  #alike(): GranaryError | undefined {
    const [first] = this.#failures;
    if (this.#failures.length < Math.min(ALIKE, this.total)) return undefined;
    if (!this.#failures.every(({ shape }) => shape === first.shape)) return undefined;
    return inputError(
      this.total === 1
        ? `the only granule fails; nothing was written. ${first.reason}`
        : `the first ${this.#failures.length} granules all fail alike; nothing was written.` +
          ` The first one: ${first.reason}`,
    );
  }

  /** Where every granule has failed, each in its own way. */
  nothingRead(): GranaryError | undefined {
    if (this.proven) return undefined;
    const [first] = this.#failures;
    return new GranaryError(
      first?.tag === "io" ? "io" : "granule",
      `none of ${this.total} granules could be read; nothing was written.` +
        (first === undefined ? "" : ` The first one: ${first.reason}`),
    );
  }
}

/** Whether the bytes were not reached, rather than wrong. */
function isUnreached({ tag, details: { retry, status, code } }: GranaryError): boolean {
  return tag === "io" || retry === true || typeof status === "number" || typeof code === "string";
}

/** A reason without what belongs to the one granule: its name, paths and numbers. */
function shapeOf(reason: string, name: string): string {
  return reason.replaceAll(name, "").replace(/\S*\/\S*/g, "").replace(/\d+/g, "0");
}
