import { identifierOf, isSign, isWord, literalOf, tokens, type Token } from './tokens.ts';

/** `name = value` behind SETTINGS or SET. */
export interface Assignment {
  name: string;
  /** Null for DEFAULT. */
  value: string | null;
}

export interface TokenCursor {
  now: Token | undefined;
  step(): void;
}

/** A list of assignments; null when one is anything but a literal. Ends at what is no part of it. */
export function readAssignments(cursor: TokenCursor): Assignment[] | null {
  const list: Assignment[] = [];
  for (;;) {
    const name = identifierOf(cursor.now);
    if (name === null) return null;
    cursor.step();
    if (!isSign(cursor.now, '=')) return null;
    cursor.step();
    const value = readValue(cursor);
    if (value === undefined) return null;
    list.push({ name, value });
    if (!isSign(cursor.now, ',')) return list;
    cursor.step();
  }
}

/** Undefined when it is no literal. */
function readValue(cursor: TokenCursor): string | null | undefined {
  if (isSign(cursor.now, '[') || isSign(cursor.now, '{')) return readCollection(cursor);
  const isNegative = isSign(cursor.now, '-');
  if (isNegative) cursor.step();
  const token = cursor.now;
  cursor.step();
  if (isWord(token, 'TRUE')) return '1';
  if (isWord(token, 'FALSE')) return '0';
  if (isWord(token, 'DEFAULT')) return null;
  const literal = literalOf(token);
  return literal === null ? undefined : `${isNegative ? '-' : ''}${literal}`;
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

/** A list or a map of literals, as written. */
function readCollection(cursor: TokenCursor): string | undefined {
  const open: string[] = [];
  let text = '';
  do {
    const token = cursor.now;
    if (!token || token.kind === 'word') return undefined;
    const end = closing[token.text];
    if (end !== undefined) open.push(end);
    else if (token.text === open.at(-1)) open.pop();
    text += token.text;
    cursor.step();
  } while (open.length > 0);
  return text;
}

export interface SettingsClauses {
  count: number;
  assignments: Assignment[];
}

/**
 * Every SETTINGS clause of a statement that the engine has normalised: also in subqueries, and of
 * tables and their changes. Null when a clause is not made of literals.
 */
export function settingsClauses(normalised: string): SettingsClauses | null {
  const all = [...tokens(normalised)];
  const found: SettingsClauses = { count: 0, assignments: [] };
  for (const [index, token] of all.entries()) {
    if (!isWord(token, 'SETTINGS', 'SETTING') || token.text !== token.text.toUpperCase()) continue;
    const isReset = isWord(all[index - 1], 'RESET');
    // A column or an alias may have the name.
    if (identifierOf(all[index + 1]) === null || !(isReset || isSign(all[index + 2], '=')))
      continue;
    if (isReset) continue;
    const list = readAssignments(cursorOver(all, index + 1));
    if (!list) return null;
    found.count += 1;
    found.assignments.push(...list);
  }
  return found;
}

function cursorOver(all: readonly Token[], from: number): TokenCursor {
  let at = from;
  return {
    get now() {
      return all[at];
    },
    step: () => {
      at += 1;
    },
  };
}
