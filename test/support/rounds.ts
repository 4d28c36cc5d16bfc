/**
 * Round trips in sequence, counted without a clock: all requests that come before it is quiet are answered
 * together, so that a round is as many requests as a client has under way before it must wait for an answer.
 */
export class Rounds {
  /** Rounds that were answered. */
  count = 0;
  /** The most requests of one round. */
  most = 0;
  readonly #quietMs: number;
  #held: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** A round ends when nothing has come for `quietMs`: more than a busy machine takes between two requests. */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /** What a server waits for before it answers. */
  readonly gate = (): Promise<void> => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#release(), this.#quietMs);
    return new Promise((resolve) => this.#held.push(resolve));
  };

  #release(): void {
    const held = this.#held;
    this.#held = [];
    this.count += 1;
    this.most = Math.max(this.most, held.length);
    for (const go of held) go();
  }
}
