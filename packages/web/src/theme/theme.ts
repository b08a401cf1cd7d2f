import { createTheme, type MantineColorsTuple } from '@mantine/core';

const water: MantineColorsTuple = [
  '#eef5fc',
  '#dbe8f6',
  '#b4d0ec',
  '#8ab6e2',
  '#77b2f0',
  '#4d8fd0',
  '#2f7ac4',
  '#1c62ad',
  '#154f8f',
  '#0d3c70',
];

export const theme = createTheme({
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  primaryColor: 'water',
  primaryShade: { light: 7, dark: 4 },
  colors: { water },
  defaultRadius: 8,
  fontSizes: { xs: '11px', sm: '12px', md: '13px', lg: '14px', xl: '18px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
});
