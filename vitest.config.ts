import { defineConfig } from 'vitest/config';

// The one tag that lets a test skip under CI: its recorded inputs lie outside the repository.
const tags = [
  {
    name: 'fixtures',
    description: 'needs recorded fixtures beside the repository; may skip without them',
  },
];

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
      {
        test: {
          name: 'integration',
          tags,
          include: ['test/{integration,e2e}/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
