/**
 * Regular expressions over names: the usual notation without looking around and referring back, which no
 * search in linear time can do.
 */

/** A test of one character by its code point. */
export type CharacterTest = (code: number) => boolean;

export type PatternNode =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "start" }
  | { readonly kind: "end" }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "group"; readonly name: string | null; readonly part: PatternNode }
  | {
    readonly kind: "repeat";
    readonly part: PatternNode;
    readonly least: number;
    /** Infinity for no end. */
    readonly most: number;
    readonly greedy: boolean;
  };

/** Groups within groups, so deep. */
const DEEPEST = 50;

/** Throws a SyntaxError that says what is wrong, without naming the pattern. */
export function parsePattern(text: string): PatternNode {
  const parser = new Parser(Array.from(text, (unit) => unit.codePointAt(0)!));
  return parser.whole();
}

const code = (unit: string) => unit.codePointAt(0)!;

class Parser {
  #at = 0;
  readonly #names = new Set<string>();

  constructor(readonly units: readonly number[]) {}

  whole(): PatternNode {
    const node = this.#choice(0);
    if (this.#at < this.units.length) throw new SyntaxError('has a ")" that closes nothing');
    return node;
  }

  #peek(unit: string): boolean {
    return this.units[this.#at] === code(unit);
  }

  #take(text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      if (this.units[this.#at + i] !== text.charCodeAt(i)) return false;
    }
    this.#at += text.length;
    return true;
  }

  #choice(depth: number): PatternNode {
    if (depth > DEEPEST) throw new SyntaxError(`has groups more than ${DEEPEST} deep`);
    const parts = [this.#sequence(depth)];
    while (this.#take("|")) parts.push(this.#sequence(depth));
    return parts.length === 1 ? parts[0] : { kind: "choice", parts };
  }

  #sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.units.length && !this.#peek("|") && !this.#peek(")")) {
      parts.push(this.#repeated(this.#atom(depth)));
    }
    return { kind: "sequence", parts };
  }

  #repeated(part: PatternNode): PatternNode {
    const counts = this.#counts();
    if (counts === undefined) return part;
    if (part.kind === "start" || part.kind === "end") throw new SyntaxError("repeats the start or the end");
    const greedy = !this.#take("?");
    if (this.#counts() !== undefined) throw new SyntaxError("repeats a repetition (put a group around it)");
    return { kind: "repeat", part, least: counts[0], most: counts[1], greedy };
  }

  #counts(): [least: number, most: number] | undefined {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    if (!this.#peek("{")) return undefined;
    const rest = String.fromCodePoint(...this.units.slice(this.#at, this.#at + 12));
    const found = /^\{(\d{1,3})(,(\d{1,3})?)?\}/.exec(rest);
    if (found === null) throw new SyntaxError('has a "{" that counts nothing (write \\{ for the sign)');
    this.#at += found[0].length;
    const least = Number(found[1]);
    const most = found[2] === undefined ? least : found[3] === undefined ? Infinity : Number(found[3]);
    if (most < least) throw new SyntaxError(`repeats ${found[0]}, which is no range`);
    return [least, most];
  }

  #atom(depth: number): PatternNode {
    if (this.#take("^")) return { kind: "start" };
    if (this.#take("$")) return { kind: "end" };
    if (this.#take("(")) return this.#group(depth);
    if (this.#take("[")) return { kind: "character", test: this.#set() };
    if (this.#take(".")) return { kind: "character", test: (unit) => unit !== 10 && unit !== 13 };
    if (this.#take("\\")) return this.#escape();
    const unit = this.units[this.#at++];
    const sign = String.fromCodePoint(unit);
    if ("*+?{".includes(sign)) throw new SyntaxError(`has a "${sign}" that repeats nothing`);
    return { kind: "character", test: (other) => other === unit };
  }

  #group(depth: number): PatternNode {
    let name: string | null = null;
    let captures = true;
    if (this.#take("?")) {
      if (this.#take(":")) captures = false;
      else {
        // Python writes (?P<name>…) for the same.
        this.#take("P");
        if (!this.#take("<") || this.#peek("=") || this.#peek("!")) {
          throw new SyntaxError("looks around or sets a flag, which is not done here");
        }
        name = this.#name();
      }
    }
    const part = this.#choice(depth + 1);
    if (!this.#take(")")) throw new SyntaxError('has a "(" without its ")"');
    return captures ? { kind: "group", name, part } : part;
  }

  #name(): string {
    const from = this.#at;
    while (this.#at < this.units.length && !this.#peek(">")) this.#at += 1;
    const name = String.fromCodePoint(...this.units.slice(from, this.#at));
    if (!this.#take(">") || !/^[A-Za-z_]\w{0,59}$/.test(name)) {
      throw new SyntaxError("names a group by what is no name");
    }
    if (this.#names.has(name)) throw new SyntaxError(`has two groups "${name}"`);
    this.#names.add(name);
    return name;
  }

  #escape(): PatternNode {
    const sign = this.#sign();
    const known = CLASSES[sign];
    if (known !== undefined) return { kind: "character", test: known };
    if (/[1-9k]/.test(sign)) throw new SyntaxError("refers back to a group");
    const unit = this.#escaped(sign);
    return { kind: "character", test: (other) => other === unit };
  }

  #sign(): string {
    if (this.#at >= this.units.length) throw new SyntaxError("ends in a backslash");
    return String.fromCodePoint(this.units[this.#at++]);
  }

  /** The character that an escaped sign stands for. */
  #escaped(sign: string): number {
    const named = ({ t: 9, n: 10, v: 11, f: 12, r: 13 } as Record<string, number>)[sign];
    if (named !== undefined) return named;
    if (/[A-Za-z0-9]/.test(sign)) throw new SyntaxError(`has "\\${sign}", which is not known here`);
    return code(sign);
  }

  #set(): CharacterTest {
    const negated = this.#take("^");
    const tests: CharacterTest[] = [];
    let first = true;
    while (first || !this.#peek("]")) {
      if (this.#at >= this.units.length) throw new SyntaxError('has a "[" without its "]"');
      if (first && this.#peek("]")) break;
      first = false;
      const from = this.#member();
      if (typeof from === "function") {
        tests.push(from);
        continue;
      }
      let to = from;
      if (this.#peek("-") && this.units[this.#at + 1] !== code("]")) {
        this.#at += 1;
        const member = this.#member();
        if (typeof member === "function" || member < from) throw new SyntaxError("has a range that is none");
        to = member;
      }
      tests.push((unit) => unit >= from && unit <= to);
    }
    this.#at += 1;
    return (unit) => tests.some((test) => test(unit)) !== negated;
  }

  #member(): number | CharacterTest {
    if (!this.#take("\\")) {
      if (this.#at >= this.units.length) throw new SyntaxError('has a "[" without its "]"');
      return this.units[this.#at++];
    }
    const sign = this.#sign();
    return CLASSES[sign] ?? this.#escaped(sign);
  }
}

const digit: CharacterTest = (unit) => unit >= 48 && unit <= 57;
const word: CharacterTest = (unit) =>
  digit(unit) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122) || unit === 95;
const blank: CharacterTest = (unit) => unit === 32 || (unit >= 9 && unit <= 13) || unit === 0xa0;

const CLASSES: Readonly<Record<string, CharacterTest | undefined>> = {
  d: digit,
  D: (unit) => !digit(unit),
  w: word,
  W: (unit) => !word(unit),
  s: blank,
  S: (unit) => !blank(unit),
};
