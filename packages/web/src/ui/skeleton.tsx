import type { CSSProperties, ReactNode } from 'react';

/** The shape of what will come. */
export function Skeleton({
  width,
  height = 12,
}: {
  width?: number | string;
  height?: number | string;
}): ReactNode {
  const style: CSSProperties = { width: width ?? '100%', height };
  return <span className="skeleton" style={style} aria-hidden="true" />;
}

export function SkeletonRows({ rows, height = 28 }: { rows: number; height?: number }): ReactNode {
  return (
    <div className="skeleton-rows" aria-hidden="true">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} style={{ height }}>
          <Skeleton width={`${28 + ((index * 37) % 23)}%`} />
          <Skeleton width={`${18 + ((index * 53) % 31)}%`} />
        </div>
      ))}
    </div>
  );
}
