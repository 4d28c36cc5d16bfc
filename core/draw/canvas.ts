/** An opaque picture and how coverage is laid over it. Pixels count from the top left. */

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A rectangle of whole pixels; right and bottom are exclusive. */
export interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** How much of each pixel of a rectangle a shape covers, 0 to 1, row by row. */
export interface Mask extends Rectangle {
  coverage: Float32Array;
}

export class Canvas {
  /** RGB, three bytes a pixel, row by row. */
  readonly pixels: Uint8ClampedArray;

  constructor(readonly width: number, readonly height: number, background: Colour) {
    this.pixels = new Uint8ClampedArray(width * height * 3);
    this.fill({ left: 0, top: 0, right: width, bottom: height }, background);
  }

  fill({ left, top, right, bottom }: Rectangle, colour: Colour): void {
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) this.pixels.set(colour, 3 * (y * this.width + x));
    }
  }

  /** Puts another picture over this one, its top left at (left, top); what lies outside is left out. */
  place(other: Canvas, left: number, top: number): void {
    const columns = Math.min(other.width, this.width - left);
    for (let y = 0; y < other.height && top + y < this.height; y++) {
      const from = 3 * y * other.width;
      this.pixels.set(other.pixels.subarray(from, from + 3 * columns), 3 * ((top + y) * this.width + left));
    }
  }

  /** Lays a colour over one pixel with an opacity of 0 to 1. */
  blend(x: number, y: number, colour: Colour, opacity: number): void {
    const at = 3 * (y * this.width + x);
    const { pixels } = this;
    pixels[at] += (colour[0] - pixels[at]) * opacity;
    pixels[at + 1] += (colour[1] - pixels[at + 1]) * opacity;
    pixels[at + 2] += (colour[2] - pixels[at + 2]) * opacity;
  }

  /** Lays a colour over the picture through a mask. */
  paint(mask: Mask, colour: Colour, opacity = 1): void {
    const columns = mask.right - mask.left;
    const top = Math.max(0, mask.top), bottom = Math.min(this.height, mask.bottom);
    const left = Math.max(0, mask.left), right = Math.min(this.width, mask.right);
    for (let y = top; y < bottom; y++) {
      const row = (y - mask.top) * columns - mask.left;
      for (let x = left; x < right; x++) {
        const coverage = mask.coverage[row + x];
        if (coverage > 0) this.blend(x, y, colour, coverage * opacity);
      }
    }
  }
}
