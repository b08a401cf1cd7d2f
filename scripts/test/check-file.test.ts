import { describe, expect, test } from 'vitest';

import { checkFile } from '../structure/check-file.ts';
import { checkManifest, type Manifest } from '../structure/check-manifest.ts';
import { readSource } from '../structure/source-file.ts';

function manifest(name: string, parts: Partial<Manifest> = {}): Manifest {
  return { name, dependencies: [], devDependencies: [], exports: ['.'], ...parts };
}

const homes = [
  { folder: 'packages/model', manifest: manifest('@plimsoll/model', { exports: ['.', './api'] }) },
  {
    folder: 'packages/runtime',
    manifest: manifest('@plimsoll/runtime', { dependencies: ['pino'] }),
  },
  { folder: 'packages/storage', manifest: manifest('@plimsoll/storage') },
  {
    folder: 'packages/collector',
    manifest: manifest('@plimsoll/collector', {
      dependencies: ['@plimsoll/model', 'dockerode'],
      devDependencies: ['@types/dockerode', 'types-only'],
    }),
  },
  { folder: 'packages/detect', manifest: manifest('@plimsoll/detect') },
  {
    folder: 'packages/web',
    manifest: manifest('@plimsoll/web', { dependencies: ['@plimsoll/model', 'react'] }),
  },
];
const repository = { homes, tools: ['vitest', 'fast-check'] };

function problemsOf(path: string, text: string): string[] {
  const home = homes.find(({ folder }) => path.startsWith(`${folder}/`));
  if (home === undefined) throw new Error(`${path} lies in no package`);
  return checkFile(readSource(path, text), home, repository);
}

const good: [path: string, text: string][] = [
  ['packages/collector/src/tail.ts', "import { readSync } from 'node:fs';\nreadSync;"],
  ['packages/collector/src/tail.ts', "import { frame } from '@plimsoll/model';\nframe;"],
  ['packages/collector/src/tail.ts', "import type { Host } from '@plimsoll/model/api';"],
  ['packages/collector/src/tail.ts', "import type { T } from 'types-only';"],
  ['packages/collector/src/index.ts', "export { tail } from './tail.ts';"],
  ['packages/collector/test/tail.test.ts', "import { test } from 'vitest';\ntest;"],
  ['packages/collector/test/tail.test.ts', "import { tail } from '../src/tail.ts';\ntail;"],
  ['packages/collector/test/tail.test.ts', '// @ts-expect-error: an unknown key\nx;'],
  [
    'packages/collector/src/tail.ts',
    '// oxlint-disable-next-line no-await-in-loop -- in order\nx;',
  ],
  ['packages/collector/src/tail.ts', "const text = 'export * from x'; // import 'pino'\ntext;"],
  ['packages/detect/src/floor.ts', "import assert from 'node:assert';\nassert;"],
  ['packages/web/src/app.tsx', "import type { Host } from '@plimsoll/model/api';"],
  ['packages/web/src/app.tsx', "import '@plimsoll/web';\nimport 'react/jsx-runtime';"],
];

test.each(good)('accepts %s: %s', (path, text) => {
  expect(problemsOf(path, text)).toEqual([]);
});

const bad: [path: string, text: string, problem: string][] = [
  [
    'packages/collector/src/tail.ts',
    "import { insert } from '@plimsoll/storage';",
    ':1: @plimsoll/collector must not import @plimsoll/storage',
  ],
  [
    'packages/collector/src/tail.ts',
    "\nconst x = await import('@plimsoll/storage');",
    ':2: @plimsoll/collector must not import @plimsoll/storage',
  ],
  [
    'packages/collector/src/tail.ts',
    "type Rows = import('@plimsoll/storage').Rows;",
    ':1: @plimsoll/collector must not import @plimsoll/storage',
  ],
  [
    'packages/collector/src/index.ts',
    "export { insert } from '@plimsoll/storage';",
    ':1: @plimsoll/collector must not import @plimsoll/storage',
  ],
  [
    'packages/collector/src/tail.ts',
    "import { log } from '@plimsoll/runtime';",
    ':1: @plimsoll/runtime is not in the package.json of @plimsoll/collector',
  ],
  [
    'packages/collector/src/tail.ts',
    "import { frame } from '@plimsoll/model/src/frame.ts';",
    ':1: @plimsoll/model/src/frame.ts is not among the exports of @plimsoll/model',
  ],
  [
    'packages/collector/src/tail.ts',
    "import { frame } from '../../model/src/frame.ts';",
    ':1: ../../model/src/frame.ts leaves packages/collector: import the other package by its name',
  ],
  [
    'packages/collector/src/tail.ts',
    "import { pino } from 'pino';",
    ':1: pino is not in the dependencies of @plimsoll/collector',
  ],
  [
    'packages/collector/src/tail.ts',
    "import { test } from 'vitest';",
    ':1: vitest is not in the dependencies of @plimsoll/collector',
  ],
  [
    'packages/collector/src/tail.ts',
    "import { value } from 'types-only';",
    ':1: types-only is not in the dependencies of @plimsoll/collector',
  ],
  [
    'packages/collector/test/tail.test.ts',
    "import { pino } from 'pino';",
    ":1: pino is in neither the package.json of @plimsoll/collector nor the root's",
  ],
  [
    'packages/collector/src/index.ts',
    "export * from './tail.ts';",
    ':1: no `export *`: name what is exported',
  ],
  [
    'packages/collector/src/index.ts',
    "export * as tail from './tail.ts';",
    ':1: no `export *`: name what is exported',
  ],
  [
    'packages/collector/src/all.ts',
    "export { tail } from './tail.ts';",
    ':1: only index.ts passes on what another file exports',
  ],
  ['packages/collector/src/logTail.ts', 'x;', ': name the file in kebab-case'],
  ['packages/collector/src/Tail.ts', 'x;', ': name the file in kebab-case'],
  ['packages/collector/src/tail.ts', 'x;\n'.repeat(451), ': expected at most 450 lines, got 451'],
  ['packages/collector/src/tail.ts', '// @ts-ignore\nx;', ':1: do not silence the type checker'],
  [
    'packages/collector/src/tail.ts',
    '// @ts-expect-error: later\nx;',
    ':1: do not silence the type checker',
  ],
  [
    'packages/collector/src/tail.ts',
    'x;\n/* oxlint-disable no-shadow */',
    ':2: say why a lint rule is switched off: `-- reason`',
  ],
  [
    'packages/collector/src/tail.ts',
    'const y = x as unknown as string;',
    ':1: `as unknown as` hides a mistake: validate instead',
  ],
  [
    'packages/detect/src/floor.ts',
    "import { readFile } from 'node:fs/promises';",
    ':1: node:fs/promises: @plimsoll/detect does no I/O',
  ],
  ['packages/web/src/app.tsx', "import 'node:zlib';", ':1: node:zlib: the page runs in a browser'],
  [
    'packages/web/src/app.tsx',
    "import { limits } from '@plimsoll/model';",
    ':1: @plimsoll/model: the page imports only types (`import type`)',
  ],
];

test.each(bad)('refuses %s: %s', (path, text, problem) => {
  expect(problemsOf(path, text)).toEqual([`${path}${problem}`]);
});

describe('a package.json', () => {
  test('may depend on what the table allows and on any outside package', () => {
    const dependencies = ['@plimsoll/model', '@plimsoll/transport', 'dockerode'];
    expect(checkManifest(manifest('@plimsoll/collector', { dependencies }))).toEqual([]);
  });

  test.each(['dependencies', 'devDependencies'])('must not reach over an edge by %s', (field) => {
    const problems = checkManifest(
      manifest('@plimsoll/collector', { [field]: ['@plimsoll/storage'] }),
    );
    expect(problems).toEqual([
      '@plimsoll/collector: package.json: must not depend on @plimsoll/storage',
    ]);
  });

  test('of a workspace that the table does not know is refused', () => {
    expect(checkManifest(manifest('@plimsoll/helpers'))).toEqual([
      '@plimsoll/helpers: unknown workspace; add it and its edges to scripts/structure',
    ]);
  });
});
