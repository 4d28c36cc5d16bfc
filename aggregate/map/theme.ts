/** The colours of a map around its data. */
import type { Colour } from "../../core/draw/canvas.ts";

export const PAPER: Colour = [255, 255, 255];
export const SEA: Colour = [238, 243, 247];
export const LAND: Colour = [222, 221, 216];
export const COAST: Colour = [110, 116, 124];
export const INK: Colour = [34, 40, 49];
export const MUTED: Colour = [92, 100, 112];
export const GRID: Colour = [60, 75, 95];
