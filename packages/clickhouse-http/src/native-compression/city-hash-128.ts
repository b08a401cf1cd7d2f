/**
 * CityHash128 in its version 1.0.2, the one that ClickHouse's compressed blocks carry. Numbers are
 * of 64 bits without a sign. Source of the algorithm: Google's CityHash, 2011.
 */
const k0 = 0xc3a5c85c97cb3127n;
const k1 = 0xb492b66fbe98f273n;
const k2 = 0x9ae16a3b2f90404fn;
const k3 = 0xc949d7c7509e6557n;
const kMul = 0x9ddfea08eb382d69n;

type Pair = [bigint, bigint];

/** The hash as it stands in a block: the lower half first, each half with its lowest byte first. */
export function cityHash128(bytes: Buffer): Buffer {
  const [low, high] = hash(bytes);
  const result = Buffer.allocUnsafe(16);
  result.writeBigUInt64LE(low, 0);
  result.writeBigUInt64LE(high, 8);
  return result;
}

function hash(bytes: Buffer): Pair {
  const { length } = bytes;
  if (length >= 16) return withSeed(bytes.subarray(16), [at(bytes, 0) ^ k3, at(bytes, 8)]);
  if (length >= 8) {
    const seed: Pair = [at(bytes, 0) ^ times(BigInt(length), k0), at(bytes, length - 8) ^ k1];
    return withSeed(Buffer.alloc(0), seed);
  }
  return withSeed(bytes, [k0, k1]);
}

/** Eight words of 64 bits a round; what is left comes in pieces of four from the end. */
function withSeed(bytes: Buffer, seed: Pair): Pair {
  const { length } = bytes;
  if (length < 128) return murmur(bytes, seed);
  const state = begin(bytes, seed);
  const rounds = Math.floor(length / 128) * 2;
  mixRounds(state, bytes, rounds);
  const [, , z, , , , w1] = state;
  let [x, y, , v0, v1, w0] = state;
  y = wrap(y + times(rotate(w0, 37n), k0) + z);
  x = sum(x, times(rotate(sum(v0, z), 49n), k0));
  const left = length - rounds * 64;
  for (let done = 32; done < left + 32; done += 32) {
    const s = length - done;
    y = sum(times(rotate(wrap(y - x), 42n), k0), v1);
    w0 = sum(w0, at(bytes, s + 16));
    x = sum(times(rotate(x, 49n), k0), w0);
    w0 = sum(w0, v0);
    [v0, v1] = weak(bytes, s, [v0, v1]);
  }
  x = mix(x, v0);
  y = mix(y, w0);
  return [sum(mix(sum(x, v1), w1), y), mix(sum(x, w1), sum(y, v1))];
}

type State = [x: bigint, y: bigint, z: bigint, v0: bigint, v1: bigint, w0: bigint, w1: bigint];

function begin(bytes: Buffer, [x, y]: Pair): State {
  const z = times(BigInt(bytes.length), k1);
  const v0 = sum(times(rotate(y ^ k1, 49n), k1), at(bytes, 0));
  const v1 = sum(times(rotate(v0, 42n), k1), at(bytes, 8));
  const w0 = sum(times(rotate(sum(y, z), 35n), k1), x);
  return [x, y, z, v0, v1, w0, times(rotate(sum(x, at(bytes, 88)), 53n), k1)];
}

/**
 * The hot part. Numbers stay in registers only in local variables, read by a view, and cut to 64 bits
 * right where they are made: anything else allocates each of them.
 */
function mixRounds(state: State, bytes: Buffer, rounds: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [x, y, z, v0, v1, w0, w1] = state;
  for (let s = 0; s < rounds * 64; s += 64) {
    const first = view.getBigUint64(s, true);
    const second = view.getBigUint64(s + 8, true);
    const third = view.getBigUint64(s + 16, true);
    const fourth = view.getBigUint64(s + 24, true);
    const sixth = view.getBigUint64(s + 40, true);
    const seventh = view.getBigUint64(s + 48, true);
    const eighth = view.getBigUint64(s + 56, true);
    x = BigInt.asUintN(64, x + y);
    x = BigInt.asUintN(64, x + v0);
    x = BigInt.asUintN(64, x + third);
    x = BigInt.asUintN(64, (x >> 37n) | BigInt.asUintN(64, x << 27n));
    x = BigInt.asUintN(64, x * k1);
    y = BigInt.asUintN(64, y + v1);
    y = BigInt.asUintN(64, y + seventh);
    y = BigInt.asUintN(64, (y >> 42n) | BigInt.asUintN(64, y << 22n));
    y = BigInt.asUintN(64, y * k1);
    x = BigInt.asUintN(64, x ^ w1);
    y = BigInt.asUintN(64, y ^ v0);
    z = BigInt.asUintN(64, z ^ w0);
    z = BigInt.asUintN(64, (z >> 33n) | BigInt.asUintN(64, z << 31n));
    let a = BigInt.asUintN(64, BigInt.asUintN(64, v1 * k1) + first);
    let b = BigInt.asUintN(64, BigInt.asUintN(64, x + w0) + a);
    b = BigInt.asUintN(64, b + fourth);
    b = BigInt.asUintN(64, (b >> 21n) | BigInt.asUintN(64, b << 43n));
    let c = a;
    a = BigInt.asUintN(64, a + second);
    a = BigInt.asUintN(64, a + third);
    b = BigInt.asUintN(64, b + BigInt.asUintN(64, (a >> 44n) | BigInt.asUintN(64, a << 20n)));
    v0 = BigInt.asUintN(64, a + fourth);
    v1 = BigInt.asUintN(64, b + c);
    a = BigInt.asUintN(64, BigInt.asUintN(64, z + w1) + view.getBigUint64(s + 32, true));
    b = BigInt.asUintN(64, BigInt.asUintN(64, y + a) + eighth);
    b = BigInt.asUintN(64, (b >> 21n) | BigInt.asUintN(64, b << 43n));
    c = a;
    a = BigInt.asUintN(64, a + sixth);
    a = BigInt.asUintN(64, a + seventh);
    b = BigInt.asUintN(64, b + BigInt.asUintN(64, (a >> 44n) | BigInt.asUintN(64, a << 20n)));
    w0 = BigInt.asUintN(64, a + eighth);
    w1 = BigInt.asUintN(64, b + c);
    const swapped = z;
    z = x;
    x = swapped;
  }
  state.splice(0, 7, x, y, z, v0, v1, w0, w1);
}

function murmur(bytes: Buffer, [first, second]: Pair): Pair {
  const { length } = bytes;
  let a = first;
  let b = second;
  let c: bigint;
  let d: bigint;
  if (length <= 16) {
    a = times(shiftMix(times(a, k1)), k1);
    c = sum(times(b, k1), short(bytes));
    d = shiftMix(sum(a, length >= 8 ? at(bytes, 0) : c));
  } else {
    c = mix(sum(at(bytes, length - 8), k1), a);
    d = mix(sum(b, BigInt(length)), sum(c, at(bytes, length - 16)));
    a = sum(a, d);
    for (let s = 0; s < length - 16; s += 16) {
      a = times(a ^ times(shiftMix(times(at(bytes, s), k1)), k1), k1);
      b ^= a;
      c = times(c ^ times(shiftMix(times(at(bytes, s + 8), k1)), k1), k1);
      d ^= c;
    }
  }
  a = mix(a, c);
  b = mix(d, b);
  return [a ^ b, mix(b, a)];
}

/** Of at most sixteen bytes. */
function short(bytes: Buffer): bigint {
  const { length } = bytes;
  const size = BigInt(length);
  if (length > 8) {
    const b = at(bytes, length - 8);
    return mix(at(bytes, 0), rotate(sum(b, size), size)) ^ b;
  }
  if (length >= 4) {
    const a = BigInt(bytes.readUInt32LE(0));
    return mix(size + (a << 3n), BigInt(bytes.readUInt32LE(length - 4)));
  }
  if (length === 0) return k2;
  const [a = 0, b = 0, c = 0] = [bytes[0], bytes[length >> 1], bytes[length - 1]];
  const y = BigInt(a + b * 256);
  const z = BigInt(length + c * 4);
  return times(shiftMix(times(y, k2) ^ times(z, k3)), k2);
}

function weak(bytes: Buffer, s: number, [seedA, seedB]: Pair): Pair {
  const z = at(bytes, s + 24);
  const first = sum(seedA, at(bytes, s));
  const b = rotate(wrap(seedB + first + z), 21n);
  const a = wrap(first + at(bytes, s + 8) + at(bytes, s + 16));
  return [sum(a, z), wrap(b + rotate(a, 44n) + first)];
}

function mix(u: bigint, v: bigint): bigint {
  const a = shiftMix(times(u ^ v, kMul));
  return times(shiftMix(times(v ^ a, kMul)), kMul);
}

function shiftMix(value: bigint): bigint {
  return value ^ (value >> 47n);
}

function at(bytes: Buffer, offset: number): bigint {
  return bytes.readBigUInt64LE(offset);
}

function rotate(value: bigint, shift: bigint): bigint {
  return wrap((value >> shift) | (value << (64n - shift)));
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function sum(a: bigint, b: bigint): bigint {
  return wrap(a + b);
}

function times(a: bigint, b: bigint): bigint {
  return wrap(a * b);
}
