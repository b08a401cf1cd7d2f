import { useState, useSyncExternalStore, type ReactNode } from 'react';
import { Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { isTokenNeeded, onTokenChange, readToken, writeToken } from '../api/token.ts';

export function TokenDialog(): ReactNode {
  const needed = useSyncExternalStore(onTokenChange, isTokenNeeded);
  const client = useQueryClient();
  const [token, setToken] = useState('');
  const refused = needed && readToken() !== null;
  return (
    <Modal
      opened={needed}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      centered
      title={<b>This Plimsoll asks for an access token</b>}
      transitionProps={{ duration: 80 }}
    >
      <form
        className="token-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() === '') return;
          writeToken(token.trim());
          setToken('');
          void client.invalidateQueries();
        }}
      >
        <p className="muted">
          It is the one from <code className="mono">http.token</code> of the configuration, or from
          whoever runs this service. It stays in this tab and is forgotten when the tab is closed.
        </p>
        <input
          className="field mono"
          type="password"
          autoComplete="current-password"
          aria-label="Access token"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          data-autofocus
        />
        {refused && (
          <p className="state-text-over" role="alert">
            The token that was given before was not accepted.
          </p>
        )}
        <button type="submit" className="button button-primary" disabled={token.trim() === ''}>
          Open
        </button>
      </form>
    </Modal>
  );
}
