import { defineConfig } from 'vitest/config';

// The one tag that lets a test skip under CI: its recorded inputs lie outside the repository.
const tags = [
  {
    name: 'fixtures',
    description: 'needs recorded fixtures beside the repository; may skip without them',
  },
];

const realParts = (name: string, include: string[]) => ({
  test: {
    name,
    tags,
    include,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

export default defineConfig({
  test: {
    // One less by default: on two cores, half of them.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          tags,
          include: ['packages/*/test/**/*.test.{ts,tsx}', 'scripts/test/**/*.test.ts'],
          globalSetup: ['test/harness/migrated-engine.ts'],
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      // Real parts, one file at a time. `npm test` runs the first two beside each other.
      realParts('integration', ['test/integration/**/*.test.ts']),
      realParts('docker', ['test/docker/**/*.test.ts', 'test/e2e/**/*.test.ts']),
      realParts('chaos', ['test/chaos/**/*.test.ts']),
    ],
  },
});
