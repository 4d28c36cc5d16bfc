/** The zip file that a Lambda function is made from: the binary, named `bootstrap`, executable. */
import fs from "node:fs";
import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";
import { writeAtomic } from "../../core/files/atomic.ts";
import { inputError } from "../../core/errors.ts";
import { formatBytes } from "../../core/units.ts";
import { UNPACKED_LIMIT_BYTES } from "./lambda_template.ts";

/** 1980-01-01, so that equal binaries make equal packages. */
const DOS_DATE = 0x21;
const MADE_BY_UNIX = 3 << 8 | 20;
const EXECUTABLE = (0o100755 << 16) >>> 0;

/** Writes the package; returns its size and what it unpacks to. Throws where Lambda would refuse it. */
export function writeLambdaPackage(binary: string, file: string): { packed: number; unpacked: number } {
  const bytes = fs.readFileSync(binary);
  if (bytes.length > UNPACKED_LIMIT_BYTES) {
    throw inputError(
      `${binary}: ${formatBytes(bytes.length)} are more than Lambda unpacks (${
        formatBytes(UNPACKED_LIMIT_BYTES)
      }); make a container image with it instead`,
    );
  }
  const name = Buffer.from("bootstrap");
  const packed = deflateRawSync(bytes, { level: 6 });
  const sum = crc32(bytes);
  // PKWARE's APPNOTE, 4.3.7 and 4.3.12; version 2.0, deflate.
  const common = (record: Buffer, at: number) => {
    record.writeUInt16LE(20, at);
    record.writeUInt16LE(8, at + 4);
    record.writeUInt16LE(DOS_DATE, at + 8);
    record.writeUInt32LE(sum, at + 10);
    record.writeUInt32LE(packed.length, at + 14);
    record.writeUInt32LE(bytes.length, at + 18);
    record.writeUInt16LE(name.length, at + 22);
  };
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  common(local, 4);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(MADE_BY_UNIX, 4);
  common(central, 6);
  central.writeUInt32LE(EXECUTABLE, 38);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + packed.length, 16);
  const parts = [local, name, packed, central, name, end];
  writeAtomic(file, (write) => parts.forEach(write));
  return { packed: parts.reduce((total, part) => total + part.length, 0), unpacked: bytes.length };
}
