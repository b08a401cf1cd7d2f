import type { ReactNode } from 'react';
import { useMantineColorScheme } from '@mantine/core';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useCommand } from './command-bus.ts';

const schemes = ['auto', 'light', 'dark'] as const;
const icons: Record<(typeof schemes)[number], IconName> = {
  auto: 'system',
  light: 'sun',
  dark: 'moon',
};
const titles: Record<(typeof schemes)[number], string> = {
  auto: 'as the system',
  light: 'light',
  dark: 'dark',
};

export function ThemeSwitch(): ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const turn = (): void =>
    setColorScheme(schemes[(schemes.indexOf(colorScheme) + 1) % schemes.length] ?? 'auto');
  useCommand('toggle-theme', turn);
  return (
    <button
      type="button"
      className="icon-button"
      onClick={turn}
      aria-label={`Colours: ${titles[colorScheme]}`}
      title={`Colours: ${titles[colorScheme]} (t)`}
    >
      <Icon name={icons[colorScheme]} />
    </button>
  );
}
