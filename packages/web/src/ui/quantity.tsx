import type { ReactNode } from 'react';
import { formatQuantity, type Unit } from '../format/quantity.ts';

/** A figure with its small unit; an en dash where nothing was measured. */
export function Quantity({
  value,
  unit,
}: {
  value: number | null | undefined;
  unit: Unit;
}): ReactNode {
  const quantity = formatQuantity(value, unit);
  return (
    <span className="quantity">
      {quantity.value}
      {quantity.unit !== '' && <span className="unit">{quantity.unit}</span>}
    </span>
  );
}
