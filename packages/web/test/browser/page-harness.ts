import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startMockServer, type MockOptions, type MockServer } from '../mock/server.ts';

const chromiumPath = process.env['PLIMSOLL_CHROMIUM'] ?? '/usr/bin/chromium';
const webRoot = join(import.meta.dirname, '../..');

/** Under CI a missing browser is a failure, elsewhere a visible skip. */
export const skipWithoutChromium = !existsSync(chromiumPath) && process.env['CI'] === undefined;

export interface PageHarness {
  dist: string;
  browser: Browser;
  open: (options?: OpenOptions) => Promise<OpenedPage>;
  /** Closes what a test opened: pages that live on would slow the next ones down. */
  closePages: () => Promise<void>;
  close: () => Promise<void>;
}

interface OpenOptions {
  mock?: MockOptions;
  path?: string;
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
}

export interface OpenedPage {
  page: Page;
  mock: MockServer;
  /** Errors of scripts and of the console; a view that is fine has none. */
  problems: string[];
}

/** Builds the page into a folder of its own and starts one browser; every page has its own mock. */
export async function startHarness(): Promise<PageHarness> {
  const dist = await mkdtemp(join(tmpdir(), 'plimsoll-web-'));
  await buildPage(dist);
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
  const mocks: MockServer[] = [];
  return {
    dist,
    browser,
    async open(options = {}) {
      const mock = await startMockServer({ dist, ...options.mock });
      mocks.push(mock);
      const page = await browser.newPage({
        viewport: { width: options.width ?? 1440, height: options.height ?? 1000 },
        colorScheme: options.colorScheme ?? 'light',
      });
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      await page.goto(mock.url + (options.path ?? ''));
      return { page, mock, problems };
    },
    async closePages() {
      await Promise.all(browser.contexts().map((context) => context.close()));
      await Promise.all(mocks.splice(0).map((mock) => mock.close()));
    },
    async close() {
      await browser.close();
      await Promise.all(mocks.map((mock) => mock.close()));
      await rm(dist, { recursive: true, force: true });
    },
  };
}

/** As users get it: the test runner's own NODE_ENV would build React's development version. */
async function buildPage(outDir: string): Promise<void> {
  const vite = join(import.meta.dirname, '../../../../node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--logLevel', 'error', '--outDir', outDir, '--emptyOutDir'];
  await promisify(execFile)(process.execPath, args, {
    cwd: webRoot,
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

/** Waits until the address holds (or no longer holds) a text. */
export async function expectAddress(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => location.href.includes(wanted), text, { timeout: 5000 });
}
