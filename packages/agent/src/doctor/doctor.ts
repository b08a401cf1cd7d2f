import { checkAccess } from '@plimsoll/collector';
import type { Finding } from '@plimsoll/collector';
import { interruptSignal } from '@plimsoll/cli';
import type { Terminal } from '@plimsoll/cli';
import type { Config } from '@plimsoll/runtime';
import { checkKafka } from '@plimsoll/transport';
import { checkClickHouse } from './check-clickhouse.ts';
import { checkSynchronisation } from './check-clock.ts';
import { renderFindings } from './render-findings.ts';

/** Looks at everything a collector needs; resolves with the exit code: 1 when anything fails. */
export async function doctor(
  config: Config,
  terminal: Terminal,
  options: { isJson: boolean; more: (config: Config) => Promise<Finding[]> },
): Promise<number> {
  const interrupt = interruptSignal();
  try {
    const [access, others, more] = await Promise.all([
      checkAccess({
        config: config.collector,
        dataDir: config.data_dir,
        signal: interrupt.signal,
      }),
      checkOthers(config),
      options.more(config),
    ]);
    if (interrupt.signal.aborted) return 130;
    const findings = [...access, ...others, ...more];
    const text = options.isJson
      ? `${JSON.stringify({ findings }, null, 2)}\n`
      : renderFindings(findings, terminal);
    terminal.stdout.write(text);
    return findings.some(({ level }) => level === 'fail') ? 1 : 0;
  } finally {
    interrupt.dispose();
  }
}

async function checkOthers(config: Config): Promise<Finding[]> {
  const isKafka = config.transport.mode === 'kafka';
  const isServer = config.storage.mode === 'server';
  const findings = [
    ...(isKafka ? await kafkaFindings(config) : []),
    // With Kafka between, the collector never speaks to the server.
    ...(isServer && !isKafka ? await checkClickHouse(config.storage) : []),
  ];
  const hasClock = findings.some(({ subject }) => subject === 'clock');
  return hasClock ? findings : [...findings, checkSynchronisation(config.collector.roots.host)];
}

async function kafkaFindings({ transport }: Config): Promise<Finding[]> {
  const reports = await checkKafka(transport.kafka);
  return reports.map(({ level, message, remedy }) => {
    const lost = level === 'fail' ? 'nothing while there is room; then reading stops' : '';
    return { subject: 'Kafka', level, message, lost, remedy };
  });
}
