/**
 * Amounts as Kubernetes writes them: `100m`, `1.5`, `512Mi`, `1G`, `12e6`.
 * Source: apimachinery/pkg/api/resource, `Quantity`.
 */
const shape = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** 0 for what is not an amount, and for one below zero. */
export function parseQuantity(written: string): number {
  const [, digits, exponent, suffix] = shape.exec(written) ?? [];
  if (digits === undefined) return 0;
  const factor = exponent === undefined ? (factors[suffix ?? ''] ?? 1) : 10 ** Number(exponent);
  const amount = Number(digits) * factor;
  return Number.isFinite(amount) && amount > 0 ? amount : 0;
}
