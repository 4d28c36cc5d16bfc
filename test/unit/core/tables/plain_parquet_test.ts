import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { openDuck } from "../../../../core/tables/duckdb.ts";
import { NotPlainError, valuesOf } from "../../../../core/tables/parquet_columns.ts";
import { isNotPlain, type PlainKind, PlainParquet } from "../../../../core/tables/plain_parquet.ts";
import { withFolder } from "../../catalog/sample.ts";

/** A column as DuckDB makes it of `i`, and how its values are told in text. */
const COLUMNS: Readonly<Record<string, { kind: PlainKind; sql: string }>> = {
  few: { kind: "text", sql: "'name ' || (i % 7)" },
  one: { kind: "text", sql: "'only'" },
  runs: { kind: "text", sql: "'run ' || (i // 100)" },
  many: { kind: "text", sql: "'é😀 ' || hash(i)" },
  empty: { kind: "text", sql: "''" },
  gaps: { kind: "text", sql: "if(hash(i) % 3 = 0, NULL, 'x' || (i % 40))" },
  longGaps: { kind: "text", sql: "if((i // 500) % 2 = 0, NULL, 'y' || i)" },
  none: { kind: "text", sql: "NULL::VARCHAR" },
  int32: { kind: "int32", sql: "((hash(i) % 4000000000)::BIGINT - 2000000000)::INTEGER" },
  small: { kind: "uint8", sql: "(i % 3)::UTINYINT" },
  uint32: { kind: "uint32", sql: "(hash(i) % 4294967296)::UINTEGER" },
  int64: { kind: "int64", sql: "if(i % 11 = 0, NULL, (hash(i) >> 1)::BIGINT - 4611686018427387904)" },
  uint64: { kind: "uint64", sql: "hash(i)::UBIGINT" },
  coded: { kind: "uint64", sql: "(hash(i % 9) >> 2)::UBIGINT" },
  double: { kind: "double", sql: "if(i % 5 = 0, NULL, hash(i) / 7.0)::DOUBLE" },
  moment: {
    kind: "timestamp",
    sql: "make_timestamptz((hash(i) % 4000000000000000)::BIGINT - 1000000000000000)",
  },
};

const select = (rows: number) =>
  `SELECT ${
    Object.entries(COLUMNS).map(([name, { sql }]) => `${sql} AS "${name}"`).join(", ")
  } FROM range(${rows}) AS t(i)`;

/** Values as DuckDB casts them to text, which it reads from the file. */
const ASKED = Object.entries(COLUMNS).map(([name, { kind }]) =>
  kind === "timestamp" ? `epoch_us("${name}")::VARCHAR` : `"${name}"::VARCHAR`
).join(", ");

function told(kind: PlainKind, value: number | bigint | string | null): string | null {
  if (value === null || typeof value === "string") return value;
  if (kind === "uint64") return String(BigInt.asUintN(64, value as bigint));
  return String(kind === "uint32" ? (value as number) >>> 0 : value);
}

Deno.test("columns of any rows are what DuckDB reads of them, in every row group", async () => {
  await withFolder(async (folder) => {
    const duck = await openDuck({ threads: 1 });
    const file = path.join(folder, "a.parquet");
    const property = fc.asyncProperty(
      fc.constantFrom(0, 1, 7, 2048, 5000, 9999),
      fc.boolean(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (rows, areGroups, a, b) => {
        const groups = areGroups ? ", ROW_GROUP_SIZE 2048" : "";
        await duck.connection.run(
          `COPY (${
            select(rows)
          }) TO '${file}' (FORMAT parquet, COMPRESSION zstd${groups}, KV_METADATA {k: 'é'})`,
        );
        const reader = await duck.connection.runAndReadAll(`SELECT ${ASKED} FROM read_parquet('${file}')`);
        const wanted = reader.getRows();
        const plain = PlainParquet.open(file);
        try {
          assert.deepEqual(plain.keys, [["k", "é"]]);
          let first = 0;
          plain.groups.forEach((group, number) => {
            const [from, to] = [a, b].map((share) => Math.round(share * group.rows)).sort((a, b) => a - b);
            Object.entries(COLUMNS).forEach(([name, { kind }], column) => {
              for (const some of [undefined, { from, to }]) {
                const own = wanted.slice(first + (some?.from ?? 0), first + (some?.to ?? group.rows));
                const found = plain.read(number, name, kind, "o", some);
                const values = valuesOf<number | bigint | string>(found, 1).map((value) => told(kind, value));
                if (kind === "double") {
                  assert.deepEqual(
                    values.map(asNumber),
                    own.map((row) => asNumber(row[column])),
                  );
                } else assert.deepEqual(values, own.map((row) => row[column]), name);
                assert.equal(found.hasGaps, values.includes(null), name);
              }
            });
            first += group.rows;
          });
          assert.equal(first, rows);
        } finally {
          plain.close();
        }
      },
    );
    try {
      await fc.assert(property, { seed: 7, numRuns: 12 });
    } finally {
      duck.close();
    }
  });
});

const asNumber = (text: unknown) => text === null ? null : Number(text);

Deno.test("what another codec or encoding made, and what is not as it says, is not plain", async () => {
  await withFolder(async (folder) => {
    const duck = await openDuck({ threads: 1 });
    const written = async (query: string, options: string) => {
      const file = path.join(folder, "b.parquet");
      await duck.connection.run(`COPY (${query}) TO '${file}' (FORMAT parquet${options})`);
      return file;
    };
    const read = (file: string) => {
      const plain = PlainParquet.open(file);
      try {
        return valuesOf(plain.read(0, "n", "int64"), 1);
      } finally {
        plain.close();
      }
    };
    const numbers = "SELECT i AS n FROM range(3000) AS t(i)";
    try {
      const file = await written(numbers, ", COMPRESSION zstd");
      assert.equal(read(file).length, 3000);
      const bytes = fs.readFileSync(file);
      // Each byte of a page and of the footer: other values, or none, but never a failure of another kind.
      const metadata = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
      for (
        const at of [
          4,
          5,
          8,
          20,
          30,
          40,
          ...Array.from({ length: 60 }, (_, i) => metadata + i),
          bytes.length - 8,
        ]
      ) {
        const broken = Uint8Array.from(bytes);
        broken[at] ^= 0xff;
        fs.writeFileSync(file, broken);
        try {
          read(file);
        } catch (error) {
          assert.ok(isNotPlain(error), `byte ${at}: ${error}`);
        }
      }
      fs.writeFileSync(file, bytes.subarray(0, 100));
      assert.throws(() => read(file), NotPlainError);
      for (
        const [query, options] of [
          [numbers, ", COMPRESSION snappy"],
          [numbers, ", COMPRESSION gzip"],
          [numbers, ", COMPRESSION uncompressed"],
          [numbers, ", COMPRESSION zstd, PARQUET_VERSION v2"],
          ["SELECT i::INTEGER AS n FROM range(9) AS t(i)", ", COMPRESSION zstd"],
          ["SELECT i AS m FROM range(9) AS t(i)", ", COMPRESSION zstd"],
          ["SELECT [i] AS n FROM range(9) AS t(i)", ", COMPRESSION zstd"],
          ["SELECT i AS n, i::DECIMAL(9, 2) AS d FROM range(9) AS t(i)", ", COMPRESSION zstd"],
        ]
      ) {
        const file = await written(query, options);
        assert.throws(() => read(file), NotPlainError, options);
      }
      assert.throws(() => read(path.join(folder, "none")), isNotPlain);
    } finally {
      duck.close();
    }
  });
});

Deno.test("a few bytes that would be much memory, by their text or by their rows, are not plain", async () => {
  await withFolder(async (folder) => {
    const duck = await openDuck({ threads: 1 });
    const file = path.join(folder, "c.parquet");
    try {
      for (
        const query of [
          "SELECT repeat('x', 60000000) AS n",
          "SELECT NULL::VARCHAR AS n FROM range(1900000) AS t(i)",
        ]
      ) {
        await duck.connection.run(
          `COPY (${query}) TO '${file}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2000000)`,
        );
        assert.ok(fs.statSync(file).size < 50_000);
        const plain = PlainParquet.open(file);
        const read = () => plain.read(0, "n", "text");
        try {
          // All that is read of a file counts.
          for (let i = 0; i < 4; i++) read();
          assert.throws(read, NotPlainError, query);
        } finally {
          plain.close();
        }
      }
    } finally {
      duck.close();
    }
  });
});
