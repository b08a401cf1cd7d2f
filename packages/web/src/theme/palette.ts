import { useSyncExternalStore } from 'react';

/** The colours of `tokens.css` as canvas wants them: resolved, and read again when the scheme changes. */
export interface Palette {
  panel: string;
  text: string;
  text2: string;
  text3: string;
  line: string;
  grid: string;
  hover: string;
  selected: string;
  focus: string;
  water: string;
  waterDeep: string;
  waterPale: string;
  tank: string;
  limit: string;
  near: string;
  over: string;
  leaking: string;
  mark: string;
}

const names: Record<keyof Palette, string> = {
  panel: '--panel',
  text: '--text',
  text2: '--text-2',
  text3: '--text-3',
  line: '--line',
  grid: '--grid',
  hover: '--hover',
  selected: '--selected',
  focus: '--focus',
  water: '--water',
  waterDeep: '--water-deep',
  waterPale: '--water-pale',
  tank: '--tank',
  limit: '--limit',
  near: '--near',
  over: '--over',
  leaking: '--leaking',
  mark: '--mark',
};

let current: Palette | null = null;
const listeners = new Set<() => void>();
let observer: MutationObserver | null = null;

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (key: keyof Palette): string => style.getPropertyValue(names[key]).trim();
  return {
    panel: read('panel'),
    text: read('text'),
    text2: read('text2'),
    text3: read('text3'),
    line: read('line'),
    grid: read('grid'),
    hover: read('hover'),
    selected: read('selected'),
    focus: read('focus'),
    water: read('water'),
    waterDeep: read('waterDeep'),
    waterPale: read('waterPale'),
    tank: read('tank'),
    limit: read('limit'),
    near: read('near'),
    over: read('over'),
    leaking: read('leaking'),
    mark: read('mark'),
  };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  observer ??= new MutationObserver(() => {
    current = null;
    for (const notify of listeners) notify();
  });
  if (listeners.size === 1) {
    observer.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) observer?.disconnect();
  };
}

export function usePalette(): Palette {
  return useSyncExternalStore(subscribe, () => (current ??= readPalette()));
}
