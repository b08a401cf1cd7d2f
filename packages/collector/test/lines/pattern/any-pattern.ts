/** Patterns of RE2's syntax, most of them within what is looked for with RegExp, and texts that fit some. */
import * as fc from 'fast-check';

const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '\\d',
  '\\w',
  '\\S',
  '\\s',
  '\\W',
  '[ab]',
  '[^a]',
  '[a-c1]',
  '[^\\s]',
  '\\.',
  '=',
  ' ',
  '\\x41',
  '(ab)',
  '(?:a|bc)',
  '(a|b|)',
  '(ab?)',
);
const quantifier = fc.constantFrom(
  '',
  '',
  '',
  '*',
  '+',
  '?',
  '{2}',
  '{1,3}',
  '{0,2}',
  '{2,}',
  '*?',
  '+?',
  '??',
);
const assertion = fc.constantFrom('', '', '', '', '^', '$', '\\b', '\\B');
const piece = fc.tuple(assertion, atom, quantifier).map((parts) => parts.join(''));
const sequence = fc.array(piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''));
export const anyPattern = fc
  .tuple(
    fc.constantFrom('', '', '(?i)', '(?s)'),
    fc.array(sequence, { minLength: 1, maxLength: 3 }),
  )
  .map(([flags, branches]) => flags + branches.join('|'));
const letters = fc.constantFrom(
  'a',
  'b',
  'c',
  'A',
  'B',
  '1',
  '2',
  '.',
  '=',
  ' ',
  '\n',
  '\t',
  '_',
  '-',
);
export const anyText = fc.array(letters, { maxLength: 30 }).map((parts) => parts.join(''));
