import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GpuSignal, type GpuSignalOptions } from '../../../src/signals/gpu/gpu-signal.ts';
import { findNvidiaSmi, NvidiaSmi } from '../../../src/signals/gpu/nvidia-smi.ts';
import type { StatsRows } from '../../../src/stats/rows.ts';
import { container, testContext } from '../signal-context.ts';

const testdata = join(import.meta.dirname, '../../testdata/gpu');
const mebibyte = 1024 * 1024;
const training = container('a');
const serving = container('b');

describe('GPUs', () => {
  let folder: string;
  let program: string;
  let context: ReturnType<typeof testContext>;
  let rows: StatsRows[];
  let signal: GpuSignal;

  const play = (name: string): void => {
    for (const kind of ['gpus', 'apps']) {
      copyFileSync(join(testdata, `${name}.${kind}.csv`), join(folder, `${kind}.csv`));
    }
  };
  const addProcess = (pid: number, cgroup: string): void => {
    mkdirSync(join(folder, 'proc', String(pid)), { recursive: true });
    writeFileSync(join(folder, 'proc', String(pid), 'cgroup'), cgroup);
  };
  const make = (known: Partial<GpuSignalOptions> = {}): GpuSignal =>
    new GpuSignal(context, {
      nvidiaSmi: program,
      intervalMs: 20,
      proc: join(folder, 'proc'),
      onRows: (batch) => rows.push(batch),
      ...known,
    });
  const readings = (): Record<string, unknown>[] =>
    (rows.at(-1)?.bytes.toString() ?? '')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const values = JSON.parse(line) as unknown[];
        return Object.fromEntries(rows[0]?.columns.map((name, at) => [name, values[at]]) ?? []);
      });
  const read = async (): Promise<void> => {
    const before = rows.length;
    await expect.poll(() => rows.length, { timeout: 5000 }).toBeGreaterThan(before + 1);
  };
  const kinds = (): string[] => context.events.map(({ kind }) => kind);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-gpu-'));
    program = join(folder, 'nvidia-smi');
    copyFileSync(join(import.meta.dirname, 'fake-nvidia-smi.sh'), program);
    chmodSync(program, 0o755);
    context = testContext();
    context.containers.push(training, serving);
    addProcess(4101, `0::/docker/${training.dockerId}\n`);
    addProcess(4102, `4:memory:/docker/${training.dockerId}\n0::/docker/${training.dockerId}\n`);
    addProcess(4103, `0::/system.slice/docker-${'c'.repeat(64)}.scope\n`);
    addProcess(5200, `0::/kubepods/pod1/${serving.dockerId}\n`);
    rows = [];
    signal = make();
  });

  afterEach(async () => {
    await signal.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are read with the memory of each container, and that of no container known', async () => {
    play('eight');
    signal.start();
    await read();
    expect(rows[0]).toMatchObject({ table: 'gpu_stats', rows: 8 });
    expect(readings().map((row) => row['memory_unattributed_bytes'])).toEqual(
      [0, 0, 71_186, 0, 20_464, 0, 0, 0].map((mebibytes) => mebibytes * mebibyte),
    );
    expect(readings()[5]).toMatchObject({
      tenant: 'default',
      host: 'testhost',
      gpu: 5,
      name: 'NVIDIA A100-SXM4-80GB',
      driver: '550.54.15',
      utilization_percent: 63,
      processes: 1,
      power_watts: 251.9,
    });
    expect(signal.gpuMemoryOf(training.dockerId)).toBe((71_186 + 71_170 + 33_098) * mebibyte);
    expect(signal.gpuMemoryOf(serving.dockerId)).toBe(9198 * mebibyte);
    expect(signal.gpuMemoryOf('c'.repeat(64))).toBeUndefined();
    expect(signal.containerOf(5200)).toBe(serving.dockerId);
    expect(signal.containerOf(4103)).toBeUndefined();
  });

  it('have null for what a consumer card does not tell', async () => {
    play('consumer');
    addProcess(1877, '0::/user.slice\n');
    signal.start();
    await read();
    expect(readings()).toMatchObject([
      {
        utilization_percent: null,
        power_watts: null,
        memory_unattributed_bytes: null,
        processes: 1,
      },
    ]);
  });

  it('hold memory for a process that is gone: told after three readings, and when released', async () => {
    play('eight');
    signal.start();
    await expect.poll(kinds, { timeout: 5000 }).toContain('orphan_found');
    expect(context.events[0]).toMatchObject({
      severity: 'warning',
      attributes: { type: 'gpu_memory', pid: '6001', bytes: String(20_464 * mebibyte) },
    });
    await read();
    writeFileSync(join(folder, 'apps.csv'), '');
    await expect.poll(kinds, { timeout: 5000 }).toContain('orphan_removed');
    expect(kinds()).toEqual(['orphan_found', 'orphan_removed']);
  });

  it('that cannot be read any more are an error, told once, and read again later', async () => {
    play('eight');
    addProcess(6001, '0::/\n');
    signal.start();
    await read();
    copyFileSync(join(testdata, 'driver-failed.txt'), join(folder, 'failed'));
    await expect.poll(kinds, { timeout: 5000 }).toContain('gpu_error');
    expect(context.events[0]).toMatchObject({ severity: 'error', attributes: { failure: 'exit' } });
    expect(context.events[0]?.message).toMatch(
      /^The GPUs cannot be read: NVIDIA-SMI has failed because it couldn't communicate/,
    );
    expect(signal.gpuMemoryOf(training.dockerId)).toBeUndefined();
    rmSync(join(folder, 'failed'));
    await read();
    expect(kinds()).toEqual(['gpu_error']);
  });

  it('are a warning where the driver never worked', async () => {
    copyFileSync(join(testdata, 'driver-failed.txt'), join(folder, 'failed'));
    signal.start();
    await expect.poll(kinds, { timeout: 5000 }).toContain('gpu_error');
    expect(context.events[0]?.severity).toBe('warning');
  });

  it('are looked for in the path, and not at all when off or not installed', async () => {
    play('eight');
    expect(findNvidiaSmi(`/nonexistent:${folder}`)).toBe(program);
    signal = make({ nvidiaSmi: 'auto', searchPath: folder });
    signal.start();
    await read();
    await signal.stop();
    rmSync(join(folder, 'asked'));
    for (const known of [{ nvidiaSmi: 'off' }, { nvidiaSmi: 'auto', searchPath: '/nonexistent' }]) {
      const none = make(known);
      none.start();
      await none.stop();
    }
    expect(existsSync(join(folder, 'asked'))).toBe(false);
    expect(context.events.filter(({ kind }) => kind === 'gpu_error')).toEqual([]);
  });
});

describe('nvidia-smi', () => {
  let folder: string;
  let program: string;
  const { signal } = new AbortController();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-smi-'));
    program = join(folder, 'nvidia-smi');
    copyFileSync(join(import.meta.dirname, 'fake-nvidia-smi.sh'), program);
    chmodSync(program, 0o755);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('that hangs is ended at its time', async () => {
    writeFileSync(join(folder, 'hang'), '');
    const smi = new NvidiaSmi(program, { timeoutMs: 200 });
    expect(await smi.run([], signal)).toMatchObject({ kind: 'failed', code: 'hung' });
    // It is asked again once it has ended, and not before.
    rmSync(join(folder, 'hang'));
    await expect
      .poll(
        async () =>
          (await smi.run(['-x'], signal)).kind === 'failed' &&
          readFileSync(join(folder, 'asked'), 'utf8'),
      )
      .toContain('-x');
  });

  it('that prints without end is ended', async () => {
    writeFileSync(join(folder, 'flood'), '');
    const smi = new NvidiaSmi(program, { timeoutMs: 10_000, maxBytes: 10_000 });
    expect(await smi.run([], signal)).toMatchObject({ kind: 'failed', code: 'too-long' });
  });

  it('that is not there, is no program, or was not waited for is no error', async () => {
    const run = async (path: string, abort = signal): Promise<unknown> =>
      await new NvidiaSmi(path, { timeoutMs: 5000 }).run([], abort);
    expect(await run(join(folder, 'none'))).toMatchObject({ code: 'absent' });
    expect(await run(folder)).toMatchObject({ code: 'exit' });
    expect(await run('a\0b')).toMatchObject({ code: 'exit' });
    writeFileSync(join(folder, 'hang'), '');
    const stopping = new AbortController();
    setTimeout(() => {
      stopping.abort();
    }, 50);
    expect(await run(program, stopping.signal)).toMatchObject({ code: 'stopped' });
  });

  it('that ends with an error says which', async () => {
    const smi = new NvidiaSmi(program, { timeoutMs: 5000 });
    expect(await smi.run(['-q'], signal)).toEqual({
      kind: 'failed',
      code: 'exit',
      reason: 'Invalid combination of input arguments.',
    });
  });
});
