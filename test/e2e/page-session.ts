/// <reference lib="dom" />
// What is evaluated in the page sees a browser's globals.
import type { Browser, Page } from 'playwright-core';

/** How long a part of the page may take to come; the machine may be busy with other tests. */
export const visible = { state: 'visible', timeout: 20_000 } as const;

export interface PageSession {
  page: Page;
  /** Errors of scripts and console, requests that failed; a view that is fine has none. */
  problems: string[];
  /** Opens a path of the page, such as `logs?range=15m`, as a new visit. */
  visit: (path: string) => Promise<void>;
}

export async function openSession(browser: Browser, url: string): Promise<PageSession> {
  const page = await browser.newPage({
    viewport: { width: 1440, height: 1000 },
    acceptDownloads: true,
  });
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText ?? '';
    // The page gives up requests whose answer nobody waits for any more.
    if (reason !== 'net::ERR_ABORTED') problems.push(`${request.url()}: ${reason}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.url()}: ${response.status()}`);
  });
  const visit = async (path: string): Promise<void> => {
    await page.goto(`${url}/${path}`);
  };
  return { page, problems, visit };
}

/** Waits until the address holds a text. */
export async function addressHolds(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => location.href.includes(wanted), text, {
    timeout: visible.timeout,
  });
}

export type Tone = 'any' | 'amber' | 'red' | 'blue';

/** How many pixels of one canvas are painted, in one of the page's tones. */
export async function paintedPixels(page: Page, selector: string, tone: Tone): Promise<number> {
  return page
    .locator(selector)
    .first()
    .evaluate((element, wanted) => {
      if (!(element instanceof HTMLCanvasElement)) return 0;
      const { width, height } = element;
      const pixels = element.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
      let count = 0;
      for (let at = 0; at < pixels.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = pixels.slice(at, at + 4);
        const isTone =
          wanted === 'any' ||
          (wanted === 'blue' && blue > red + 40) ||
          (wanted === 'red' && red > green + 80 && red > blue + 80 && green < 120) ||
          (wanted === 'amber' && red > blue + 80 && green > blue + 40);
        if (alpha > 40 && isTone) count += 1;
      }
      return count;
    }, tone);
}
