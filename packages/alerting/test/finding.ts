import { evidenceOf, type Finding } from '@plimsoll/detect';

export function findingOf(fingerprint: string, labels: Record<string, string> = {}): Finding {
  return {
    fingerprint,
    labels: { host: 'h1', ...labels },
    value: 1,
    threshold: 1,
    unit: 'count',
    summary: `${fingerprint} is wrong`,
    description: 'It is.',
    evidence: evidenceOf({ unit: 'count' }),
  };
}
