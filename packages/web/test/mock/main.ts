import { join } from 'node:path';
import { startMockServer } from './server.ts';

/** `node test/mock/main.ts [port] [tanks] [well|unwell|empty|calm]`: data to develop the page against. */
const [port = '4270', tanks = '144', mood = 'well'] = process.argv.slice(2);
const moods = ['well', 'unwell', 'empty', 'calm'] as const;
const server = await startMockServer(
  {
    tanks: Number(tanks),
    mood: moods.find((item) => item === mood) ?? 'well',
    dist: join(import.meta.dirname, '../../dist'),
  },
  Number(port),
);
process.stdout.write(`The mock server answers at ${server.url}\n`);
