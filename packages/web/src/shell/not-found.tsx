import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import { EmptyState } from '../ui/notices.tsx';

export function NotFound(): ReactNode {
  return (
    <EmptyState
      title="There is no such view"
      action={
        <Link to="/" search={{}} className="button">
          To the fleet
        </Link>
      }
    >
      The address may be from another version of Plimsoll, or cut short.
    </EmptyState>
  );
}
