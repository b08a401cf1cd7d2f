import { useCallback } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { SearchParams } from './search-params.ts';

export type UpdateSearch = (patch: SearchParams, options?: { push?: boolean }) => void;

/**
 * The address's parameters and a way to change some of them. Typing in a filter replaces the
 * entry of the history; a step that "back" should undo asks for `push`.
 */
export function useSearchState(): [SearchParams, UpdateSearch] {
  const params: SearchParams = useSearch({ strict: false });
  const navigate = useNavigate();
  const update = useCallback<UpdateSearch>(
    (patch, options) => {
      void navigate({
        to: '.',
        search: (previous: SearchParams) => ({ ...previous, ...patch }),
        replace: options?.push !== true,
        resetScroll: false,
      });
    },
    [navigate],
  );
  return [params, update];
}
