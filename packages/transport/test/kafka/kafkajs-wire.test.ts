/** Brokers that do not behave: whatever they do, a request ends in time. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { silentLogger } from '@plimsoll/runtime';
import { afterEach, describe, expect, test } from 'vitest';
import { KafkajsWire } from '../../src/kafka/kafkajs-wire.ts';
import { WireWriter } from '../../src/kafka/wire-codec.ts';
import { heartbeatRequest } from '../../src/kafka/wire-messages.ts';

const servers: { server: Server; sockets: Set<Socket> }[] = [];
const wires: KafkajsWire[] = [];
afterEach(() => {
  for (const wire of wires.splice(0)) wire.close();
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

/** Answers the question for versions, and anything else as `answer` says: null is silence. */
async function startBroker(
  answer: (correlation: Buffer, count: number) => Buffer | null,
): Promise<{ address: string; port: number; connections: () => number }> {
  const sockets = new Set<Socket>();
  let [requests, connections] = [0, 0];
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const [apiKey, correlation] = [data.readInt16BE(4), data.subarray(8, 12)];
      if (apiKey !== 18) requests += 1;
      const body =
        apiKey === 18
          ? Buffer.concat([correlation, new WireWriter().int16(0).int32(0).finish()])
          : answer(correlation, requests);
      if (body !== null) socket.write(new WireWriter().bytes(body).finish());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push({ server, sockets });
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, port, connections: () => connections };
}

function wireTo(...brokers: string[]): KafkajsWire {
  const tls = (): Promise<null> => Promise.resolve(null);
  const wire = new KafkajsWire({ brokers, clientId: 'test', tls, sasl: null }, silentLogger());
  wires.push(wire);
  return wire;
}

const heartbeat = heartbeatRequest({ group: 'g', memberId: 'm', generation: 1 });
const ok = (correlation: Buffer): Buffer =>
  Buffer.concat([correlation, new WireWriter().int32(0).int16(0).finish()]);

describe('a request', () => {
  test('is answered', async () => {
    const { address } = await startBroker(ok);
    expect(await wireTo(address).askAny(heartbeat, 1000)).toEqual({ code: 0 });
  });

  test('that gets no answer fails in time, and the next has a connection of its own', async () => {
    const broker = await startBroker((correlation, count) => (count > 1 ? ok(correlation) : null));
    const wire = wireTo(broker.address);
    const from = performance.now();
    await expect(wire.askAny(heartbeat, 200)).rejects.toThrow('no answer within 200 ms');
    expect(performance.now() - from).toBeLessThan(1500);
    expect(await wire.askAny(heartbeat, 1000)).toEqual({ code: 0 });
    expect(broker.connections()).toBe(2);
  });

  test('goes to the next broker when one is silent', async () => {
    const silent = await startBroker(() => null);
    const { address } = await startBroker(ok);
    expect(await wireTo(silent.address, address).askAny(heartbeat, 200)).toEqual({ code: 0 });
  });

  test('to a broker that is not there fails at once', async () => {
    await expect(wireTo('127.0.0.1:1').askAny(heartbeat, 1000)).rejects.toThrow('ECONNREFUSED');
  });

  test('with an answer that is cut short fails, and counts as not answered', async () => {
    const { address } = await startBroker((correlation) => correlation);
    await expect(wireTo(address).askAny(heartbeat, 1000)).rejects.toThrow(
      'expected 4 bytes more, got 0',
    );
  });

  test('on lanes of their own do not wait for one another', async () => {
    const broker = await startBroker((correlation, count) =>
      count === 1 ? null : ok(correlation),
    );
    const wire = wireTo(broker.address);
    wire.learn([{ node: 1, host: '127.0.0.1', port: broker.port }]);
    const waiting = wire
      .ask({ node: 1, lane: 'join' }, heartbeat, 1000)
      .catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await wire.ask({ node: 1, lane: 'group' }, heartbeat, 500)).toEqual({ code: 0 });
    wire.close();
    expect(await waiting).toMatchObject({ kind: 'unreachable' });
  });

  test('after the client was closed fails at once', async () => {
    const { address } = await startBroker(ok);
    const wire = wireTo(address);
    wire.close();
    await expect(wire.askAny(heartbeat, 1000)).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('to a broker that nobody named fails: it has moved', async () => {
    await expect(
      wireTo('127.0.0.1:1').ask({ node: 7, lane: 'group' }, heartbeat, 100),
    ).rejects.toMatchObject({
      kind: 'moved',
    });
  });
});
