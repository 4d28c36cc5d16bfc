/**
 * What clouds take for work, in US dollars. Those that are built in are Amazon's list prices; somebody's own come from a file
 * (`read_prices.ts`). The free share is not counted.
 */
import type { LambdaBill } from "./lambda/lambda_bill.ts";

/** A bill with what it comes to. */
export interface PricedBill extends LambdaBill {
  /** Null where a price of it is not known. */
  dollars: number | null;
  /** Whose prices, where and when. */
  prices: string;
}

/** Prices, and what they are; null is a price that is not known. */
export interface Prices {
  /** For messages: where and when they hold, and who says so. */
  readonly region: string;
  readonly date: string;
  readonly source: string;
  /** A GB of memory for a second, by processor. */
  readonly lambdaGigabyteSecond: { readonly arm64: number | null; readonly x86_64: number | null };
  /** A call of a function. */
  readonly lambdaRequest: number | null;
  /** A GET request of S3. */
  readonly s3Get: number | null;
}

export const LIST_PRICES: Prices = {
  region: "us-west-2 and us-east-1",
  date: "2026",
  source: "Amazon's list prices",
  lambdaGigabyteSecond: { arm64: 0.0000133334, x86_64: 0.0000166667 },
  lambdaRequest: 0.0000002,
  s3Get: 0.0000004,
};

/** What work takes: amounts to be paid for. */
interface PaidWork {
  gigabyteSeconds: number;
  architecture: keyof Prices["lambdaGigabyteSecond"];
  calls: number;
  gets: number;
}

/** Dollars for work; null where a price of something that it takes is not known. */
export function dollarsFor(
  { gigabyteSeconds, architecture, calls, gets }: PaidWork,
  prices: Prices,
): number | null {
  const amounts: [number, number | null][] = [
    [gigabyteSeconds, prices.lambdaGigabyteSecond[architecture]],
    [calls, prices.lambdaRequest],
    [gets, prices.s3Get],
  ];
  let sum = 0;
  for (const [amount, price] of amounts) {
    if (amount === 0) continue;
    if (price === null) return null;
    sum += amount * price;
  }
  return sum;
}

/** What a bill comes to. The log of a function does not tell its processor: x86, which costs more, is taken. */
export function priced(bill: LambdaBill, prices: Prices): PricedBill {
  const { gigabyteSeconds, invocations } = bill;
  const dollars = dollarsFor(
    { gigabyteSeconds, architecture: "x86_64", calls: invocations, gets: 0 },
    prices,
  );
  return { ...bill, dollars, prices: pricesText(prices) };
}

/** `$0.0123`, or that it is unknown, with the prices that it goes by. */
export function dollarsText(dollars: number | null, prices: string): string {
  if (dollars === null) return `unknown in dollars (${prices}: a price is missing)`;
  return `about $${dollars.toPrecision(2)} (${prices})`;
}

/** `Amazon's list prices, us-west-2, 2026`. */
export function pricesText({ source, region, date }: Prices): string {
  return `${source}, ${region}, ${date}`;
}
