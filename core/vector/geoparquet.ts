/** GeoParquet files as features in degrees. DuckDB reads the rows; no extension of it is needed. */
import { inputError } from "../errors.ts";
import type { Geometry } from "../geometry/geometry.ts";
import { asObject } from "../json_value.ts";
import { openDuck, sqlName, sqlString } from "../tables/duckdb.ts";
import { type Feature, propertyOf } from "./feature.ts";
import { geometryColumn } from "./geometry_column.ts";

/** Rows with a geometry; damaged geometries are an error, since an area without them would be another. */
export async function readGeoParquet(
  file: string,
  toleranceDegrees: number,
  note: (message: string) => void,
): Promise<Feature[]> {
  const duck = await openDuck();
  try {
    const source = `read_parquet(${sqlString(file)})`;
    const ask = async (sql: string) => {
      try {
        return (await duck.connection.runAndReadAll(sql)).getRowsJS();
      } catch (error) {
        throw inputError(`${file}: cannot be read as Parquet (${(error as Error).message.split("\n")[0]})`);
      }
    };
    const columns = new Map(
      (await ask(`DESCRIBE SELECT * FROM ${source}`)).map((row) => [String(row[0]), String(row[1])]),
    );
    const [geo] = await ask(
      `SELECT decode(value) FROM parquet_kv_metadata(${sqlString(file)}) WHERE key = 'geo'::BLOB`,
    );
    const shapes = geometryColumn(
      geo === undefined ? undefined : parsed(String(geo[0]), file),
      file,
      columns,
      (what, column) => note(`${column}: ${what}`),
      toleranceDegrees,
    );
    if (shapes.sql === "NULL::BLOB") {
      throw inputError(`${file}: has no column of geometries (it has ${[...columns.keys()].join(", ")})`);
    }
    const plain = [...columns].filter(([name, type]) => name !== shapes.name && PLAIN.test(type));
    const selected = [shapes.sql, ...plain.map(([name]) => sqlName(name))].join(", ");
    const features: Feature[] = [];
    for (const [shape, ...values] of await ask(`SELECT ${selected} FROM ${source}`)) {
      const geometry = shapes.read(shape);
      if (geometry === null) continue;
      if (!isGeometry(geometry)) {
        throw inputError(`${file}: row ${features.length + 1}: its geometry is damaged`);
      }
      const properties = plain.map(([name], i) => [name, propertyOf(values[i])]);
      features.push({ geometry, properties: Object.fromEntries(properties) });
    }
    return features;
  } finally {
    duck.close();
  }
}

/** Types of which a feature keeps the values. */
const PLAIN = /^(VARCHAR|BOOLEAN|U?(TINY|SMALL|BIG)?INT(EGER)?|FLOAT|DOUBLE)$/;

function isGeometry(value: Geometry | Record<string, never>): value is Geometry {
  return "type" in value;
}

function parsed(text: string, file: string): unknown {
  try {
    return asObject(JSON.parse(text));
  } catch {
    throw inputError(`${file}: its GeoParquet metadata is not JSON`);
  }
}
