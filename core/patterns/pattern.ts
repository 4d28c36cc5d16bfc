/**
 * Searches names for a regular expression in time that grows with the pattern's length times the name's,
 * whatever either holds: all ways through the pattern are followed side by side (Thompson 1968; with groups
 * as in Pike's sam). The first way wins, as in a search that goes back, so both find the same.
 */
import { type CharacterTest, parsePattern, type PatternNode } from "./parse.ts";

/** Characters of a pattern; longer ones are refused before they are read. */
export const MAX_PATTERN = 200;
/** Names longer than this match nothing. */
const MAX_NAME = 2000;
/** Steps of a pattern, after its counted repetitions are written out. */
const MAX_STEPS = 4000;

type Step =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "start" | "end" | "match" }
  | { readonly kind: "jump"; to: number }
  /** The first way is the better one. */
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "save"; readonly slot: number };

interface PatternMatch {
  /** What the pattern matched. */
  readonly text: string;
  /** Groups in the order of their opening; undefined where one took no part. */
  readonly groups: readonly (string | undefined)[];
  readonly named: Readonly<Record<string, string | undefined>>;
}

export class Pattern {
  readonly #steps: Step[] = [];
  readonly #groupNames: (string | null)[] = [];

  /** Throws a SyntaxError that says what is wrong with the pattern. */
  constructor(readonly source: string) {
    if (source.length > MAX_PATTERN) {
      throw new SyntaxError(`has ${source.length} characters (at most ${MAX_PATTERN})`);
    }
    this.#emit(parsePattern(source));
    this.#push({ kind: "match" });
  }

  /** Names of the groups that have one. */
  get names(): string[] {
    return this.#groupNames.filter((name) => name !== null);
  }

  test(text: string): boolean {
    return this.exec(text) !== null;
  }

  /** The first match anywhere in the text. */
  exec(text: string): PatternMatch | null {
    if (text.length > MAX_NAME) return null;
    const units = Array.from(text);
    const saves = this.#search(units.map((unit) => unit.codePointAt(0)!));
    if (saves === null) return null;
    const part = (group: number) =>
      saves[2 * group] < 0 || saves[2 * group + 1] < 0
        ? undefined
        : units.slice(saves[2 * group], saves[2 * group + 1]).join("");
    const groups = this.#groupNames.map((_, group) => part(group + 1));
    const named = Object.fromEntries(
      this.#groupNames.flatMap((name, group) => name === null ? [] : [[name, groups[group]]]),
    );
    return { text: part(0)!, groups, named };
  }

  #search(units: readonly number[]): Int32Array | null {
    const slots = 2 * (this.#groupNames.length + 1);
    let found: Int32Array | null = null;
    let threads: [step: number, saves: Int32Array][] = [];
    for (let at = 0; at <= units.length; at++) {
      const reached = new Uint8Array(this.#steps.length);
      const ways: [number, Int32Array][] = [];
      for (const [step, saves] of threads) this.#follow(step, saves, at, units.length, reached, ways);
      if (found === null) {
        const begun = new Int32Array(slots).fill(-1);
        begun[0] = at;
        this.#follow(0, begun, at, units.length, reached, ways);
      }
      threads = [];
      for (const [step, saves] of ways) {
        const now = this.#steps[step];
        if (now.kind === "match") {
          found = saves.slice();
          found[1] = at;
          break; // ways that come later are worse ones
        }
        if (now.kind === "character" && at < units.length && now.test(units[at])) {
          threads.push([step + 1, saves]);
        }
      }
      if (threads.length === 0 && found !== null) break;
    }
    return found;
  }

  /** Adds the steps that take a character, or match, to `ways`, best first; each step is reached once. */
  #follow(
    from: number,
    saves: Int32Array,
    at: number,
    length: number,
    reached: Uint8Array,
    ways: [number, Int32Array][],
  ): void {
    const open: [number, Int32Array][] = [[from, saves]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [index, kept] = next;
      if (reached[index] === 1) continue;
      reached[index] = 1;
      const step = this.#steps[index];
      switch (step.kind) {
        case "jump":
          open.push([step.to, kept]);
          break;
        case "split":
          open.push([step.second, kept], [step.first, kept]);
          break;
        case "save": {
          const copy = kept.slice();
          copy[step.slot] = at;
          open.push([index + 1, copy]);
          break;
        }
        case "start":
          if (at === 0) open.push([index + 1, kept]);
          break;
        case "end":
          if (at === length) open.push([index + 1, kept]);
          break;
        default:
          ways.push([index, kept]);
      }
    }
  }

  #push<T extends Step>(step: T): T {
    if (this.#steps.length >= MAX_STEPS) {
      throw new SyntaxError(`repeats too much (more than ${MAX_STEPS} steps written out)`);
    }
    this.#steps.push(step);
    return step;
  }

  #emit(node: PatternNode): void {
    switch (node.kind) {
      case "character":
        this.#push({ kind: "character", test: node.test });
        break;
      case "start":
      case "end":
        this.#push({ kind: node.kind });
        break;
      case "sequence":
        for (const part of node.parts) this.#emit(part);
        break;
      case "choice":
        this.#emitChoice(node.parts);
        break;
      case "group": {
        const group = this.#groupNames.push(node.name);
        this.#push({ kind: "save", slot: 2 * group });
        this.#emit(node.part);
        this.#push({ kind: "save", slot: 2 * group + 1 });
        break;
      }
      case "repeat":
        this.#emitRepeat(node);
    }
  }

  #emitChoice(parts: readonly PatternNode[]): void {
    const jumps: { to: number }[] = [];
    parts.forEach((part, i) => {
      if (i === parts.length - 1) return this.#emit(part);
      const split = this.#push({ kind: "split", first: this.#steps.length + 1, second: 0 });
      this.#emit(part);
      jumps.push(this.#push({ kind: "jump", to: 0 }));
      split.second = this.#steps.length;
    });
    for (const jump of jumps) jump.to = this.#steps.length;
  }

  #emitRepeat({ part, least, most, greedy }: PatternNode & { kind: "repeat" }): void {
    const groups = this.#groupNames.length;
    let copies = 0;
    // A group that is written out several times stays one group: the last copy that takes part counts.
    const emit = () => {
      if (copies++ > 0) this.#groupNames.length = groups;
      this.#emit(part);
    };
    for (let i = 0; i < least; i++) emit();
    const optional = () => {
      const split = this.#push({ kind: "split", first: 0, second: 0 });
      const inside = this.#steps.length;
      return {
        end: () => {
          const after = this.#steps.length;
          [split.first, split.second] = greedy ? [inside, after] : [after, inside];
        },
      };
    };
    if (most === Infinity) {
      const back = this.#steps.length;
      const loop = optional();
      emit();
      this.#push({ kind: "jump", to: back });
      loop.end();
      return;
    }
    const open = [];
    for (let i = least; i < most; i++) {
      open.push(optional());
      emit();
    }
    for (const one of open) one.end();
  }
}
