import { hostLabels } from '@plimsoll/model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  matchesContainer,
  matchesGlob,
  type ContainerMatch,
} from '../../src/discovery/container-match.ts';

const labels = {
  ...hostLabels('default', 'host-a'),
  container_name: 'web-1',
  image: 'registry.local:5000/shop/web:2.1',
  kubernetes_namespace: 'shop',
};
const dockerLabels = { tier: 'front', 'com.docker.compose.project': 'shop', empty: '' };

test.each<[ContainerMatch, boolean]>([
  [{}, true],
  [{ name: ['web-*'] }, true],
  [{ name: ['web'] }, false],
  [{ name: ['db', 'web-?'] }, true],
  [{ name: [] }, false],
  [{ image: ['*/shop/*'] }, true],
  [{ image: ['shop/*'] }, false],
  [{ namespace: ['shop'] }, true],
  [{ namespace: ['kube-*'] }, false],
  [{ label: ['tier'] }, true],
  [{ label: ['tier=front'] }, true],
  [{ label: ['tier=f*'] }, true],
  [{ label: ['tier=back'] }, false],
  [{ label: ['empty='] }, true],
  [{ label: ['tier='] }, false],
  [{ label: ['constructor'] }, false],
  [{ label: ['nothing', 'com.docker.compose.project=shop'] }, true],
  [{ name: ['web-*'], label: ['tier=back'] }, false],
  [{ name: ['web-*'], image: ['*:2.1'], namespace: ['*'], label: ['tier'] }, true],
])('%j: %j', (match, expected) => {
  expect(matchesContainer(match, labels, dockerLabels)).toBe(expected);
});

test('a glob fits what the same regular expression fits', () => {
  const piece = fc.constantFrom('a', 'b', '.', '*', '?', '[', '\\', '/');
  const text = fc.array(fc.constantFrom('a', 'b', '.', '[', '\\', '/', '*'), { maxLength: 10 });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), text, (glob, letters) => {
      const source = glob
        .map((each) =>
          each === '*' ? '[^]*' : each === '?' ? '[^]' : each.replace(/[.[\\/]/, '\\$&'),
        )
        .join('');
      const expected = new RegExp(`^${source}$`).test(letters.join(''));
      expect(matchesGlob(glob.join(''), letters.join(''))).toBe(expected);
    }),
  );
});

test('many stars over a long text are no reason to hang', () => {
  const begun = performance.now();
  expect(matchesGlob('*a'.repeat(40) + 'b', 'a'.repeat(20_000))).toBe(false);
  expect(performance.now() - begun).toBeLessThan(1000);
});
