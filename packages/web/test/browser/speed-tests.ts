import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { PageHarness } from './page-harness.ts';

interface ManifestChunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
}

const maxFirstScriptBytes = 350 * 1024;
const visible = { state: 'visible', timeout: 20_000 } as const;

export function speedTests(harness: () => Promise<PageHarness>): void {
  test('the first view needs less than 350 KiB of script, compressed', async () => {
    const text = await readFile(join((await harness()).dist, 'manifest.json'), 'utf8');
    const manifest = JSON.parse(text) as Record<string, ManifestChunk>;
    const wanted = new Set<string>();
    const add = (name: string): void => {
      const chunk = manifest[name];
      if (chunk === undefined || wanted.has(chunk.file)) return;
      wanted.add(chunk.file);
      chunk.imports?.forEach(add);
    };
    for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry === true) add(name);
    let bytes = 0;
    for (const file of wanted)
      bytes += gzipSync(await readFile(join((await harness()).dist, file))).length;
    expect(wanted.size).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(50 * 1024);
    expect(bytes).toBeLessThan(maxFirstScriptBytes);
  });

  test('5,000 tanks are painted well within a frame while they are scrolled', async () => {
    const { page } = await (await harness()).open({ mock: { tanks: 5000 } });
    await page.locator('.tank-viewport canvas').waitFor(visible);
    await page.waitForTimeout(500);
    const times = await page.evaluate(async () => {
      const viewport = document.querySelector('.tank-viewport');
      if (viewport === null) return [];
      performance.clearMeasures();
      for (let step = 0; step < 90; step += 1) {
        viewport.scrollTop = (step % 45) * 60;
        await new Promise(requestAnimationFrame);
      }
      return performance.getEntriesByName('plimsoll-tanks').map((entry) => entry.duration);
    });
    expect(times.length).toBeGreaterThan(40);
    const sorted = times.toSorted((a, b) => a - b);
    // A frame is 16.7 ms; a machine that is busy with other tests may be several times slower.
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(12);
  });

  test('what is not changed is not painted again', async () => {
    const { page } = await (await harness()).open({ mock: { tanks: 5000 } });
    await page.locator('.tank-viewport canvas').waitFor(visible);
    await page.waitForTimeout(800);
    const painted = await page.evaluate(async () => {
      performance.clearMeasures();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return performance.getEntriesByName('plimsoll-tanks').length;
    });
    expect(painted).toBeLessThanOrEqual(2);
  });

  test('100,000 log lines scroll as lightly as 2,000, with a few dozen of them in the page', async () => {
    const { page } = await (
      await harness()
    ).open({
      path: 'logs?range=6h',
      mock: { logGapMs: 40, liveLines: false },
    });
    await page.locator('.log-row').first().waitFor(visible);
    const result = await page.evaluate(async () => {
      const list = document.querySelector('.log-list');
      if (list === null) return null;
      const fill = async (lines: number): Promise<void> => {
        const deadline = performance.now() + 60_000;
        while (list.scrollHeight < lines * 22 && performance.now() < deadline) {
          list.scrollTop = list.scrollHeight;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      };
      /** Half of all frames of a quick scroll take at most this long. */
      const medianFrame = async (): Promise<number> => {
        const frames: number[] = [];
        list.scrollTop = 0;
        let last = performance.now();
        for (let step = 0; step < 60; step += 1) {
          list.scrollTop += 300;
          await new Promise(requestAnimationFrame);
          const now = performance.now();
          frames.push(now - last);
          last = now;
        }
        return frames.toSorted((x, y) => x - y)[30] ?? Infinity;
      };
      await fill(2000);
      const few = await medianFrame();
      await fill(100_000);
      const many = await medianFrame();
      return {
        height: list.scrollHeight,
        rows: document.querySelectorAll('.log-row').length,
        few,
        many,
      };
    });
    expect(result?.height).toBeGreaterThanOrEqual(100_000 * 22);
    expect(result?.rows).toBeLessThan(120);
    // A ratio, because the machine may be busy with other tests; a frame is at least 16.7 ms.
    expect((result?.many ?? Infinity) / Math.max(result?.few ?? 0, 16.7)).toBeLessThan(3);
  }, 90_000);
}
