/**
 * What containers ask of their logs by labels, and the operator by rules, through the real daemon, the
 * real process and two kill -9 in the middle of records, down to the rows.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { type DockerDaemon, dockerMissing, startDocker } from '../harness/docker-daemon.ts';
import { eventually } from '../harness/eventually.ts';
import { type PlimsollProcess, startPlimsoll } from '../harness/plimsoll-process.ts';
import { isSkipped } from '../harness/requirement.ts';

const secret = 'hunter2hunter2';
const records = 600;

/** Records of three lines, half of them with the secret, at both ends of the two streams. */
const writeRecords = `n=1; while [ $n -le ${records} ]; do
  echo "BEGIN record $n password=${secret}"; echo "  at line two of $n"; echo "noise $n" >&2
  echo "  at line three of $n password=${secret}"
  [ $((n % 10)) -eq 0 ] && sleep 0.1; n=$((n+1)); done; sleep 3600`;

describe.skipIf(isSkipped(dockerMissing()))('rules for the lines of a log', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-rules-'));
  let docker: DockerDaemon | undefined;
  let plimsoll: PlimsollProcess | undefined;

  afterAll(async () => {
    await plimsoll?.end('SIGTERM');
    await docker?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it(
    'join, redact, withhold and exclude, exactly once over kill -9',
    { timeout: 150_000 },
    async () => {
      docker = await startDocker(join(folder, 'docker'));
      const options = {
        folder: join(folder, 'plimsoll'),
        config: {
          collector: {
            docker: { socket: docker.socket },
            logs: { rules: [{ match: { name: ['limited'] }, quota: '100B' }] },
            stats: { enabled: false },
          },
        },
      };
      const rotation = ['--log-opt', 'max-size=20k', '--log-opt', 'max-file=50'];
      const labels = [
        'plimsoll.multiline.start=^(BEGIN|noise)',
        String.raw`plimsoll.redact=["password=\\S+"]`,
      ].flatMap((label) => ['--label', label]);
      docker.run(['--name', 'joined', ...rotation, ...labels], writeRecords);
      docker.run(['--name', 'limited'], 'while true; do seq 1 500; sleep 1; done');
      docker.run(['--name', 'excluded', '--label', 'plimsoll.exclude=true'], 'echo no; sleep 3600');
      docker.run(
        ['--name', 'broken', '--label', 'plimsoll.redact=('],
        `echo password=${secret}; sleep 3600`,
      );
      for (const ms of [1500, 2500]) {
        plimsoll = await startPlimsoll(options);
        await sleep(ms);
        await plimsoll.end('SIGKILL');
      }
      const running = await startPlimsoll(options);
      plimsoll = running;
      const numbers = async (where: string, pattern: string): Promise<unknown[]> => {
        const found = `arrayJoin(extractAll(message, '${pattern}'))`;
        const [row] = await running.sql(
          `SELECT count(), uniqExact(found), max(toUInt64OrZero(found)) FROM
         (SELECT ${found} AS found FROM logs WHERE ${where})`,
        );
        return (row ?? []).map(Number);
      };
      const each = [records, records, records];
      await eventually('every record', 60_000, async () => {
        const [count] = await numbers("container_name = 'joined'", 'line three of (\\\\d+)');
        return count === records;
      });
      await sleep(3000);
      for (const pattern of [
        'BEGIN record (\\\\d+)',
        'line two of (\\\\d+)',
        'line three of (\\\\d+)',
        'noise (\\\\d+)',
      ]) {
        expect(await numbers("container_name = 'joined'", pattern), pattern).toEqual(each);
      }
      const joined = await running.sql(
        `SELECT countIf(match(message, '^BEGIN record \\\\d+ \\\\[redacted\\\\]\\n  at line two of \\\\d+\\n  at line three of \\\\d+ \\\\[redacted\\\\]$')),
         countIf(stream = 'stderr' AND match(message, '^noise \\\\d+$')) FROM logs WHERE container_name = 'joined'`,
      );
      // A kill, a rotation in the middle or two seconds without a line may end a record early.
      const [whole = 0, noise = 0] = (joined[0] ?? []).map(Number);
      expect(whole).toBeGreaterThan(records * 0.8);
      expect(noise).toBe(records);
      const names = await running.sql(
        "SELECT container_name, count() FROM logs WHERE container_name != 'joined' GROUP BY 1",
      );
      expect(names.map(([name]) => name)).toEqual(['limited']);
      expect(Number(names[0]?.[1])).toBeLessThan(1000);
      const broken = await running.sql(
        "SELECT severity, attributes['problem'] FROM events WHERE kind = 'log_withheld' AND container_name = 'broken' LIMIT 1",
      );
      expect(broken).toEqual([['error', expect.stringContaining('pattern "("')]]);
      const quota = await eventually('the event of the quota', 20_000, async () => {
        const rows = await running.sql(
          "SELECT attributes['withheld_lines'], attributes['withheld_bytes'] FROM events WHERE kind = 'log_withheld' AND container_name = 'limited'",
        );
        return rows.length > 0 && rows;
      });
      expect(Number(quota[0]?.[0])).toBeGreaterThan(0);
      expect(Number(quota[0]?.[1])).toBeGreaterThan(Number(quota[0]?.[0]));
      await running.end('SIGTERM');
      // Neither the engine, nor the journal, nor the checkpoint has ever seen the secret.
      const search = spawnSync('grep', ['-rla', '-F', secret, join(folder, 'plimsoll', 'data')]);
      const seen = search.stdout.toString().trim();
      expect(seen).toBe('');
    },
  );
});
