import { createHash } from 'node:crypto';

/** On every answer. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** For answers that are data: nothing in them is to be run or shown in a frame. */
export const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

/**
 * For the page: its own files only. Inline styles are what the component library and the canvas
 * overlays use; inline scripts run only with the digests of those that index.html has.
 */
export function pagePolicy(indexHtml: string): string {
  const scripts = inlineScripts(indexHtml).map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    ["script-src 'self'", ...scripts].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function inlineScripts(html: string): string[] {
  const scripts: string[] = [];
  for (const match of html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi)) {
    if (match[1]) scripts.push(match[1]);
  }
  return scripts;
}
