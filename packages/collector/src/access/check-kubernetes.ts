import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Config } from '@plimsoll/runtime';
import { resolveHostPath } from '../discovery/kubernetes/host-path.ts';
import {
  findServiceAccount,
  serviceAccountFolder,
} from '../discovery/kubernetes/service-account.ts';
import { readProblem } from './check-docker.ts';
import { fine, type Finding } from './finding.ts';

const subject = 'Kubernetes';

/** The folders of pod logs, and what it takes to ask the API server. Calls nothing. */
export function checkKubernetes(
  { kubernetes, roots }: Config['collector'],
  env: NodeJS.ProcessEnv = process.env,
): Finding[] {
  if (kubernetes.enabled === 'never') {
    return [fine(subject, 'switched off (collector.kubernetes.enabled: never)')];
  }
  const folder = join(roots.host, resolveHostPath(roots.host, kubernetes.pod_logs));
  const isExpected =
    kubernetes.enabled === 'always' || env['KUBERNETES_SERVICE_HOST'] !== undefined;
  if (!existsSync(folder)) {
    if (!isExpected) return [fine(subject, `not on this host (there is no ${folder})`)];
    return [
      {
        subject,
        level: 'warn',
        message: `${folder} is not here`,
        lost: 'containers of pods and their logs',
        remedy: `mount the host’s ${kubernetes.pod_logs} read-only, or its root and set collector.roots.host`,
      },
    ];
  }
  const problem = readProblem(folder);
  if (problem !== null) {
    return [
      {
        subject,
        level: 'warn',
        message: `${folder} may not be read (${problem})`,
        lost: 'logs of pods',
        remedy: 'give CAP_DAC_READ_SEARCH, or run as root',
      },
    ];
  }
  return [fine(subject, `${folder} can be read`), checkApi(kubernetes.api, env)];
}

function checkApi(wanted: 'auto' | 'never', env: NodeJS.ProcessEnv): Finding {
  const api = 'Kubernetes API';
  if (wanted === 'never') return fine(api, 'switched off (collector.kubernetes.api: never)');
  const account = findServiceAccount(env, serviceAccountFolder);
  if (typeof account !== 'string') return fine(api, 'a service account is here');
  return {
    subject: api,
    level: 'warn',
    message: account,
    lost: 'owners, limits and requests of pods beyond what paths and labels say',
    remedy: 'run as infra/kubernetes/collector.yaml does, or set collector.kubernetes.api: never',
  };
}
