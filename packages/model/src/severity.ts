/** Severity of a log line, least first; the empty string is "none found". */
export const severities = ['', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type Severity = (typeof severities)[number];
