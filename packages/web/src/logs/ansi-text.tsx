import { useMemo, type CSSProperties, type ReactNode } from 'react';
import { parseAnsi, type AnsiSpan } from './ansi.ts';

export function AnsiText({ text }: { text: string }): ReactNode {
  const spans = useMemo(() => parseAnsi(text), [text]);
  return spans.map((span, index) =>
    span.classes === '' && span.colour === null && span.background === null ? (
      span.text
    ) : (
      <span
        key={index}
        className={`ansi ${span.classes.replaceAll(/\S+/g, 'ansi-$&')}`}
        style={styleOf(span)}
      >
        {span.text}
      </span>
    ),
  );
}

function styleOf(span: AnsiSpan): CSSProperties | undefined {
  if (span.colour === null && span.background === null) return undefined;
  const style: CSSProperties = {};
  // Mixed with the text colour, so that any colour stays readable on both grounds.
  if (span.colour !== null)
    style.color = `color-mix(in srgb, rgb(${span.colour}) 62%, var(--text))`;
  if (span.background !== null)
    style.backgroundColor = `color-mix(in srgb, rgb(${span.background}) 35%, transparent)`;
  return style;
}
