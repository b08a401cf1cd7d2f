import { style } from '@plimsoll/cli';
import type { Terminal } from '@plimsoll/cli';
import type { ProcessContext } from './process-context.ts';
import { describeWatched } from './watched.ts';

/** What a person at a terminal wants to know once it runs. */
export function banner(context: ProcessContext, terminal: Terminal): string {
  const bold = style(terminal, terminal.stderr, 'bold');
  const dim = style(terminal, terminal.stderr, 'dim');
  const cyan = style(terminal, terminal.stderr, 'cyan');
  const rows = bannerRows(context).map(
    ([name, text]) => `  ${dim(name.padEnd(11))}${name === 'Page' ? cyan(text) : text}`,
  );
  return ['', `  ${bold('Plimsoll')} ${context.version}`, '', ...rows, '', ''].join('\n');
}

function bannerRows(context: ProcessContext): [string, string][] {
  const { role, config, address, collector, demo } = context;
  const rows: [string, string][] = [];
  if (collector.isFilled) {
    rows.push(['Watching', describeWatched(config.collector, collector.get().status())]);
  }
  if (demo.isFilled) {
    rows.push(['Watching', `a simulated fleet: ${demo.get().hosts.join(', ')}`]);
  }
  if (address.isFilled) {
    const hasPage = role === 'all' || role === 'query' || role === 'demo';
    rows.push([hasPage ? 'Page' : 'Health', hasPage ? address.get() : `${address.get()}/readyz`]);
  }
  const { clickhouseAddress, receiversAddress } = context;
  if (clickhouseAddress.isFilled) rows.push(['ClickHouse', clickhouseAddress.get()]);
  if (receiversAddress.isFilled) {
    rows.push(['Pushes', `${receiversAddress.get()} (remote write, Loki, OTLP)`]);
  }
  if (context.subscriber.isFilled && config.transport.mode === 'kafka') {
    rows.push(['Kafka', config.transport.kafka.brokers.join(', ')]);
  }
  const isEmbedded = config.storage.mode === 'embedded';
  rows.push([
    'Data',
    isEmbedded ? config.data_dir : `${config.storage.database} on the ClickHouse server`,
  ]);
  rows.push(['Stop', 'Ctrl-C']);
  return rows;
}
