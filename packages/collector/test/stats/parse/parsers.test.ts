import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { v1Files, v2Files, unifiedFiles } from '../../../src/stats/container-files.ts';
import { coresOf } from '../../../src/stats/container-limits.ts';
import { ContainerValues } from '../../../src/stats/container-values.ts';
import { parseMemberships, pathOfContainer } from '../../../src/stats/cgroup/container-cgroup.ts';
import { layoutOfMounts } from '../../../src/stats/cgroup/layout.ts';
import { parseMountinfo } from '../../../src/stats/cgroup/mountinfo.ts';
import { readDiskstats } from '../../../src/stats/host/disks.ts';
import { blockFilesystems } from '../../../src/stats/host/filesystems.ts';
import { HostValues } from '../../../src/stats/host/host-values.ts';
import {
  readArp,
  readCgroups,
  readConntrack,
  readFileNr,
  readLoadavg,
  readMeminfo,
  readSoftnet,
  readStat,
  readVmstat,
} from '../../../src/stats/host/kernel-files.ts';
import {
  type Bytes,
  bytesOf,
  countLines,
  parseNumberLines,
  parseSingle,
} from '../../../src/stats/parse/bytes.ts';
import { parseBlkio, parseIoStat } from '../../../src/stats/parse/io.ts';
import { compileKeys, parseKeyed } from '../../../src/stats/parse/keyed.ts';
import {
  compileHeaderPair,
  parseHeaderPair,
  parseNetDev,
  zeroInterfaceTotals,
} from '../../../src/stats/parse/network.ts';
import { parseSockstat, parseSockstat6 } from '../../../src/stats/parse/sockets.ts';
import { addTcpStates, noTcpStates } from '../../../src/stats/parse/tcp.ts';
import { parsePressure } from '../../../src/stats/parse/pressure.ts';
import { countWatches } from '../../../src/stats/background/inotify-use.ts';
import { parseDescriptorLimit } from '../../../src/stats/process/descriptors.ts';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20_260_131);

describe('numbers', () => {
  it.each([
    ['901120\n', 901_120],
    ['0', 0],
    ['-1\n', -1],
    ['max\n', Infinity],
    ['9223372036854771712\n', 9_223_372_036_854_771_712],
    ['', NaN],
    ['\n', NaN],
    ['none\n', NaN],
    ['-', NaN],
    ['-max', NaN],
  ])('reads %j as %d', (text, expected) => {
    expect(parseSingle(bytesOf(text))).toBe(expected);
  });

  it('looks at no byte beyond the length', () => {
    expect(parseSingle({ data: Buffer.from('123456'), length: 3 })).toBe(123);
    expect(countLines({ data: Buffer.from('1\n2\n3\n'), length: 4 })).toBe(2);
  });

  it('counts lines and lists the numbers at their start', () => {
    expect(countLines(bytesOf('2295\n24966\n'))).toBe(2);
    expect(countLines(bytesOf('2295\n24966'))).toBe(2);
    expect(parseNumberLines(bytesOf('2295\nx\n\n24966\n'))).toEqual([2295, 24_966]);
  });
});

describe('keyed files', () => {
  it('takes a key only as a whole word, in any order', () => {
    const out = new Float64Array(3);
    const text = 'anon_thp 7\nfile 5\nxanon 9\nanon 3\n';
    parseKeyed(bytesOf(text), compileKeys(['anon', 'file', 'shmem']), out);
    expect([...out]).toEqual([3, 5, NaN]);
  });

  it('takes the colon and unit of meminfo', () => {
    const out = new Float64Array(1);
    parseKeyed(bytesOf('MemTotal:       24684084 kB\n'), compileKeys(['MemTotal']), out);
    expect(out[0]).toBe(24_684_084);
  });

  it('finds every key it was made with', () => {
    const keys = fc.uniqueArray(fc.stringMatching(/^[a-z_]{1,20}$/), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(keys, (names) => {
        const out = new Float64Array(names.length);
        const text = names.map((name, index) => `${name} ${index}\n`).join('');
        parseKeyed(bytesOf(text), compileKeys(names), out);
        expect([...out]).toEqual(names.map((_, index) => index));
      }),
      { seed },
    );
  });
});

describe('input and output', () => {
  it('sums io.stat over devices, whatever the order of its fields', () => {
    const out = { readBytes: 0, writeBytes: 0, reads: 0, writes: 0 };
    const text =
      '254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:0 wios=40 rios=30 wbytes=20 rbytes=10\n8:16 \n';
    parseIoStat(bytesOf(text), out);
    expect(out).toEqual({ readBytes: 11, writeBytes: 22, reads: 33, writes: 44 });
  });

  it('sums reads and writes of a v1 file, not its totals', () => {
    const out = { read: 0, write: 0 };
    const text =
      '8:0 Read 100\n8:0 Write 20\n8:0 Sync 120\n8:0 Async 0\n8:0 Total 120\n254:0 Read 7\n254:0 Write 1\nTotal 128\n';
    parseBlkio(bytesOf(text), out);
    expect(out).toEqual({ read: 107, write: 21 });
  });
});

describe('pressure', () => {
  it('reads both totals', () => {
    const out = { waitingUs: 0, stalledUs: 0 };
    const text =
      'some avg10=0.01 avg60=0.68 avg300=2.04 total=16339816\nfull avg10=0.01 avg60=0.68 avg300=2.04 total=16226574\n';
    parsePressure(bytesOf(text), out);
    expect(out).toEqual({ waitingUs: 16_339_816, stalledUs: 16_226_574 });
  });

  it('leaves stalled unknown on a kernel without it', () => {
    const out = { waitingUs: 0, stalledUs: 0 };
    parsePressure(bytesOf('some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n'), out);
    expect(out).toEqual({ waitingUs: 5, stalledUs: NaN });
  });
});

describe('network files', () => {
  const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0     0       0          0
  eth0: 859195539   20420    1    2    0     0          0         0  1255392   12379    3    4    0     0       0          0
vethb2d9378:     100       1    0    0    0     0          0         0     1322      15    0    0    0     0       0          0
  eth1:12 1 0 0 0 0 0 0 34 1 0 0 0 0 0 0
`;
  it.each([
    ['without-loopback', 859_195_651, 1_256_748],
    ['without-loopback-and-veth', 859_195_551, 1_255_426],
  ] as const)('sums interfaces %s', (filter, receiveBytes, transmitBytes) => {
    const out = zeroInterfaceTotals();
    parseNetDev(bytesOf(dev), filter, out);
    expect(out).toMatchObject({
      receiveBytes,
      transmitBytes,
      receiveErrors: 1,
      receiveDropped: 2,
      transmitErrors: 3,
      transmitDropped: 4,
    });
  });

  it('finds names of a header in the line of numbers under it', () => {
    const pair = compileHeaderPair('TcpExt', ['ListenDrops', 'ListenOverflows', 'TCPNew']);
    const out = new Float64Array(3);
    const text =
      'TcpExt: SyncookiesSent ListenOverflows ListenDrops TCPTimeouts\nTcpExt: 1 2 3 4\nIpExt: ListenDrops\nIpExt: 9\n';
    parseHeaderPair(bytesOf(text), pair, out);
    expect([...out]).toEqual([3, 2, NaN]);
  });

  it('reads numbers of sockets by the name of their line', () => {
    const out = {
      used: 0,
      tcpInUse: 0,
      tcpOrphaned: 0,
      tcpTimeWait: 0,
      tcpAllocated: 0,
      udpInUse: 0,
    };
    const text =
      'sockets: used 38\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 257\nUDP: inuse 5 mem 0\nUDPLITE: inuse 9\nRAW: inuse 8\n';
    parseSockstat(bytesOf(text), out);
    expect(out).toEqual({
      used: 38,
      tcpInUse: 1,
      tcpOrphaned: 2,
      tcpTimeWait: 3,
      tcpAllocated: 4,
      udpInUse: 5,
    });
  });

  it('reads the sockets of IPv6', () => {
    const out = { tcpInUse: NaN, udpInUse: NaN };
    parseSockstat6(bytesOf('TCP6: inuse 7\nUDP6: inuse 2\nUDPLITE6: inuse 9\n'), out);
    expect(out).toEqual({ tcpInUse: 7, udpInUse: 2 });
  });
});

describe('sockets by state', () => {
  const line = (state: string): string =>
    `   0: 0100007F:1F90 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0\n`;
  const header =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

  it('counts those that mean something, and both kinds of FIN_WAIT as one', () => {
    const states = noTcpStates();
    const text = header + ['01', '01', '02', '04', '05', '06', '08', '0A'].map(line).join('');
    expect(addTcpStates(bytesOf(text), states)).toBe(text.length);
    expect(states).toEqual({ established: 2, synSent: 1, finWait: 2, closeWait: 1, listening: 1 });
  });

  it('takes complete lines only, and says how much that was', () => {
    const states = noTcpStates();
    const whole = line('08');
    expect(addTcpStates(bytesOf(whole + line('08').slice(0, -1)), states)).toBe(whole.length);
    expect(states.closeWait).toBe(1);
  });

  it('leaves out lines of another shape', () => {
    const states = noTcpStates();
    addTcpStates(bytesOf('\n \n0: a b 080 c\n0: a b 0\n0: a b\n'), states);
    expect(states).toEqual(noTcpStates());
  });
});

describe('watches of inotify', () => {
  it('are the lines of fdinfo that begin with its name', () => {
    const text =
      'pos:\t0\nflags:\t00\nmnt_id:\t15\nino:\t1060\ninotify wd:2 ino:1 sdev:1 mask:6 ignored_mask:0\ninotify wd:1 ino:2 sdev:1 mask:6 ignored_mask:0\n';
    expect(countWatches(bytesOf(text))).toBe(2);
  });
});

describe('limits', () => {
  it.each([
    ['10000 100000\n', 0.1],
    ['max 100000\n', Infinity],
    ['250000 100000\n', 2.5],
    ['', NaN],
  ])('reads cpu.max %j as %d cores', (text, expected) => {
    expect(coresOf(bytesOf(text))).toBe(expected);
  });

  it.each([
    ['Max open files            1024                 4096                 files     \n', 1024],
    ['Max open files            unlimited            unlimited            files     \n', Infinity],
    ['Max processes             1024                 4096                 processes \n', NaN],
  ])('reads the limit of %j', (text, expected) => {
    expect(parseDescriptorLimit(bytesOf(text))).toBe(expected);
  });
});

const damagedPieces = [
  'some ',
  'total=',
  '1:0 ',
  'Read ',
  'rbytes=',
  'max',
  '-',
  ':',
  ' ',
  '\n',
  '\t',
  '=',
  'Tcp:',
  'TcpExt:',
  'TCP: inuse ',
  'cpu',
  '18446744073709551615',
  '7',
  'Max open files',
];

/** The values that it gives, of all files. */
function parseAll(bytes: Bytes): number[] {
  const values = new ContainerValues();
  for (const file of [v1Files, v2Files].flatMap((files) => Object.values(files).flat())) {
    file.apply(bytes, values);
  }
  for (const file of unifiedFiles) file.apply(bytes, values);
  coresOf(bytes);
  parseDescriptorLimit(bytes);
  parseNetDev(bytes, 'without-loopback-and-veth', zeroInterfaceTotals());
  const pair = compileHeaderPair('Tcp', ['RetransSegs']);
  parseHeaderPair(bytes, pair, new Float64Array(1));
  parseSockstat(bytes, {
    used: 0,
    tcpInUse: 0,
    tcpOrphaned: 0,
    tcpTimeWait: 0,
    tcpAllocated: 0,
    udpInUse: 0,
  });
  parseSockstat6(bytes, { tcpInUse: 0, udpInUse: 0 });
  addTcpStates(bytes, noTcpStates());
  countWatches(bytes);
  const host = new HostValues();
  for (const read of [readMeminfo, readVmstat, readStat, readLoadavg]) read(bytes, host);
  for (const read of [readFileNr, readSoftnet, readConntrack, readArp, readCgroups]) {
    read(bytes, host);
  }
  return [...values.numbers, ...host.numbers];
}

describe('all parsers', () => {
  /** Bytes that look like kernel text for a while, and any bytes at all. */
  const words = fc.constantFrom(...damagedPieces);
  const kernelLike = fc.array(words, { maxLength: 80 }).map((parts) => Buffer.from(parts.join('')));
  const anyBytes = fc
    .uint8Array({ maxLength: 400 })
    .map((data) => Buffer.from(data.buffer, data.byteOffset, data.length));

  it('neither throw nor hang on any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(kernelLike, anyBytes), (data) => {
        parseAll({ data, length: data.length });
      }),
      { seed, numRuns: 2000 },
    );
  });

  it('give nothing that is out of range, whatever the bytes', () => {
    fc.assert(
      fc.property(kernelLike, (data) => {
        const values = parseAll({ data, length: data.length });
        const limitsOrKnown = values.filter((value) => value < 0 || value >= 2 ** 63);
        expect(limitsOrKnown.filter((value) => value !== Infinity)).toEqual([]);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it('give the same values whatever lies behind the length', () => {
    fc.assert(
      fc.property(kernelLike, kernelLike, (data, rest) => {
        const clean = new ContainerValues();
        const dirty = new ContainerValues();
        const files = [v1Files, v2Files].flatMap((of) => Object.values(of).flat());
        for (const file of [...files, ...unifiedFiles]) {
          file.apply({ data, length: data.length }, clean);
          file.apply({ data: Buffer.concat([data, rest]), length: data.length }, dirty);
        }
        expect(dirty).toEqual(clean);
      }),
      { seed },
    );
  });
});

describe('parsers of text that is read rarely', () => {
  const pieces = ['0::', '/', 'docker', '..', ':', ',', '\n', ' - ', ' ', '\\040', 'cgroup2'];
  const words = fc.constantFrom(...pieces, 'memory', '8', 'sda', '/dev/sda', '-1', 'a'.repeat(64));
  const text = fc.oneof(
    fc.array(words, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );

  it('do not throw on any of it', () => {
    fc.assert(
      fc.property(text, (any) => {
        const { unified } = parseMemberships(any);
        if (unified !== undefined) pathOfContainer(unified, 'a'.repeat(64));
        layoutOfMounts(parseMountinfo(any));
        blockFilesystems(any);
        readDiskstats(any, () => true, new HostValues());
      }),
      { seed, numRuns: 2000 },
    );
  });
});
