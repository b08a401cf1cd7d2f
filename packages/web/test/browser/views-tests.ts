import { expect, test } from 'vitest';
import { expectAddress, type OpenedPage, type PageHarness } from './page-harness.ts';

const visible = { state: 'visible', timeout: 10_000 } as const;

export function viewsTests(harness: () => Promise<PageHarness>): void {
  test('fleet says what needs somebody, by time left, and shows every container', async () => {
    const { page, problems } = await (await harness()).open();
    await page.getByText('checkout leaks memory').waitFor(visible);
    expect(await page.locator('.cause-title').allTextContents()).toEqual([
      'search is killed for memory',
      'checkout leaks memory',
      'recommend is throttled',
    ]);
    expect(await page.locator('.cause-left').nth(1).textContent()).toContain('5 h 40 m');
    expect(await page.locator('.tank-label-name a').first().textContent()).toBe('search');
    await page.locator('.recent-line').first().waitFor(visible);
    expect(problems).toEqual([]);
  });

  test('a tank under the pointer shows its values, a click opens its container', async () => {
    const { page } = await (await harness()).open();
    await page.locator('.tank-viewport canvas').waitFor(visible);
    const box = await page.locator('.tank-viewport').boundingBox();
    if (box === null) throw new Error('the grid has no box');
    await page.mouse.move(box.x + 252 + 5, box.y + 20);
    await page.locator('.tank-tooltip').waitFor(visible);
    expect(await page.locator('.tank-tooltip').textContent()).toMatch(/search-.*killed for memory/);
    await page.mouse.click(box.x + 252 + 5, box.y + 20);
    await expectAddress(page, '/container?id=');
    await page.locator('.container-name').waitFor(visible);
  });

  test('the grid is walked by keyboard', async () => {
    const { page } = await (await harness()).open();
    await page.locator('.tank-viewport canvas').waitFor(visible);
    await page.locator('.tank-viewport').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await page.locator('.tank-tooltip').waitFor(visible);
    expect(await page.locator('.tank-tooltip-name').textContent()).toMatch(/^checkout-/);
    await page.keyboard.press('Enter');
    await expectAddress(page, '/container?id=');
  });

  test('grouping lives in the address', async () => {
    const { page } = await (await harness()).open({ path: '?group=host' });
    await page.locator('.tank-label-name a').first().waitFor(visible);
    expect(await page.locator('.tank-label-name a').first().textContent()).toMatch(/^web-/);
    await page.getByRole('radio', { name: 'Image' }).click();
    await expectAddress(page, 'group=image');
  });

  test('a container has its charts, its events and its log', async () => {
    const opened = await (await harness()).open();
    const { page, problems } = opened;
    await page.goto(`${opened.mock.url}container?id=${await firstLeak(opened)}&range=12h`);
    await page.locator('.u-over').nth(7).waitFor(visible);
    expect(await page.locator('.chart-legend').first().textContent()).toMatch(
      /anon.*shared.*kernel.*file cache.*limit/,
    );
    await page.locator('.container-logs .log-line').first().waitFor(visible);
    expect(await page.locator('.event').count()).toBe(4);
    expect(problems).toEqual([]);
  });

  test('a drag over a chart sets the time of the whole page', async () => {
    const opened = await (await harness()).open();
    const { page } = opened;
    await page.goto(`${opened.mock.url}container?id=${await firstLeak(opened)}&range=12h`);
    const plot = page.locator('.u-over').first();
    await plot.waitFor(visible);
    const box = await plot.boundingBox();
    if (box === null) throw new Error('the chart has no box');
    await page.mouse.move(box.x + 100, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 220, box.y + 40, { steps: 4 });
    await page.mouse.up();
    await expectAddress(page, 'from=');
    await page.goBack();
    await expectAddress(page, 'range=12h');
  });

  test('logs are filtered by text, by value and by histogram, all in the address', async () => {
    const { page, problems } = await (await harness()).open({ path: 'logs?range=15m' });
    await page.locator('.log-row').first().waitFor(visible);
    await page.getByLabel('Search in the lines').fill('timed');
    await expectAddress(page, 'q=timed');
    await page.locator('mark', { hasText: 'timed' }).first().waitFor(visible);
    await page.locator('.facet-value', { hasText: 'error' }).first().click();
    await expectAddress(page, 'severity=error');
    await page.getByLabel('Remove severity error').click();
    await page.waitForFunction(() => !location.href.includes('severity'));
    const plot = page.locator('.histogram-plot');
    const box = await plot.boundingBox();
    if (box === null) throw new Error('the histogram has no box');
    await page.mouse.move(box.x + 200, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 20, { steps: 3 });
    await page.mouse.up();
    await expectAddress(page, 'from=');
    expect(problems).toEqual([]);
  });

  test('live lines come on top, and wait while older ones are read', async () => {
    const { page } = await (await harness()).open({ path: 'logs?range=5m' });
    await page.locator('.log-row').first().waitFor(visible);
    const first = await page.locator('.log-time').first().textContent();
    await page.waitForFunction(
      (old) => document.querySelector('.log-time')?.textContent !== old,
      first,
    );
    await page.locator('.log-list').evaluate((list) => list.scrollTo(0, 2000));
    await page.locator('.log-newest').waitFor(visible);
    const before = await page.locator('.log-row').nth(30).textContent();
    await page.waitForTimeout(1200);
    expect(await page.locator('.log-row').nth(30).textContent()).toBe(before);
    await page.locator('.log-newest').click();
    await page.waitForFunction(() => document.querySelector('.log-list')?.scrollTop === 0);
  });

  test('a line opens to its fields and to the lines around it', async () => {
    const { page } = await (await harness()).open({ path: 'logs?range=15m&q=upstream' });
    await page.locator('.log-row-line').first().click();
    await page.locator('.json-key', { hasText: 'upstream' }).first().waitFor(visible);
    await page.getByRole('button', { name: 'Lines around it' }).click();
    await page.locator('.log-context-line').waitFor(visible);
    await expectAddress(page, 'line=');
    expect(await page.locator('.log-context-lines .log-line').count()).toBeGreaterThan(20);
  });

  test('SQL runs by Ctrl-Enter, shows a table and a chart, and an error where it is', async () => {
    const { page, problems } = await (await harness()).open({ path: 'sql' });
    await page.locator('.cm-content').waitFor(visible);
    await page.keyboard.press('Control+Enter');
    await page.locator('.result-row').nth(5).waitFor(visible);
    await page.getByRole('radio', { name: 'Chart' }).click();
    await page.locator('.u-over').waitFor(visible);
    expect(problems).toEqual([]);
    await page.locator('.cm-content').fill('selct 1');
    await page.keyboard.press('Control+Enter');
    await page.locator('.sql-failure').waitFor(visible);
    expect(await page.locator('.sql-failure').textContent()).toContain('line 1, column 1');
    expect(await page.locator('.cm-sql-error').textContent()).toBe('selct');
  });

  test('a running query is cancelled at the server by closing its request', async () => {
    const { page } = await (await harness()).open({ path: 'sql' });
    await page.locator('.cm-content').fill('select sleep(3)');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByRole('button', { name: /Cancel/ }).click();
    await page.getByText('The server has stopped the query too').waitFor(visible);
    expect(await page.getByRole('button', { name: 'Run' }).isEnabled()).toBe(true);
  });

  test('alerts are grouped by rule beside the rules that are watched', async () => {
    const { page, problems } = await (await harness()).open({ path: 'alerts' });
    await page.locator('.alert').first().waitFor(visible);
    expect(await page.locator('.alerts-main .panel-title').allTextContents()).toEqual([
      'OOM kill',
      'Memory leak',
      'CPU throttled',
    ]);
    await page.getByRole('button', { name: /resolved/ }).click();
    await expectAddress(page, 'state=resolved');
    await page.locator('.rule', { hasText: 'Restart loop' }).click();
    await expectAddress(page, 'rule=restart_loop');
    expect(await page.locator('.alert').count()).toBe(1);
    expect(problems).toEqual([]);
  });

  test('hosts and containers are listed, sorted and opened', async () => {
    const { page, problems } = await (await harness()).open({ path: 'hosts' });
    await page.locator('.host-name').first().waitFor(visible);
    expect(await page.locator('.host').first().textContent()).toContain('silent');
    await page.getByRole('link', { name: 'web-3.fra' }).click();
    await page.locator('.u-over').first().waitFor(visible);
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.locator('.container-row').nth(3).waitFor(visible);
    await page.getByRole('button', { name: 'Restarts' }).click();
    await expectAddress(page, 'sort=restarts');
    expect(problems).toEqual([]);
  });
}

async function firstLeak({ page }: OpenedPage): Promise<string> {
  return page.evaluate(async () => {
    const answer = await fetch('api/plimsoll/v1/fleet/tanks');
    const { tanks } = (await answer.json()) as { tanks: { id: string; state: string }[] };
    return tanks.find((tank) => tank.state === 'leaking')?.id ?? '';
  });
}
