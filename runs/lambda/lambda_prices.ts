/**
 * Amazon's list prices in US dollars, of us-west-2 and us-east-1, as its pages of prices for Lambda and S3 had them in
 * 2026. The free share is not counted, nor what somebody has agreed with Amazon.
 */

/** A GB of memory for a second, by processor; and a call. */
export const LAMBDA_PRICES = {
  gigabyteSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 },
  request: 0.0000002,
} as const;

/** A GET request of S3. */
export const S3_GET_PRICE = 0.0000004;
