/** A real browser without a screen: Debian's Chromium, driven by playwright-core. */
import fs from "node:fs";
import { type Browser, chromium, type Page, type Response } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

export const hasBrowser: boolean = fs.existsSync(CHROMIUM);

/** A page, and all that it complained of. */
export interface OpenPage {
  page: Page;
  /** Warnings and errors of the console, errors that nothing caught, requests that failed. */
  complaints: string[];
}

export async function inBrowser(body: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    timeout: 60_000,
  });
  try {
    await body(browser);
  } finally {
    await browser.close();
  }
}

/** Opens an address; `onResponse` hears of every answer from the first on. */
export async function openPage(
  browser: Browser,
  url: string,
  onResponse: (response: Response) => void = () => {},
): Promise<OpenPage> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on("response", onResponse);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // Tiles of a view that is left are given up.
    if (reason !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${reason}`);
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (/^https?:$/.test(protocol) && origin !== new URL(url).origin) {
      complaints.push(`asked elsewhere: ${request.url()}`);
    }
  });
  await page.goto(url);
  return { page, complaints };
}
