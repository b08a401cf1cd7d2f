import { useEffect, useState, type ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

interface CopyButtonProps {
  text: () => string;
  label: string;
  icon?: IconName;
  caption?: string;
}

const confirmMs = 1500;

export function CopyButton({ text, label, icon = 'copy', caption }: CopyButtonProps): ReactNode {
  const [result, setResult] = useState<'copied' | 'refused' | null>(null);
  useEffect(() => {
    if (result === null) return undefined;
    const timer = setTimeout(() => setResult(null), confirmMs);
    return () => clearTimeout(timer);
  }, [result]);
  return (
    <button
      type="button"
      className={caption === undefined ? 'icon-button' : 'button button-quiet'}
      title={label}
      aria-label={label}
      onClick={(event) => {
        event.stopPropagation();
        void copyText(text()).then((done) => setResult(done ? 'copied' : 'refused'));
      }}
    >
      <Icon name={icon} size={14} />
      {(caption !== undefined || result !== null) && <span role="status">{result ?? caption}</span>}
    </button>
  );
}

/** False where the browser does not let the page write (a page that is not from localhost or https). */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
