/**
 * The page as its first user meets it: a real Docker host with troubled containers, the real
 * process, the built page, driven in Chromium. Nothing is simulated.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AlertList, ContainerDetail, FleetSummary, HostList } from '@plimsoll/model/api';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserArguments, browserMissing, browserPath } from '../harness/browser.ts';
import { dockerMissing } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { startPlimsoll } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';
import { hashName, type PageScenario, startPageScenario } from './page-scenario.ts';
import { takeScreenshots } from './page-screenshots.ts';
import {
  addressHolds,
  openSession,
  paintedPixels,
  type PageSession,
  visible,
} from './page-session.ts';

const api = '/api/plimsoll/v1';
const repository = resolve(import.meta.dirname, '../..');
/** Folder for pictures of every view; none are taken without one. */
const pictures = process.env['PLIMSOLL_SCREENSHOTS'] ?? '';
const missing = dockerMissing() ?? browserMissing();
const troubles = {
  memory_near_limit: 'shop-cache-1',
  cpu_throttled: 'throttled',
  oom_kill: 'killed',
};

describe.skipIf(isSkipped(missing))(`the page over a real host (${missing ?? 'all here'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-page-'));
  let scenario: PageScenario;
  let browser: Browser;
  let session: PageSession;

  beforeAll(async () => {
    if (!existsSync(join(repository, 'packages/web/dist/index.html'))) buildPage();
    scenario = await startPageScenario(folder);
    browser = await chromium.launch({ executablePath: browserPath, args: browserArguments });
    session = await openSession(browser, scenario.plimsoll.url);
    for (const [rule, container] of Object.entries(troubles)) {
      await eventually(`${rule} of ${container}`, 180_000, async () => {
        const { items } = await scenario.plimsoll.get<AlertList>(`${api}/alerts?state=firing`);
        return items.some(
          (alert) => alert.rule === rule && alert.labels['container_name'] === container,
        );
      });
    }
  }, 420_000);

  afterEach(() => {
    const problems = session.problems.splice(0);
    if (problems.length > 0) throw new Error(`the page had problems:\n${problems.join('\n')}`);
  });

  const takePictures = async (): Promise<void> => {
    const { ids, plimsoll } = scenario;
    await screenshots(browser, '', plimsoll.url, {
      fleet: '?range=15m',
      containers: 'containers?range=15m',
      container: `container?id=${ids['shop-cache-1']}&range=15m`,
      logs: 'logs?range=15m',
      sql: `sql?sql=${encodeURIComponent('SELECT severity, count() FROM logs GROUP BY 1')}`,
      alerts: 'alerts?range=15m',
      hosts: 'hosts?range=15m',
      host: 'host?name=page-host&range=15m',
    });
  };

  afterAll(async () => {
    try {
      if (session !== undefined) await takePictures();
    } finally {
      await browser?.close();
      await scenario?.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);

  it('Fleet: says the numbers of the API', async () => {
    const { page, visit } = session;
    await visit('?range=15m');
    await page.locator('.summary-value b').first().waitFor(visible);
    await eventually('the same numbers', 30_000, async () => {
      const fleet = await scenario.plimsoll.get<FleetSummary>(`${api}/fleet`);
      const cells = await page.locator('.summary-value b').allTextContents();
      expect(cells.slice(0, 2)).toEqual([String(fleet.hosts), String(fleet.containers_running)]);
      expect(cells.slice(4, 6)).toEqual([
        String(fleet.leaking_causes),
        String(fleet.containers_over),
      ]);
      const share = (100 * fleet.memory_used_bytes) / fleet.memory_total_bytes;
      expect(Math.abs(Number.parseFloat(cells[2] ?? '') - share)).toBeLessThan(0.06);
      return true;
    });
    const footer = await page.locator('.side-nav .pipeline-footer').textContent();
    expect(footer).toMatch(/data is .* old0 lines lost\d+ lines\/s1 of 1 collector/);
  });

  it('Fleet: draws each container and says what needs somebody', async () => {
    const { page, visit } = session;
    await visit('?range=15m');
    await page.locator('.tank-viewport canvas').waitFor(visible);
    const groups = await page.locator('.tank-label-name a').allTextContents();
    expect(groups).toEqual(expect.arrayContaining(['cache', 'orders', 'throttled', hashName]));
    await eventually('painted tanks', 10_000, async () => {
      const selector = '.tank-viewport canvas';
      const amber = await paintedPixels(page, selector, 'amber');
      const red = await paintedPixels(page, selector, 'red');
      return amber > 100 && red > 20;
    });
    for (const title of [
      'cache is close to its memory limit',
      'throttled is throttled',
      'killed was killed for want of memory',
    ]) {
      await page.locator('.cause-title', { hasText: title }).waitFor(visible);
    }
    await page.locator('.cause-title', { hasText: 'cache is close' }).click();
    await addressHolds(page, `/container?`);
    await addressHolds(page, `id=${scenario.ids['shop-cache-1']}`);
    await page.locator('.container-name', { hasText: 'shop-cache-1' }).waitFor(visible);
  });

  it('Container: draws its values against the limit, its events and its log', async () => {
    const { page, visit } = session;
    await visit(`container?id=${scenario.ids['shop-cache-1']}&range=15m`);
    await page.locator('.u-over').nth(7).waitFor(visible);
    expect(await page.locator('.chart-memory .chart-legend').textContent()).toMatch(
      /anon\s*\d.*limit\s*64\s*MiB/,
    );
    expect(await paintedPixels(page, '.chart-memory canvas', 'blue')).toBeGreaterThan(500);
    expect(await page.locator('.container-why').textContent()).toMatch(/memory at 9\d % of its/);
    await eventually('counted descriptors', 60_000, async () => {
      const level = await page.locator('.level', { hasText: 'descriptors' }).textContent();
      return /descriptors\d/.test(level ?? '');
    });
    await page.locator('.event', { hasText: 'started' }).waitFor(visible);
    await page.locator('.container-logs .log-line', { hasText: 'cache is warm' }).waitFor(visible);
    const detail = await scenario.plimsoll.get<ContainerDetail>(
      `${api}/containers/${scenario.ids['shop-cache-1']}`,
    );
    expect(detail.memory_limit_bytes).toBe(64 * 2 ** 20);
  });

  it('Container: marks an OOM kill on the time axis', async () => {
    const { page, visit } = session;
    await visit(`container?id=${scenario.ids['killed']}&range=15m`);
    await page.locator('.event', { hasText: 'Process tail' }).waitFor(visible);
    await page.locator('.u-over').nth(3).waitFor(visible);
    const red = await eventually('a red mark', 10_000, () =>
      paintedPixels(page, '.chart-cpu canvas', 'red'),
    );
    expect(red).toBeGreaterThan(5);
  });

  it('Logs: finds, narrows by severity, counts over time, and survives a reload', async () => {
    const { page, visit } = session;
    await visit('logs?range=15m');
    await page.locator('.log-row .log-line').first().waitFor(visible);
    expect(await page.locator('.histogram-plot path').first().getAttribute('d')).toMatch(/^M/);
    await page.getByLabel('Search in the lines').fill('payment');
    await page.locator('mark', { hasText: 'payment' }).first().waitFor(visible);
    await page.locator('.facet-value', { hasText: 'error' }).first().click();
    await addressHolds(page, 'severity=error');
    await page.locator('.chip', { hasText: 'error' }).waitFor(visible);
    await page.reload();
    await page.locator('mark', { hasText: 'payment' }).first().waitFor(visible);
    expect(await page.getByLabel('Search in the lines').inputValue()).toBe('payment');
    await page.locator('.chip', { hasText: 'error' }).waitFor(visible);
    const letters = new Set(await page.locator('.log-row .severity').allTextContents());
    expect([...letters]).toEqual(['E']);
    // The other severities can still be added, although no line under this filter has them.
    await page.locator('.facet-value', { hasText: 'warn' }).first().click();
    await page.locator('.chip', { hasText: 'warn' }).waitFor(visible);
    expect(await page.locator('.histogram-plot').getAttribute('aria-label')).toMatch(/^\d/);
  });

  it('Logs: opens JSON to its fields and a line to those around it', async () => {
    const { page, visit } = session;
    await visit(`logs?range=15m&q=${encodeURIComponent('"order accepted"')}`);
    await page.locator('.log-row-line').nth(3).click();
    await page.locator('.json-key', { hasText: 'country' }).first().waitFor(visible);
    await page.getByRole('button', { name: 'Lines around it' }).click();
    await page.locator('.log-context-line', { hasText: 'order accepted' }).waitFor(visible);
    expect(await page.locator('.log-context-lines .log-line').count()).toBeGreaterThan(10);
    await page.locator('.log-context-lines', { hasText: 'slow upstream' }).waitFor(visible);
    await addressHolds(page, 'line=');
  });

  it('Logs: new lines come by themselves until the page stands still', async () => {
    const { page, visit } = session;
    await visit('logs?range=5m&container=shop-orders-1');
    const newest = page.locator('.log-row .log-time').first();
    await newest.waitFor(visible);
    const first = await newest.textContent();
    await eventually('a newer line', 20_000, async () => (await newest.textContent()) !== first);
    await page.keyboard.press('l');
    await addressHolds(page, 'from=');
    await newest.waitFor(visible);
    await page.waitForTimeout(1500);
    const still = await newest.textContent();
    await page.waitForTimeout(3000);
    expect(await newest.textContent()).toBe(still);
  });

  it('SQL: shows a grid, saves it as CSV, and an error where it is', async () => {
    const { page, visit, problems } = session;
    await visit('sql');
    await page
      .locator('.cm-content')
      .fill('SELECT container_name, count() AS lines FROM logs GROUP BY 1 ORDER BY lines DESC');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.locator('.result-row', { hasText: 'shop-orders-1' }).waitFor(visible);
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'CSV' }).click();
    const file = await readFile(await (await saving).path(), 'utf8');
    expect(file).toMatch(/^container_name,lines\r?\nshop-orders-1,\d+\r?\n/);
    await page.locator('.cm-content').fill('SELECT 1,\nnonsense FROM logs');
    await page.keyboard.press('Control+Enter');
    await page.locator('.sql-failure', { hasText: 'line 2, column 1' }).waitFor(visible);
    expect(await page.locator('.cm-sql-error').textContent()).toBe('nonsense');
    // The refused query is what was asked for: its answer, and the browser's note of it.
    expect(problems.splice(0).every((problem) => problem.includes('400'))).toBe(true);
  });

  it('Alerts: shows what fires with its evidence', async () => {
    const { page, visit } = session;
    await visit('alerts');
    const alert = page.locator('.alert', { hasText: 'memory of shop-cache-1' });
    await alert.waitFor(visible);
    expect(await alert.textContent()).toMatch(/firing for .*limit\s64\sMiB/);
    expect(await alert.locator('.sparkline-line').getAttribute('d')).toMatch(/^M.*L/);
    await alert.getByRole('button', { name: 'Details' }).click();
    await alert.locator('.alert-labels', { hasText: 'page-host' }).waitFor(visible);
    await alert.getByRole('link', { name: 'Logs at that time' }).click();
    await page.locator('.log-row', { hasText: 'cache is warm' }).waitFor(visible);
  });

  it('Hosts: shows the one host against its limits and opens it', async () => {
    const { page, visit } = session;
    await visit('hosts?range=15m');
    await page.locator('.host', { hasText: 'page-host' }).waitFor(visible);
    const { items } = await scenario.plimsoll.get<HostList>(`${api}/hosts`);
    const text = await page.locator('.host').textContent();
    expect(text).toContain(`Docker ${items[0]?.docker_version}`);
    expect(text).toContain('7 containers');
    await page.getByRole('link', { name: 'page-host' }).click();
    await page.locator('.u-over').nth(3).waitFor(visible);
    expect(await paintedPixels(page, '.chart-memory canvas', 'blue')).toBeGreaterThan(20);
  });

  it('is led by keys', async () => {
    const { page, visit } = session;
    await visit('?range=15m');
    await page.locator('.cause-title').first().waitFor(visible);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Find' }).fill('foreign-currencies');
    await page
      .getByRole('option', { name: /^billing-reconciliation/ })
      .first()
      .waitFor(visible);
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Find' }).waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await addressHolds(page, '/logs?range=15m');
    await page.keyboard.press('?');
    await page.getByText('Keys and signs').waitFor(visible);
    expect(await page.locator('.help-keys kbd').allTextContents()).toContain('g l');
  });

  it('without Docker it says so, and still watches the host', { timeout: 180_000 }, async () => {
    const plimsoll = await startPlimsoll({
      folder: join(folder, 'no-docker'),
      config: {
        collector: {
          host: 'bare-host',
          docker: { socket: join(folder, 'absent.sock') },
          stats: { interval: '1s' },
        },
      },
    });
    const bare = await openSession(browser, plimsoll.url);
    try {
      await bare.visit('');
      await bare.page.getByText('No Docker on bare-host').first().waitFor(visible);
      await bare.visit('hosts');
      await bare.page.locator('.host', { hasText: 'bare-host' }).waitFor(visible);
      await screenshots(browser, 'bare', plimsoll.url, { fleet: '', hosts: 'hosts', logs: 'logs' });
      expect(bare.problems).toEqual([]);
    } finally {
      await bare.page.close();
      await plimsoll.end('SIGTERM');
    }
  });
});

/** The test runner's own NODE_ENV would build React's development version. */
function buildPage(): void {
  execFileSync('npm', ['run', 'build'], {
    cwd: repository,
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: 'inherit',
  });
}

async function screenshots(
  browser: Browser,
  ...[part, url, views]: [string, string, Record<string, string>]
): Promise<void> {
  if (pictures === '') return;
  await takeScreenshots(browser, { folder: join(pictures, part), url, views });
}
