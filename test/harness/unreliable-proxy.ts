/** An HTTP proxy on loopback that fails the way networks do, when told to. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * `pass`: as it is; `down`: connections are cut before anything arrives; `lost`: requests arrive and are
 * answered, and the answers get lost.
 */
export type ProxyMode = 'pass' | 'down' | 'lost';

export interface UnreliableProxy extends AsyncDisposable {
  url: string;
  mode: ProxyMode;
  /** Requests by what became of them. */
  readonly seen: Record<ProxyMode, number>;
}

export async function openUnreliableProxy(target: () => string): Promise<UnreliableProxy> {
  const server = createServer((incoming, outgoing) => {
    const { mode } = proxy;
    proxy.seen[mode] += 1;
    if (mode === 'down') incoming.socket.destroy();
    else forward(incoming, outgoing, { target: target(), isAnswerLost: mode === 'lost' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: UnreliableProxy = {
    url: `http://127.0.0.1:${port}`,
    mode: 'pass',
    seen: { pass: 0, down: 0, lost: 0 },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { target, isAnswerLost }: { target: string; isAnswerLost: boolean },
): void {
  const { method, url = '/', headers } = incoming;
  const onward = request(new URL(url, target), { method, headers }, (answer) => {
    if (isAnswerLost) {
      answer.resume();
      answer.on('end', () => incoming.socket.destroy());
    } else {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }
  });
  onward.on('error', () => incoming.socket.destroy());
  incoming.pipe(onward);
}
