import type { ApiError } from '@plimsoll/model/api';
import { readToken, setTokenNeeded } from './token.ts';

export type QueryValue = string | number | boolean | readonly string[] | undefined;
export type QueryParams = Record<string, QueryValue>;

/** What the server said, or that it could not be reached (`status` 0, code `unreachable`). */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly status: number;
  readonly code: string;
  readonly position: number | undefined;

  constructor(status: number, error: ApiError['error']) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.position = error.position;
  }
}

/** The folder that the page itself came from; views are one segment deep below it. */
export const basePath = new URL('.', location.href).pathname;

export function apiUrl(path: string, params: QueryParams = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined || value === '') continue;
    if (typeof value === 'object') for (const item of value) search.append(key, item);
    else search.set(key, String(value));
  }
  const text = search.toString();
  return `${basePath}api/plimsoll/v1/${path}${text === '' ? '' : `?${text}`}`;
}

export async function apiGet<T>(
  path: string,
  params: QueryParams,
  signal?: AbortSignal,
): Promise<T> {
  return readJson<T>(await send(apiUrl(path, params), signal === undefined ? {} : { signal }));
}

export async function apiPost<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  if (signal !== undefined) init.signal = signal;
  return readJson<T>(await send(apiUrl(path), init));
}

/** Resolves for 2xx only; everything else is an {@link ApiFailure}. */
export async function send(url: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = readToken();
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiFailure(0, {
      code: 'unreachable',
      message: 'Plimsoll did not answer: is its process running, and the network up?',
    });
  }
  if (response.ok) return response;
  if (response.status === 401) setTokenNeeded(true);
  throw new ApiFailure(response.status, await readError(response));
}

/** The shapes are those of `@plimsoll/model/api`, which the server is built against. */
async function readJson<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

async function readError(response: Response): Promise<ApiError['error']> {
  const fallback = {
    code: `http_${response.status}`,
    message: `The server answered ${response.status} ${response.statusText}`.trim(),
  };
  try {
    const body: unknown = await response.json();
    return isApiError(body) ? body.error : fallback;
  } catch {
    return fallback;
  }
}

function isApiError(body: unknown): body is ApiError {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return (
    typeof error === 'object' &&
    error !== null &&
    'message' in error &&
    typeof error.message === 'string'
  );
}
