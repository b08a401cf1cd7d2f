import { expect, test } from 'vitest';
import { expectAddress, type PageHarness } from './page-harness.ts';

const visible = { state: 'visible', timeout: 10_000 } as const;

export function shellTests(harness: () => Promise<PageHarness>): void {
  test('the find box opens by key and finds containers and log lines', async () => {
    const { page } = await (await harness()).open();
    await page.getByText('checkout leaks memory').waitFor(visible);
    await page.keyboard.press('/');
    await page.getByRole('combobox', { name: 'Find' }).fill('redis');
    await page.getByRole('option', { name: 'redis 6 containers service' }).waitFor(visible);
    await page.getByRole('option', { name: 'Search logs for' }).click();
    await expectAddress(page, '/logs?q=redis');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Find' }).waitFor(visible);
  });

  test('keys lead from view to view and help lists them', async () => {
    const { page } = await (await harness()).open({ path: '?range=6h' });
    await page.getByText('checkout leaks memory').waitFor(visible);
    for (const [key, path] of [
      ['l', '/logs'],
      ['a', '/alerts'],
      ['h', '/hosts'],
      ['f', '/?'],
    ] as const) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await expectAddress(page, path);
      await expectAddress(page, 'range=6h');
    }
    await page.keyboard.press('?');
    await page.getByText('Keys and signs').waitFor(visible);
  });

  test('standing still fixes the time in the address, and live lets it go', async () => {
    const { page } = await (await harness()).open();
    await page.getByRole('button', { name: /^Live/ }).click();
    await expectAddress(page, 'from=');
    await page.getByRole('button', { name: /^Standing still/ }).click();
    await expectAddress(page, 'range=1h');
  });

  test('colours turn with the switch and stay', async () => {
    const { page } = await (await harness()).open();
    const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
    await page.getByRole('button', { name: /^Colours/ }).click();
    await page.getByRole('button', { name: /^Colours/ }).click();
    expect(await scheme()).toBe('dark');
    await page.reload();
    await page.locator('.page-title').waitFor(visible);
    expect(await scheme()).toBe('dark');
  });

  test('a pipeline that is not well is said first', async () => {
    const { page, mock } = await (await harness()).open({ mock: { mood: 'unwell' } });
    await page.locator('.pipeline-banner').waitFor(visible);
    expect(await page.locator('.pipeline-banner').textContent()).toMatch(
      /1,204 records were lost.*94|1 m 34 s old.*silent/,
    );
    mock.setMood('well');
    await page.locator('.pipeline-banner').waitFor({ state: 'detached', timeout: 15_000 });
  });

  test('a server that is gone leaves the data in sight and marks it', async () => {
    const { page, mock } = await (await harness()).open();
    await page.getByText('checkout leaks memory').waitFor(visible);
    await mock.close();
    await page.getByText('Plimsoll did not answer').waitFor({ state: 'visible', timeout: 20_000 });
    expect(await page.getByText('checkout leaks memory').isVisible()).toBe(true);
  });

  test('the access token is asked for once, and a wrong one is said to be wrong', async () => {
    const { page } = await (await harness()).open({ mock: { token: 'secret-of-this-test' } });
    const field = page.getByRole('textbox', { name: 'Access token' });
    await field.fill('wrong');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('not accepted').waitFor(visible);
    await field.fill('secret-of-this-test');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('checkout leaks memory').waitFor(visible);
    expect(await field.isVisible()).toBe(false);
  });

  test('an empty fleet says why and what to do', async () => {
    const { page } = await (await harness()).open({ mock: { mood: 'empty' } });
    await page.getByText('No Docker on laptop').first().waitFor(visible);
    await page.getByText('Nothing is known yet').waitFor(visible);
    expect(await page.locator('.pipeline-footer').first().textContent()).toContain('no data yet');
  });

  test('a failed request says what failed and can be repeated', async () => {
    const { page, mock } = await (await harness()).open({ path: 'alerts?range=1h' });
    await page.locator('.alert').first().waitFor(visible);
    mock.failNext('hosts', 403);
    await page.goto(`${mock.url}hosts`);
    await page.getByText('The hosts could not be read').waitFor(visible);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.host-name').first().waitFor(visible);
    expect(mock.requests.filter((request) => request === 'hosts').length).toBeGreaterThan(1);
  });

  test.each(['', 'logs', 'containers', 'alerts', 'sql', 'hosts'])(
    'nothing is wider than a telephone in /%s',
    async (path) => {
      const { page } = await (await harness()).open({ path, width: 390, height: 844 });
      await page.locator('.panel:visible').first().waitFor(visible);
      await page.waitForTimeout(400);
      const width = await page.evaluate(() =>
        Math.max(
          document.documentElement.scrollWidth,
          document.querySelector('main')?.scrollWidth ?? 0,
        ),
      );
      expect(width).toBeLessThanOrEqual(390);
      expect(await page.locator('.bottom-nav').isVisible()).toBe(true);
    },
  );
}
