/**
 * A test that needs a real part (dockerd, Chromium) skips where the part is missing, with the
 * reason in its title; in CI a missing part is a failure, so that nothing is left out unseen.
 */
export function isSkipped(missing: string | null): boolean {
  if (missing === null) return false;
  if (process.env['CI'] === 'true') throw new Error(`a real part is missing in CI: ${missing}`);
  return true;
}
