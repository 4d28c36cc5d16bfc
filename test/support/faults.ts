/**
 * Troubles on a schedule: which request to a loopback server goes wrong, and how. Counted over the requests
 * that a rule's path fits, from 1.
 */

export type Fault =
  /** Nothing comes, ever. */
  | { kind: "silence" }
  /** The connection is cut before or, with `after`, within the body (a share of it). */
  | { kind: "reset"; after?: number }
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: string }
  /** The headers are right and state the shorter length; the body is `share` of what it should be. */
  | { kind: "short"; share: number }
  /** More bytes than the range has. */
  | { kind: "overlong" }
  /** A 206 for a range that lies elsewhere. */
  | { kind: "wrong-range" }
  /** 200 and the whole file. */
  | { kind: "ignore-range" }
  /** 200 and a page for people. */
  | { kind: "login-page" }
  /** Another version of the file: its ETag differs. */
  | { kind: "changed" };

export interface FaultRule {
  /** Which requests, from 1; `[1, 2]` is the first two; "every" is all of them. */
  at: readonly number[] | "every";
  fault: Fault;
  path?: RegExp;
}

export class FaultSchedule {
  readonly #rules: { rule: FaultRule; seen: number }[];
  /** How many faults were served. */
  served = 0;

  constructor(rules: readonly FaultRule[] = []) {
    this.#rules = rules.map((rule) => ({ rule, seen: 0 }));
  }

  /** The fault of this request, if one is due. */
  next(path: string): Fault | undefined {
    let due: Fault | undefined;
    for (const entry of this.#rules) {
      if (entry.rule.path !== undefined && !entry.rule.path.test(path)) continue;
      entry.seen += 1;
      if (due === undefined && (entry.rule.at === "every" || entry.rule.at.includes(entry.seen))) {
        due = entry.rule.fault;
      }
    }
    if (due !== undefined) this.served += 1;
    return due;
  }
}
