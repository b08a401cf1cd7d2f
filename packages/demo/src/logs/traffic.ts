/** What requests to the simulated shop look like. */
import type { Random } from '../random.ts';

export interface Request {
  method: string;
  path: string;
  status: number;
  milliseconds: number;
  bytes: number;
  requestId: string;
  client: string;
}

type Route = readonly [method: string, path: string];

const paths: readonly [Route, ...Route[]] = [
  ['GET', '/api/v2/products?page='],
  ['GET', '/api/v2/products/'],
  ['GET', '/api/v2/search?q=lantern&page='],
  ['POST', '/api/v2/cart/items'],
  ['GET', '/api/v2/cart/'],
  ['POST', '/api/v2/checkout'],
  ['GET', '/api/v2/orders/'],
  ['PUT', '/api/v2/profile'],
  ['GET', '/healthz'],
];

const agents = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15',
  'ShopApp/7.3.1 (Android 15)',
  'kube-probe/1.31',
] as const;

export function makeRequest(random: Random, load: number): Request {
  const [method, path] = random.pick(paths);
  const isSlow = random.chance(0.02 + 0.03 * load);
  const roll = random.next();
  return {
    method,
    path: path.endsWith('/') || path.endsWith('=') ? `${path}${random.whole(1, 9000)}` : path,
    status: roll < 0.004 ? 500 : roll < 0.007 ? 503 : roll < 0.04 ? 404 : roll < 0.06 ? 401 : 200,
    milliseconds: Math.round((isSlow ? 900 : 18) * (0.5 + random.next()) * (1 + load)),
    bytes: random.whole(180, 48_000),
    requestId: random.hex(16),
    client: `10.${random.whole(0, 20)}.${random.whole(0, 255)}.${random.whole(1, 254)}`,
  };
}

export function userAgent(random: Random): string {
  return random.pick(agents);
}
