import type { ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useRouterState } from '@tanstack/react-router';
import { firingQuery, fleetQuery } from '../api/fleet-queries.ts';
import { quantityText } from '../format/quantity.ts';
import { rangeOnly } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { Icon } from '../ui/icon.tsx';
import { Logo } from './logo.tsx';
import { PipelineFooter } from './pipeline-footer.tsx';
import { views, type ViewPath } from './views.ts';

interface NavCount {
  text: string;
  tone: 'plain' | 'near' | 'over' | 'leaking';
  meaning: string;
}

export function SideNav(): ReactNode {
  return (
    <nav className="side-nav" aria-label="Views">
      <Link to="/" search={{}} className="brand" aria-label="Plimsoll: fleet">
        <Logo />
        <span>Plimsoll</span>
      </Link>
      <NavLinks />
      <PipelineFooter />
    </nav>
  );
}

/** The same links stand at the side of a wide page and at the bottom of a narrow one. */
export function NavLinks(): ReactNode {
  const counts = useNavCounts();
  const [params] = useSearchState();
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <ul className="nav-links">
      {views.map((view) => {
        const count = counts[view.path];
        return (
          <li key={view.path}>
            <Link
              to={view.path}
              search={rangeOnly(params)}
              aria-current={isCurrent(view.path, path) ? 'page' : undefined}
            >
              <Icon name={view.icon} />
              <span className="nav-title">{view.title}</span>
              {count !== undefined && (
                <span className="nav-count" data-tone={count.tone} title={count.meaning}>
                  {count.text}
                </span>
              )}
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

function isCurrent(view: ViewPath, path: string): boolean {
  if (view === '/containers') return path === '/containers' || path === '/container';
  if (view === '/hosts') return path === '/hosts' || path === '/host';
  return view === path;
}

function useNavCounts(): Partial<Record<ViewPath, NavCount>> {
  const { data: fleet } = useQuery(fleetQuery);
  const { data: alerts } = useQuery(firingQuery);
  const counts: Partial<Record<ViewPath, NavCount>> = {};
  if (fleet !== undefined) {
    const needs = fleet.causes.length;
    const worst = (['over', 'leaking', 'near'] as const).find((state) =>
      fleet.causes.some((cause) => cause.state === state),
    );
    if (needs > 0)
      counts['/'] = {
        text: String(needs),
        tone: worst ?? 'plain',
        meaning: `${needs} things need you`,
      };
    counts['/containers'] = {
      text: quantityText(fleet.containers_running, 'count'),
      tone: 'plain',
      meaning: 'containers running',
    };
    counts['/hosts'] =
      fleet.hosts_silent > 0
        ? {
            text: `${fleet.hosts_silent} silent`,
            tone: 'over',
            meaning: 'hosts that stopped reporting',
          }
        : { text: String(fleet.hosts), tone: 'plain', meaning: 'hosts' };
  }
  const firing = alerts?.items.filter((alert) => alert.state === 'firing').length ?? 0;
  if (firing > 0)
    counts['/alerts'] = { text: String(firing), tone: 'over', meaning: 'alerts firing' };
  return counts;
}
