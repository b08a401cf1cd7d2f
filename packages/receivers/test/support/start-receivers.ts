import { configSchema, type Config, Metrics, silentLogger } from '@plimsoll/runtime';
import { createReceivers, type Receivers } from '../../src/index.ts';
import { FakePublisher } from './fake-publisher.ts';

export interface TestReceivers extends AsyncDisposable {
  receivers: Receivers;
  publisher: FakePublisher;
  metrics: Metrics;
  config: Config['receivers'];
  url: string;
  port: number;
  /** Of a metric, over all its labels that are given. */
  metric: (name: string, labels?: Record<string, string>) => Promise<number>;
}

/** Real HTTP on a free port of loopback, before a transport that the test holds. */
export async function startReceivers(receiversConfig: object = {}): Promise<TestReceivers> {
  const config = configSchema.parse({ receivers: { port: 0, ...receiversConfig } }).receivers;
  const publisher = new FakePublisher();
  const metrics = new Metrics();
  const receivers = createReceivers({
    config,
    tenant: 'default',
    publisher,
    logger: silentLogger(),
    metrics,
    instance: 'testhost',
  });
  const url = await receivers.start();
  return {
    receivers,
    publisher,
    metrics,
    config,
    url,
    port: Number(new URL(url).port),
    metric: async (name, labels = {}) => {
      const found = (await metrics.registry.getMetricsAsJSON()).find((one) => one.name === name);
      const values = found === undefined ? [] : found.values;
      return values
        .filter((value) =>
          Object.entries(labels).every(([key, text]) => Reflect.get(value.labels, key) === text),
        )
        .reduce((sum, { value }) => sum + value, 0);
    },
    [Symbol.asyncDispose]: async () => {
      publisher.acknowledge();
      await receivers.stop();
    },
  };
}
