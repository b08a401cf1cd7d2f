import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import { basePath } from './api/client.ts';
import { FleetView } from './fleet/fleet-view.tsx';
import { Shell } from './shell/shell.tsx';
import { NotFound } from './shell/not-found.tsx';
import { parseSearch, stringifySearch, type SearchParams } from './url/search-params.ts';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: (search: SearchParams): SearchParams => search,
});

/** Every path is one segment deep: the page's files are then found beside it under any prefix. */
const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: FleetView }),
  createRoute({
    getParentRoute: () => root,
    path: '/containers',
    component: lazyRouteComponent(
      () => import('./container/container-list-view.tsx'),
      'ContainerListView',
    ),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/container',
    component: lazyRouteComponent(() => import('./container/container-view.tsx'), 'ContainerView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/logs',
    component: lazyRouteComponent(() => import('./logs/logs-view.tsx'), 'LogsView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/sql',
    component: lazyRouteComponent(() => import('./sql/sql-view.tsx'), 'SqlView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/alerts',
    component: lazyRouteComponent(() => import('./alerts/alerts-view.tsx'), 'AlertsView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/hosts',
    component: lazyRouteComponent(() => import('./hosts/hosts-view.tsx'), 'HostsView'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/host',
    component: lazyRouteComponent(() => import('./hosts/host-view.tsx'), 'HostView'),
  }),
];

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: basePath,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
