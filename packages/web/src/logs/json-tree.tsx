import type { ReactNode } from 'react';
import type { JsonValue } from './json-message.ts';

const maxDepth = 12;
const maxItems = 200;

/** JSON as people indent it; strings, numbers and the rest are told apart. */
export function JsonTree({ value, depth = 0 }: { value: JsonValue; depth?: number }): ReactNode {
  if (value === null || typeof value === 'boolean')
    return <span className="json-word">{String(value)}</span>;
  if (typeof value === 'number') return <span className="json-number">{value}</span>;
  if (typeof value === 'string')
    return <span className="json-string">{JSON.stringify(value)}</span>;
  if (depth >= maxDepth) return <span className="muted">…</span>;
  const isList = Array.isArray(value);
  const entries = isList
    ? value.map((item, index) => [String(index), item] as const)
    : Object.entries(value);
  if (entries.length === 0) return isList ? '[]' : '{}';
  return (
    <>
      {isList ? '[' : '{'}
      <div className="json-block">
        {entries.slice(0, maxItems).map(([key, item], index) => (
          <div key={key}>
            {!isList && <span className="json-key">{key}: </span>}
            <JsonTree value={item} depth={depth + 1} />
            {index < entries.length - 1 && ','}
          </div>
        ))}
        {entries.length > maxItems && <div className="muted">{entries.length - maxItems} more</div>}
      </div>
      {isList ? ']' : '}'}
    </>
  );
}
