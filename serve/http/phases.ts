/** Where a request's time goes: searching, reading, warping, encoding, waiting. */

export const PHASES = ["wait", "search", "read", "warp", "encode"] as const;
type Phase = typeof PHASES[number];

export class Phases {
  readonly milliseconds: Record<Phase, number> = { wait: 0, search: 0, read: 0, warp: 0, encode: 0 };

  /** Work, its time counted under `phase` whether it succeeds or not. */
  async of<T>(phase: Phase, work: () => Promise<T> | T): Promise<T> {
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.milliseconds[phase] += performance.now() - begun;
    }
  }

  /** `search 0.2 read 3.1 warp 1.0`, in ms; phases of no time are left out. */
  toString(): string {
    return PHASES.filter((phase) => this.milliseconds[phase] >= 0.05)
      .map((phase) => `${phase} ${this.milliseconds[phase].toFixed(1)}`).join(" ");
  }
}
