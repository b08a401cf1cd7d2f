/** Sockets to one ClickHouse server: connecting has a limit, and a peer that vanished is noticed. */
import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';

/** Certificates in PEM. */
export interface ServerTls {
  /** Whom to trust, in place of the system's authorities. */
  ca?: Buffer;
  /** Who we are, where the server wants to know. Both or none. */
  cert?: Buffer;
  key?: Buffer;
}

export interface ConnectionAgentOptions {
  url: string;
  tls: ServerTls;
  maxSockets: number;
  /** For the TCP connection and the TLS handshake together. */
  connectTimeoutMs: number;
}

/** After this silence the kernel asks whether the peer is still there. */
const keepAliveProbeMs = 15_000;

export function connectionAgent(options: ConnectionAgentOptions): HttpAgent {
  const { url, tls, maxSockets, connectTimeoutMs } = options;
  const isTls = url.startsWith('https:');
  const shared: AgentOptions = { keepAlive: true, maxSockets };
  const agent = isTls ? new HttpsAgent({ ...shared, ...tls }) : new HttpAgent(shared);
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (...args) => {
    const socket = create(...args);
    if (!socket) return socket;
    const timer = setTimeout(() => {
      socket.destroy(
        new Error(`ETIMEDOUT: expected a connection within ${connectTimeoutMs} ms, got none`),
      );
    }, connectTimeoutMs);
    const stop = (): void => clearTimeout(timer);
    socket.once(isTls ? 'secureConnect' : 'connect', stop).once('close', stop);
    if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveProbeMs);
    return socket;
  };
  return agent;
}
