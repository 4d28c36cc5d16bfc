/** The area that a selection is asked under: a box, or a geometry. */
import { inputError } from "../errors.ts";
import { type Coverage, coverMixed, coverShapeNumbers } from "../cells/coverage.ts";
import type { LatitudeConvention } from "../cells/convention.ts";
import { addGeometry, shapeFromGeometry } from "../cells/geojson_shape.ts";
import { shapesIntersect } from "../cells/intersect.ts";
import { type Shape, ShapeBuilder } from "../cells/shape.ts";
import { type Geometry, singleParts } from "./geometry.ts";

/** An area as plain data: a box in degrees (west > east crosses the antimeridian), or a geometry. */
export type AreaSpec =
  | { readonly bbox: readonly [west: number, south: number, east: number, north: number] }
  | { readonly name: string; readonly geometry: Geometry; readonly region?: string };

/** An area on the ground: cells for selecting, and an exact test of footprints. */
export interface Area {
  readonly spec: AreaSpec;
  /** For messages: `box 1,2,3,4`, a file's name. */
  readonly name: string;
  /** Nested ids at `order` (0 to 24) of the cells that the area touches, ascending. */
  cells(order: number, convention: LatitudeConvention): Float64Array;
  /** The same at any order up to `order`: those inside, and those that an edge may touch. */
  cover(order: number, convention: LatitudeConvention): Coverage;
  /** Whether a footprint, its edges straight in longitude and latitude, touches the area. */
  meets(footprint: Geometry): boolean;
}

/** An area of whatever `add` puts into a shape. */
function areaOf(name: string, spec: AreaSpec, add: (builder: ShapeBuilder) => void): Area {
  const shapes = new Map<LatitudeConvention, Shape>();
  const shapeIn = (convention: LatitudeConvention): Shape => {
    let shape = shapes.get(convention);
    if (shape === undefined) {
      const builder = new ShapeBuilder({ edges: "planar", convention });
      add(builder);
      shapes.set(convention, shape = builder.build());
    }
    return shape;
  };
  return {
    name,
    spec,
    cover: (order, convention) => coverMixed(shapeIn(convention), order),
    cells: (order, convention) => coverShapeNumbers(shapeIn(convention), order),
    meets: (footprint) =>
      shapesIntersect(shapeIn("authalic"), shapeFromGeometry(footprint, { edges: "planar" })),
  };
}

/** A box in degrees along parallels and meridians; `west` > `east` crosses the antimeridian. */
export function boxArea(west: number, south: number, east: number, north: number): Area {
  const name = `box ${west},${south},${east},${north}`;
  const sound = Math.abs(west) <= 360 && Math.abs(east) <= 360 && south >= -90 && north <= 90 &&
    south <= north;
  if (!sound) {
    throw inputError(`${name}: is not a box (wanted west,south,east,north in degrees, south at most north)`);
  }
  return areaOf(
    name,
    { bbox: [west, south, east, north] },
    (builder) => builder.box(west, south, east, north),
  );
}

/** `west,south,east,north` as a user writes it. */
export function parseBox(text: string): Area {
  const parts = text.split(",").map((part) => part.trim());
  const numbers = parts.map(Number);
  if (parts.length !== 4 || parts.some((part, i) => part === "" || !Number.isFinite(numbers[i]))) {
    throw inputError(`box "${text}" is not four numbers (wanted west,south,east,north in degrees)`);
  }
  return boxArea(...numbers as [number, number, number, number]);
}

/** An area of any geometry; `region` is the name under which granary has it itself. */
export function geometryArea(name: string, geometry: Geometry, region?: string): Area {
  if (singleParts(geometry).next().done) throw inputError(`${name}: holds no polygon`);
  return areaOf(
    name,
    { name, geometry, ...(region === undefined ? {} : { region }) },
    (builder) => addGeometry(builder, geometry),
  );
}

/** The area that plain data says. */
export function areaFrom(spec: AreaSpec): Area {
  return "bbox" in spec ? boxArea(...spec.bbox) : geometryArea(spec.name, spec.geometry, spec.region);
}
