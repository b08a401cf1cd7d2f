import { useState, type ReactNode } from 'react';
import { Outlet, useNavigate } from '@tanstack/react-router';
import { useIsFetching, useQueryClient } from '@tanstack/react-query';
import { rangeOnly } from '../url/search-params.ts';
import { useSearchState } from '../url/use-search-state.ts';
import { Icon } from '../ui/icon.tsx';
import { useCommand } from './command-bus.ts';
import { FindBox } from './find-box.tsx';
import { HelpOverlay } from './help-overlay.tsx';
import { useCurrentTitle } from './page-title.ts';
import { PipelineBanner, PipelineFooter } from './pipeline-footer.tsx';
import { NavLinks, SideNav } from './side-nav.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { TimeRangePicker } from './time-range-picker.tsx';
import { TokenDialog } from './token-dialog.tsx';
import { useKeyCommands } from './use-key-commands.ts';
import { views, type ViewPath } from './views.ts';
import './shell.css';

export function Shell(): ReactNode {
  const [finding, setFinding] = useState(false);
  const [helping, setHelping] = useState(false);
  const client = useQueryClient();
  useKeyCommands();
  useCommand('find', () => setFinding(true));
  useCommand('help', () => setHelping(true));
  useCommand('refresh', () => void client.invalidateQueries());
  useGoCommands();
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        To the content
      </a>
      <SideNav />
      <div className="shell-main">
        <TopBar onFind={() => setFinding(true)} onHelp={() => setHelping(true)} />
        <PipelineBanner />
        <main id="main" tabIndex={-1}>
          <Outlet />
          <div className="narrow-pipeline">
            <PipelineFooter />
          </div>
        </main>
      </div>
      <nav className="bottom-nav" aria-label="Views">
        <NavLinks />
      </nav>
      <FindBox opened={finding} onClose={() => setFinding(false)} />
      <HelpOverlay opened={helping} onClose={() => setHelping(false)} />
      <TokenDialog />
    </div>
  );
}

function TopBar({ onFind, onHelp }: { onFind: () => void; onHelp: () => void }): ReactNode {
  const title = useCurrentTitle();
  const fetching = useIsFetching({ predicate: (query) => query.state.data === undefined });
  return (
    <header className="top-bar" data-busy={fetching > 0 || undefined}>
      <h1 className="page-title truncate">{title}</h1>
      <button
        type="button"
        className="find-button"
        onClick={onFind}
        aria-label="Find (/ or Ctrl K)"
      >
        <Icon name="find" size={15} />
        <span className="truncate">Find a container, image, host, log line…</span>
        <kbd>/</kbd>
      </button>
      <div className="top-actions">
        <TimeRangePicker />
        <ThemeSwitch />
        <button
          type="button"
          className="icon-button help-button"
          onClick={onHelp}
          aria-label="Keys and signs (?)"
          title="Keys and signs (?)"
        >
          <Icon name="help" />
        </button>
      </div>
    </header>
  );
}

function useGoCommands(): void {
  const navigate = useNavigate();
  const [params] = useSearchState();
  const go = (path: ViewPath) => (): void => void navigate({ to: path, search: rangeOnly(params) });
  const [fleet, containers, logs, alerts, sql, hosts] = views;
  useCommand(fleet.command, go(fleet.path));
  useCommand(containers.command, go(containers.path));
  useCommand(logs.command, go(logs.path));
  useCommand(alerts.command, go(alerts.path));
  useCommand(sql.command, go(sql.path));
  useCommand(hosts.command, go(hosts.path));
}
