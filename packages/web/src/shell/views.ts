import type { IconName } from '../ui/icon.tsx';

export const views = [
  { path: '/', title: 'Fleet', icon: 'fleet', command: 'go-fleet' },
  { path: '/containers', title: 'Containers', icon: 'containers', command: 'go-containers' },
  { path: '/logs', title: 'Logs', icon: 'logs', command: 'go-logs' },
  { path: '/alerts', title: 'Alerts', icon: 'alerts', command: 'go-alerts' },
  { path: '/sql', title: 'SQL', icon: 'sql', command: 'go-sql' },
  { path: '/hosts', title: 'Hosts', icon: 'hosts', command: 'go-hosts' },
] as const satisfies readonly { path: string; title: string; icon: IconName; command: string }[];

export type ViewPath = (typeof views)[number]['path'];
