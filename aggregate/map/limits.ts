/** Sizes of pictures; apart, because the command line states them before anything is drawn. */

export const DEFAULT_WIDTH = 1200;
export const WIDTH_LIMITS = { least: 300, most: 8000 } as const;
