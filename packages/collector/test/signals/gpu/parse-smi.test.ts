import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGpus, parseProcesses } from '../../../src/signals/gpu/parse-smi.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);
const folder = join(import.meta.dirname, '../../testdata/gpu');
const recorded = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('a list of GPUs', () => {
  it('of a server with eight is read', () => {
    const { rows, problems } = parseGpus(recorded('eight.gpus.csv'));
    expect(problems).toEqual([]);
    expect(rows).toHaveLength(8);
    expect(rows[0]).toEqual({
      gpu: 0,
      uuid: 'GPU-7f3a1c52-0b1e-4a6d-9c11-5d0e8f2a6b01',
      name: 'NVIDIA A100-SXM4-80GB',
      driver: '550.54.15',
      utilizationPercent: 98,
      memoryUtilizationPercent: 61,
      memoryTotalBytes: 85_899_345_920,
      memoryUsedBytes: 71_203 * 1024 * 1024,
      temperatureCelsius: 64,
      powerWatts: 402.15,
    });
  });

  it('has null for what a GPU does not have', () => {
    const { rows, problems } = parseGpus(recorded('consumer.gpus.csv'));
    expect(problems).toEqual([]);
    expect(rows[0]).toMatchObject({
      utilizationPercent: null,
      memoryUtilizationPercent: null,
      memoryUsedBytes: 181 * 1024 * 1024,
      powerWatts: null,
    });
  });

  it.each(['[Not Supported]', '[Unknown Error]', '[GPU requires reset]', 'N/A', ''])(
    'has null for %j',
    (word) => {
      const { rows } = parseGpus(`3, GPU-1, Name, 1.2, ${word}, 1, 2, 3, 4, 5`);
      expect(rows[0]?.utilizationPercent).toBeNull();
      expect(rows[0]?.powerWatts).toBe(5);
    },
  );

  it('keeps a name with commas whole', () => {
    const { rows } = parseGpus('0, GPU-1, Card, Model B, Rev 2, 1.2, 1, 2, 3, 4, 5, 6\r\n');
    expect(rows[0]).toMatchObject({ name: 'Card, Model B, Rev 2', driver: '1.2', powerWatts: 6 });
  });

  it('says which value is out of range, and leaves it out', () => {
    const { rows, problems } = parseGpus('0, GPU-1, Card, 1.2, 400, 2, 3, 4, 5, 6');
    expect(rows[0]?.utilizationPercent).toBeNull();
    expect(problems).toEqual([
      'nvidia-smi --query-gpu: utilization.gpu: expected 0 to 100, got 400',
    ]);
  });

  it('says which line is none, a few times at most', () => {
    const { rows, problems } = parseGpus('No devices were found\n'.repeat(100));
    expect(rows).toEqual([]);
    expect(problems).toHaveLength(5);
    expect(problems[0]).toBe(
      'nvidia-smi --query-gpu: expected comma-separated fields, got "No devices were found"',
    );
  });

  it('never makes the parser throw', () => {
    const words = [
      ', ',
      '0',
      '1',
      '-5',
      '[N/A]',
      'GPU-1',
      '1e9',
      '99999999999999999999',
      '\n',
      '.5',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (output) => {
        const gpus = parseGpus(output).rows;
        const processes = parseProcesses(output).rows;
        const values = [
          ...gpus.flatMap((gpu) => [gpu.memoryUsedBytes, gpu.utilizationPercent, gpu.powerWatts]),
          ...processes.map(({ memoryBytes }) => memoryBytes),
        ];
        expect(values.every((value) => value === null || Number.isFinite(value))).toBe(true);
      }),
      { seed },
    );
  });
});

describe('a list of processes', () => {
  it('is read, names with commas whole', () => {
    const { rows, problems } = parseProcesses(recorded('eight.apps.csv'));
    expect(problems).toEqual([]);
    expect(rows).toHaveLength(6);
    expect(rows[2]).toEqual({
      pid: 4103,
      uuid: 'GPU-a81f6b3d-5c24-49e7-b0d9-03e7f5a1c903',
      memoryBytes: 71_186 * 1024 * 1024,
      name: '/usr/bin/python3 train.py --lr 1e-4, --amp',
    });
  });

  it('has null where the driver does not say how much', () => {
    expect(parseProcesses(recorded('consumer.apps.csv')).rows[0]?.memoryBytes).toBeNull();
    expect(parseProcesses('').rows).toEqual([]);
  });
});
