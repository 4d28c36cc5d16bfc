/** Object headers, both versions: the messages that describe a group or dataset (section IV.A.1). */
import { verifyChecksum } from "./checksum.ts";
import { type Cursor, damaged, type FileBytes, UNDEFINED, UnsupportedHdf5 } from "./cursor.ts";

/** Message types used here (section IV.A.2). */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  oldFill: 0x04,
  fill: 0x05,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

interface Message {
  readonly type: number;
  readonly shared: boolean;
  /** Its content, for a cursor `as` what it is. */
  readonly body: Cursor;
}

/** An object's messages, in the order of the file. */
export class ObjectHeader {
  constructor(readonly file: FileBytes, readonly address: number, readonly messages: readonly Message[]) {}

  has(type: number): boolean {
    return this.first(type) !== undefined;
  }

  /** A cursor over the first message of a type, shared ones resolved; undefined where there is none. */
  message(type: number, what: string): Cursor | undefined {
    const message = this.first(type);
    return message && openMessage(message, what);
  }

  /** The first message of a type as it is stored. */
  first(type: number): Message | undefined {
    for (const message of this.messages) if (message.type === type) return message;
    return undefined;
  }
}

/** Blocks that one header may continue into; a longer chain is damage. */
const MOST_BLOCKS = 1024;

/** A block of messages holds at most 64 KiB each; past this size it is damage. */
const MOST_BLOCK_BYTES = 16 << 20;

/** A first read that holds most headers whole. */
const FIRST_READ_BYTES = 512;

/** Reads the object header at `address`. */
export function readObjectHeader(file: FileBytes, address: number): ObjectHeader {
  const head = file.upTo(address, FIRST_READ_BYTES, "object header");
  if (head.peek() === 0x4f) return readVersion2(file, address, head);
  return readVersion1(file, address, head);
}

interface Block {
  address: number;
  length: number;
}

function readVersion1(file: FileBytes, address: number, head: Cursor): ObjectHeader {
  const version = head.u8();
  if (version !== 1) throw head.damage(`has the version ${version}`);
  head.skip(1);
  const count = head.u16();
  head.skip(4);
  const size = head.u32();
  const messages: Message[] = [];
  const blocks: Block[] = [{ address: address + 16, length: size }];
  for (let i = 0; i < blocks.length; i += 1) {
    const cursor = openBlock(file, blocks[i]);
    while (cursor.left >= 8 && messages.length < count) {
      const type = cursor.u16();
      const length = cursor.u16();
      const flags = cursor.u8();
      cursor.skip(3);
      addMessage(messages, blocks, type, flags, cursor.part(length, "object header"));
    }
  }
  return new ObjectHeader(file, address, messages);
}

function readVersion2(file: FileBytes, address: number, head: Cursor): ObjectHeader {
  head.signature("OHDR").version(2);
  const flags = head.u8();
  if (flags & 0x20) head.skip(16);
  if (flags & 0x10) head.skip(4);
  const size = head.uint(1 << (flags & 3));
  const first = head.place;
  const messages: Message[] = [];
  const blocks: Block[] = [{ address, length: first + size + 4 }];
  for (let i = 0; i < blocks.length; i += 1) {
    const cursor = openBlock(file, blocks[i]);
    if (i === 0) cursor.skip(first);
    else cursor.signature("OCHK");
    const end = cursor.place + cursor.left - 4;
    const headBytes = flags & 0x04 ? 6 : 4;
    while (end - cursor.place >= headBytes) {
      const type = cursor.u8();
      const length = cursor.u16();
      const messageFlags = cursor.u8();
      if (flags & 0x04) cursor.skip(2);
      if (length > end - cursor.place) throw cursor.damage("has a message past its end");
      addMessage(messages, blocks, type, messageFlags, cursor.part(length, "object header"));
    }
    cursor.skip(end - cursor.place);
    verifyChecksum(cursor);
  }
  return new ObjectHeader(file, address, messages);
}

/** A cursor over a copy: messages are kept. */
function openBlock(file: FileBytes, { address, length }: Block): Cursor {
  if (length > MOST_BLOCK_BYTES) {
    throw damaged(file.name, `an object header at ${address} states ${length} bytes`);
  }
  return file.copyOf(address, length, "object header");
}

function addMessage(messages: Message[], blocks: Block[], type: number, flags: number, body: Cursor): void {
  messages.push({ type, shared: (flags & 0x02) !== 0, body });
  if (type !== MESSAGE.continuation) return;
  const block = { address: body.address(), length: body.length() };
  if (blocks.length >= MOST_BLOCKS || blocks.some(({ address }) => address === block.address)) {
    throw body.damage("continues into itself");
  }
  blocks.push(block);
}

/** A cursor over a message's content; a shared message is read from the object that holds it. */
export function openMessage(message: Message, what: string): Cursor {
  const body = message.body.as(what);
  return message.shared ? openShared(body, message.type, what) : body;
}

/** Follows a shared message (section IV.A.2, "Shared Message") to a committed datatype. */
export function openShared(cursor: Cursor, type: number, what: string): Cursor {
  const { file } = cursor;
  const version = cursor.version(1, 2, 3);
  const kind = cursor.u8();
  if (version === 1) cursor.skip(6);
  if (version === 3 && kind !== 2) throw new UnsupportedHdf5("messages in a shared message heap");
  const address = cursor.address();
  if (address === UNDEFINED) throw cursor.damage("is shared with nothing");
  const found = readObjectHeader(file, address).first(type);
  if (!found || found.shared) throw cursor.damage("is shared with an object that has none");
  return found.body.as(what);
}
