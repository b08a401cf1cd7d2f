/**
 * From the start of the command on an empty data folder to the first page that shows data of this
 * host, and the same again on the folder that is then there. Times are wall time.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetSummary, LogPage } from '@plimsoll/model/api';
import { chromium } from 'playwright-core';
import { browserArguments, browserPath } from '../../harness/browser.ts';
import { eventually } from '../../harness/eventually.ts';
import { startPlimsoll } from '../../harness/plimsoll-process.ts';
import type { Report } from '../report.ts';

const api = '/api/plimsoll/v1';
const deadlineMs = 60_000;

export default { name: 'startup', run };

async function run(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-startup-'));
  try {
    mkdirSync(join(folder, 'logs'));
    writeFileSync(join(folder, 'logs', 'app.log'), 'level=info msg="first line"\n'.repeat(100));
    for (const name of ['empty data folder', 'existing data folder']) {
      await measure(report, folder, name);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(report: Report, folder: string, name: string): Promise<void> {
  const start = performance.now();
  const elapsed = (metric: string): void =>
    report({ case: name, metric, value: performance.now() - start, unit: 'ms' });
  const plimsoll = await startPlimsoll({
    folder,
    config: { collector: { logs: { files: [join(folder, 'logs', '*.log')] } } },
  });
  try {
    elapsed('ready_milliseconds');
    await eventually('a line', deadlineMs, async () => {
      const page = await plimsoll.get<LogPage>(`${api}/logs?from=now-1h&to=now&limit=1`);
      return page.items.length > 0;
    });
    elapsed('first_line_milliseconds');
    await eventually('a sample', deadlineMs, async () => {
      const fleet = await plimsoll.get<FleetSummary>(`${api}/fleet`);
      return fleet.hosts > 0 && fleet.pipeline.data_age_seconds !== null;
    });
    elapsed('first_sample_milliseconds');
    if (existsSync(browserPath)) {
      await showPage(plimsoll.url);
      elapsed('first_page_with_data_milliseconds');
    }
  } finally {
    await plimsoll.end('SIGTERM');
  }
}

/** Waits until the page itself shows the summary's figures. */
async function showPage(url: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: browserPath, args: browserArguments });
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator('.summary-value b').first().waitFor({ timeout: deadlineMs });
  } finally {
    await browser.close();
  }
}
