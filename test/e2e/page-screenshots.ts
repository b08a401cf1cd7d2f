import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';

const sizes = [
  { name: 'wide', width: 1440, height: 1000 },
  { name: 'narrow', width: 390, height: 844 },
];
const colours = ['light', 'dark'] as const;
/** Pictures are taken of a page at rest: fonts, the first answers and the charts are drawn by then. */
const restMs = 1500;

/** Every view at both sizes in both colours, as `<folder>/<view>-<size>-<colour>.png`. */
export async function takeScreenshots(
  browser: Browser,
  options: { folder: string; url: string; views: Record<string, string> },
): Promise<void> {
  mkdirSync(options.folder, { recursive: true });
  for (const size of sizes) {
    for (const colorScheme of colours) {
      const page = await browser.newPage({ viewport: size, colorScheme });
      for (const [name, path] of Object.entries(options.views)) {
        await page.goto(`${options.url}/${path}`);
        await page.locator('.panel:visible').first().waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        await page.waitForTimeout(restMs);
        await page.screenshot({
          path: join(options.folder, `${name}-${size.name}-${colorScheme}.png`),
        });
      }
      await page.close();
    }
  }
}
