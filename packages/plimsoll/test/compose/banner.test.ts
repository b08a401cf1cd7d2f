import { describe, expect, test } from 'vitest';
import { configSchema, deepFreeze, silentLogger } from '@plimsoll/runtime';
import { banner } from '../../src/compose/banner.ts';
import { createProcessContext } from '../../src/compose/process-context.ts';
import { fakeTerminal } from '@plimsoll/cli';

function context(role: string, storage: object = {}) {
  const config = deepFreeze(configSchema.parse({ data_dir: '/var/lib/plimsoll', storage }));
  const made = createProcessContext({ role, config, version: '1.2.3', logger: silentLogger() });
  made.address.set('http://127.0.0.1:4270');
  if (role === 'all') {
    made.clickhouseAddress.set('http://127.0.0.1:4271');
    made.receiversAddress.set('http://127.0.0.1:4272');
  }
  return made;
}

describe('the banner', () => {
  test('says where the page, the other ports and the data are, and how to stop', () => {
    expect(banner(context('all'), fakeTerminal())).toBe(
      [
        '',
        '  Plimsoll 1.2.3',
        '',
        '  Page       http://127.0.0.1:4270',
        '  ClickHouse http://127.0.0.1:4271',
        '  Pushes     http://127.0.0.1:4272 (remote write, Loki, OTLP)',
        '  Data       /var/lib/plimsoll',
        '  Stop       Ctrl-C',
        '',
        '',
      ].join('\n'),
    );
  });

  test('of a role without a page says where its health is', () => {
    const storage = { mode: 'server', url: 'http://db:8123', password: 'sesame' };
    const text = banner(context('alerting', storage), fakeTerminal());
    expect(text).toContain('Health     http://127.0.0.1:4270/readyz');
    expect(text).toContain('Data       plimsoll on the ClickHouse server');
    expect(text).not.toMatch(/Page|sesame/);
  });

  test('has colours only on a terminal, and not when NO_COLOR is set', () => {
    const plain = fakeTerminal({ isTTY: true, env: { NO_COLOR: '1' } });
    expect(banner(context('all'), plain)).toBe(banner(context('all'), fakeTerminal()));
    expect(banner(context('all'), fakeTerminal({ isTTY: true }))).toContain('\u001B[1mPlimsoll');
  });
});
