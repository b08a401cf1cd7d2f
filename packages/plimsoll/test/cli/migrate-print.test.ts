import { fakeTerminal } from '@plimsoll/cli';
import { expect, test } from 'vitest';
import { migrateCommand } from '../../src/commands/migrate.ts';

const run = async (values: Record<string, string | boolean>): Promise<string> => {
  const terminal = fakeTerminal();
  expect(await migrateCommand.run({ values, positionals: [], terminal })).toBe(0);
  return terminal.output();
};

test('the statements are printed as they are, or for a cluster; nothing is opened', async () => {
  const plain = await run({ print: true });
  expect(plain).toContain('CREATE TABLE IF NOT EXISTS logs');
  expect(plain).toContain('ALTER TABLE logs MODIFY TTL ingested_at + toIntervalSecond(1209600);');
  const cluster = await run({ print: true, cluster: 'fleet' });
  expect(cluster).toContain(
    'CREATE TABLE IF NOT EXISTS `plimsoll_local`.`logs` ON CLUSTER `fleet`',
  );
  expect(cluster).toContain("ENGINE = Distributed('fleet', 'plimsoll_local', 'logs');");
});

test('a cluster without --print is a mistake, said before anything is opened', async () => {
  await expect(run({ cluster: 'fleet' })).rejects.toMatchObject({ code: 'usage_invalid' });
});
