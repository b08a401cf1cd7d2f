/**
 * How a pod reaches the API server: where the kubelet says it is, and with which account.
 * Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
 */
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from '../json-fields.ts';

export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface ServiceAccount {
  /** Such as `https://10.96.0.1:443`. */
  readonly server: string;
  /** Of the node whose pods are asked for. */
  readonly nodeName: string;
  readonly folder: string;
}

export interface Credentials {
  readonly token: string;
  /** PEM; empty: the authorities that the system trusts. */
  readonly ca: string;
}

/** The account; or what is missing, in words. */
export function findServiceAccount(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): ServiceAccount | string {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  if (host === '') return 'KUBERNETES_SERVICE_HOST is not set: not in a pod';
  if (!existsSync(join(folder, 'token'))) return `there is no token in ${folder}`;
  const nodeName = env['NODE_NAME'] ?? '';
  if (nodeName === '') return 'NODE_NAME is not set: set it from spec.nodeName';
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  const address = host.includes(':') ? `[${host}]` : host;
  return { server: `https://${address}:${port}`, nodeName, folder };
}

/** Read for every session: the kubelet renews the token within its hour. */
export async function readCredentials({ folder }: ServiceAccount): Promise<Credentials> {
  const token = (await readFile(join(folder, 'token'), 'utf8')).trim();
  const ca = await readFile(join(folder, 'ca.crt'), 'utf8').catch(() => '');
  return { token, ca };
}

/** `<namespace>/<name>` of the account that a token is for; empty when it does not say. */
export function accountOfToken(token: string): string {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    const [, namespace, name] =
      /^system:serviceaccount:([^:]+):([^:]+)$/.exec(text(claims, 'sub')) ?? [];
    return namespace === undefined || name === undefined ? '' : `${namespace}/${name}`;
  } catch {
    return '';
  }
}
