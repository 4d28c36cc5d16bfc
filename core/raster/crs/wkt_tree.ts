/** Well-known text as a tree: `KEYWORD["text", 1.5, WORD, CHILD[…]]`, with brackets of either kind. */
import { inputError } from "../../errors.ts";

export interface WktNode {
  /** In capitals. */
  readonly keyword: string;
  /** Quoted texts, numbers and bare words, in order. */
  readonly values: readonly (string | number)[];
  readonly children: readonly WktNode[];
}

/** Texts of files are no longer than this, and nest no deeper. */
const LONGEST = 200_000;
const DEEPEST = 32;

const TOKEN =
  /\s*(?:"((?:[^"]|"")*)"|([A-Za-z_]\w*)|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|([\[\](),]))/y;

interface Cursor {
  readonly text: string;
  at: number;
}

type Token = { text: string } | { word: string } | { number: number } | { sign: string };

/** Throws an input error for text that is no WKT. */
export function parseWkt(text: string): WktNode {
  if (text.length > LONGEST) throw wktError(text, `${text.length} characters are more than any WKT has`);
  const cursor = { text: text.trim(), at: 0 };
  const word = next(cursor);
  if (!("word" in word)) throw wktError(text, "it begins with no keyword");
  const node = parseNode(cursor, word.word, 0);
  if (cursor.at !== cursor.text.length) throw wktError(text, `text follows at character ${cursor.at}`);
  return node;
}

function parseNode(cursor: Cursor, keyword: string, depth: number): WktNode {
  if (depth > DEEPEST) throw wktError(cursor.text, `it nests deeper than ${DEEPEST}`);
  if (!isSign(next(cursor), "[(")) throw wktError(cursor.text, `${keyword} has no bracket`);
  const values: (string | number)[] = [];
  const children: WktNode[] = [];
  for (;;) {
    const token = next(cursor);
    if ("text" in token) values.push(token.text);
    else if ("number" in token) values.push(token.number);
    else if ("word" in token) {
      if (isSign(peek(cursor), "[(")) children.push(parseNode(cursor, token.word, depth + 1));
      else values.push(token.word);
    } else throw wktError(cursor.text, `"${token.sign}" stands where a value should, in ${keyword}`);
    const sign = next(cursor);
    if (isSign(sign, "])")) break;
    if (!isSign(sign, ",")) throw wktError(cursor.text, `${keyword} does not end`);
  }
  return { keyword: keyword.toUpperCase(), values, children };
}

function isSign(token: Token, signs: string): boolean {
  return "sign" in token && token.sign !== "" && signs.includes(token.sign);
}

/** The end of the text is the sign "". */
function next(cursor: Cursor): Token {
  TOKEN.lastIndex = cursor.at;
  const match = TOKEN.exec(cursor.text);
  if (match === null) {
    if (cursor.text.slice(cursor.at).trim() === "") return { sign: "" };
    throw wktError(cursor.text, `character ${cursor.at} belongs to no value`);
  }
  cursor.at = TOKEN.lastIndex;
  const [, text, word, number, sign] = match;
  if (text !== undefined) return { text: text.replaceAll('""', '"') };
  if (word !== undefined) return { word };
  return number !== undefined ? { number: Number(number) } : { sign };
}

function peek(cursor: Cursor): Token {
  const { at } = cursor;
  const token = next(cursor);
  cursor.at = at;
  return token;
}

export function wktError(text: string, why: string): Error {
  const head = text.trim().replaceAll(/\s+/g, " ").slice(0, 60);
  return inputError(`the WKT "${head}…" cannot be read: ${why}`);
}

export function childNamed(node: WktNode, ...keywords: string[]): WktNode | undefined {
  return node.children.find(({ keyword }) => keywords.includes(keyword));
}

export function childrenNamed(node: WktNode, ...keywords: string[]): WktNode[] {
  return node.children.filter(({ keyword }) => keywords.includes(keyword));
}
