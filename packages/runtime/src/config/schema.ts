/**
 * The whole configuration of Plimsoll: one YAML file, its keys in snake_case, plus environment
 * variables (see environment.ts). Every field states meaning, unit and default; an unknown key is
 * an error. What a process of one role does not use is validated all the same.
 */
import { hostname } from 'node:os';
import { z } from 'zod';
import { clickhouseHttp } from './clickhouse-http-schema.ts';
import type { DeepReadonly } from './deep-freeze.ts';
import { duration, size } from './quantity.ts';
import { storage } from './storage-schema.ts';

const port = z.number().int().min(0).max(65_535);
const secret = z.string().min(1).meta({ secret: true });

const globs = z.array(z.string().min(1)).max(100);

/** All that are given must fit; each is a list of patterns with `*` and `?`, of which one must. */
const containerMatch = z.strictObject({
  name: globs.optional(),
  image: globs.optional(),
  /** Kubernetes namespace. */
  namespace: globs.optional(),
  /** `key` or `key=value`, the value a pattern. */
  label: globs.optional(),
});

const logRule = z.strictObject({
  match: containerMatch.prefault({}),
  /** Joins lines into one record. Patterns are RE2's. */
  multiline: z
    .strictObject({
      /** A line that fits begins a record. */
      start: z.string().min(1).optional(),
      /** A line that fits goes on with the record before. */
      continue: z.string().min(1).optional(),
      max_lines: z.number().int().min(2).max(10_000).default(500),
      max_bytes: size.prefault('256KiB'),
      /** Longest a record waits for its next line. */
      max_wait: duration.prefault('2s'),
    })
    .optional(),
  /** What fits a pattern is replaced before it leaves the host. */
  redact: z
    .array(
      z.strictObject({
        pattern: z.string().min(1),
        replacement: z.string().max(200).default('[redacted]'),
      }),
    )
    .max(50)
    .optional(),
  /** Bytes of log per second, on average over a minute; what is above is withheld and counted. */
  quota: size.optional(),
  /** The log is not read at all. */
  exclude: z.boolean().optional(),
});

const collector = z
  .strictObject({
    /** Name of this host in everything stored. Default: the kernel's host name. */
    host: z
      .string()
      .min(1)
      .default(() => hostname()),
    /** Where the kernel's file systems are. Change inside a container with host mounts. */
    roots: z
      .strictObject({
        proc: z.string().default('/proc'),
        sys: z.string().default('/sys'),
        /** Where cgroup hierarchies are mounted; `auto` reads it from `<proc>/self/mountinfo`. */
        cgroup: z.string().default('auto'),
        kmsg: z.string().default('/dev/kmsg'),
        /** Put before every log path that Docker names. */
        host: z.string().default('/'),
      })
      .prefault({}),
    /** Which containers are watched. With `include`, only those; `exclude` is stronger. */
    containers: z
      .strictObject({
        include: z.array(containerMatch).max(100).default([]),
        exclude: z.array(containerMatch).max(100).default([]),
      })
      .prefault({}),
    /** Tenants that the label `plimsoll.tenant` of a container may choose; none unless listed. */
    label_tenants: z
      .array(z.string().regex(/^[a-zA-Z0-9_.-]{1,64}$/))
      .max(1000)
      .default([]),
    docker: z
      .strictObject({
        enabled: z.boolean().default(true),
        socket: z.string().default('/var/run/docker.sock'),
        /** Full list again, in case an event was missed. */
        resync_interval: duration.prefault('60s'),
        /** Logs of containers whose log driver keeps no json file, through the Docker API. */
        api_logs: z.boolean().default(true),
        /** Asks the daemon whether it still works, on three levels. */
        probe: z
          .strictObject({
            enabled: z.boolean().default(true),
            interval: duration.prefault('15s'),
            /** Of each level by itself. */
            deadline: duration.prefault('5s'),
          })
          .prefault({}),
      })
      .prefault({}),
    kubernetes: z
      .strictObject({
        /** `auto`: where the folder of pod logs is there. */
        enabled: z.enum(['auto', 'always', 'never']).default('auto'),
        pod_logs: z.string().default('/var/log/pods'),
        /** Links that name the container ids. */
        container_logs: z.string().default('/var/log/containers'),
        /** Owners, limits and requests from the API server: `auto` with a service account. */
        api: z.enum(['auto', 'never']).default('auto'),
      })
      .prefault({}),
    /** What a runtime leaves behind: veths, network namespaces, mounts, volumes, dead containers. */
    orphans: z
      .strictObject({
        enabled: z.boolean().default(true),
        interval: duration.prefault('5m'),
        /** Longest that something may be left over before it is told; at least two minutes. */
        grace: duration.prefault('10m'),
      })
      .prefault({}),
    gpu: z
      .strictObject({
        /** Path of nvidia-smi, `auto` to look for it, or `off`. */
        nvidia_smi: z.string().min(1).default('auto'),
        interval: duration.prefault('30s'),
      })
      .prefault({}),
    logs: z
      .strictObject({
        enabled: z.boolean().default(true),
        /** Where to start in a file never seen before: `beginning` or `end`. */
        start_at: z.enum(['beginning', 'end']).default('beginning'),
        /** Plain log files by glob, beside those of containers. */
        files: z.array(z.string()).default([]),
        /**
         * How often files that grow are looked at; idle ones are looked at once a second, and watched
         * where the host can. Longer saves little CPU, and what floods and rotates may outrun it.
         */
        poll_interval: duration.prefault('100ms'),
        /**
         * Longest a partly filled frame waits. A line is on its way after both intervals at most;
         * longer makes fewer frames.
         */
        flush_interval: duration.prefault('100ms'),
        /** Raw bytes read and not yet acknowledged; reading stops above it. */
        max_in_flight: size.prefault('64MiB'),
        /** Descriptors kept open for log files. */
        max_open_files: z.number().int().min(16).default(4096),
        /** By container: the first rule that matches stands, container labels go before it. */
        rules: z.array(logRule).max(200).default([]),
        /** Whether the labels `plimsoll.multiline.start`, `plimsoll.redact`, … are heeded. */
        labels: z.boolean().default(true),
      })
      .prefault({}),
    stats: z
      .strictObject({
        enabled: z.boolean().default(true),
        interval: duration.prefault('10s'),
        /** Of what walks processes and folders: descriptors, sockets by state, written layers. */
        slow_interval: duration.prefault('30s'),
        /** Cores that statistics may use; slow reads are stretched to keep to it. */
        cpu_budget: z.number().positive().max(64).default(0.01),
      })
      .prefault({}),
  })
  .prefault({});

const kafka = z
  .strictObject({
    brokers: z
      .array(z.string().regex(/^[^\s:]+:\d+$|^\[[0-9a-f:]+\]:\d+$/i))
      .max(100)
      .default(['127.0.0.1:9092']),
    client_id: z.string().min(1).max(200).default('plimsoll'),
    /** Topics are `<prefix>.logs`, `<prefix>.rows` and `<prefix>.dead-letters`. */
    topic_prefix: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,200}$/)
      .default('plimsoll'),
    topics: z
      .strictObject({
        /** Makes topics that are not there. */
        create: z.boolean().default(true),
        /** Of a topic that is made: how many consumers can share the work. */
        partitions: z.number().int().min(1).max(10_000).default(12),
        /** Of a topic that is made. Default: 3, or as many as there are brokers. */
        replicas: z.number().int().min(1).max(10).optional(),
        /** Of a topic of frames that is made; a frame that is not stored by then is lost. */
        retention: duration.prefault('3d'),
      })
      .prefault({}),
    /** Consumer group of ingest: its replicas share the partitions. */
    group: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,200}$/)
      .default('plimsoll-ingest'),
    /** A replica that is silent for so long has its partitions given to others. */
    session_timeout: duration.prefault('30s'),
    /** Of a host that writes little: fewer frames, each with more than its header in it. */
    small_frame_wait: duration.prefault('500ms'),
    tls: z
      .strictObject({
        enabled: z.boolean().default(false),
        /** Files in PEM. */
        ca: z.string().optional(),
        cert: z.string().optional(),
        key: z.string().optional(),
      })
      .prefault({}),
    sasl: z
      .strictObject({
        mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
        username: z.string().min(1),
        password: secret,
      })
      .optional(),
  })
  .prefault({});

/** How frames travel from collectors to ingest. */
const transport = z
  .strictObject({
    /** `direct`: through a journal within one process. `kafka`: through the brokers. */
    mode: z.enum(['direct', 'kafka']).default('direct'),
    kafka,
  })
  .prefault({});

const ingest = z
  .strictObject({
    /** Longest a batch waits before it is inserted. */
    flush_interval: duration.prefault('1s'),
    /** Raw bytes that close a batch. */
    batch_max_bytes: size.prefault('48MiB'),
    /** Lines and rows that close a batch. Kafka only. */
    batch_max_rows: z.number().int().min(1000).max(100_000_000).default(1_000_000),
    /** Bytes of frames fetched from Kafka and not yet stored. */
    max_in_flight: size.prefault('256MiB'),
    /** Bytes of frames accepted and not yet inserted; publishing waits above it. */
    journal_max_bytes: size.prefault('2GiB'),
    /** Inserts under way at once. */
    concurrency: z.number().int().min(1).max(16).default(3),
  })
  .prefault({});

const query = z
  .strictObject({
    /** Limits of every query of the page and the native API. */
    max_execution_time: duration.prefault('30s'),
    /** Limits of ad-hoc SQL. */
    sql: z
      .strictObject({
        max_execution_time: duration.prefault('30s'),
        max_memory: size.prefault('1GiB'),
        max_rows: z.number().int().min(1).default(100_000),
        max_result_bytes: size.prefault('32MiB'),
        max_concurrent: z.number().int().min(1).max(16).default(2),
      })
      .prefault({}),
    tail: z
      .strictObject({
        max_clients: z.number().int().min(1).default(50),
        max_lines_per_second: z.number().int().min(1).default(1000),
      })
      .prefault({}),
  })
  .prefault({});

const webhook = z.strictObject({
  name: z.string().min(1),
  url: z.url(),
  /** Signs the body: `X-Plimsoll-Signature: sha256=<hex HMAC>`. */
  secret: secret.optional(),
  timeout: duration.prefault('10s'),
  /** Tries before a notification is given up and counted. */
  max_attempts: z.number().int().min(1).max(20).default(8),
  send_resolved: z.boolean().default(true),
});

const ruleOverride = z.strictObject({
  enabled: z.boolean().optional(),
  /** In the rule's own unit; see the rule's page. */
  threshold: z.number().optional(),
  for: duration.optional(),
});

const alerting = z
  .strictObject({
    enabled: z.boolean().default(true),
    interval: duration.prefault('15s'),
    /** By rule name: what differs from the rule's own defaults. */
    rules: z.record(z.string(), ruleOverride).default({}),
    webhooks: z.array(webhook).max(20).default([]),
  })
  .prefault({});

const tenantName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]{1,64}$/)
  .meta({ expected: 'a name of 1 to 64 letters, digits, _ . or -' });

/** Of pushes, per second on average; 0: no limit. */
const pushRates = {
  /** Decompressed bytes. */
  bytes_per_second: size.prefault('0'),
  /** Samples and log records. */
  records_per_second: z.number().int().min(0).default(0),
};

/** What others push over HTTP: Prometheus remote write, Loki push, OTLP. */
const receivers = z
  .strictObject({
    enabled: z.boolean().default(true),
    host: z.string().default('127.0.0.1'),
    port: port.default(4272),
    /** Required on any address but loopback. Without any, all is of the process's own tenant. */
    tokens: z
      .array(
        z.strictObject({
          /** In logs and metrics; unique. */
          name: z.string().min(1).max(64),
          /** Sent as `Authorization: Bearer …` or as the password of basic authentication. */
          token: secret.min(16),
          /** Whose data it is. Default: the process's own. */
          tenant: tenantName.optional(),
          /** Others that the header X-Scope-OrgID may choose. */
          tenants: z.array(tenantName).max(1000).default([]),
          ...pushRates,
        }),
      )
      .max(1000)
      .default([]),
    limits: z
      .strictObject({
        /** Of a request's body as it comes. */
        max_body: size.prefault('16MiB'),
        /** The same, decompressed. */
        max_decoded: size.prefault('32MiB'),
        /** Of all requests together, decompressed, received and not yet durable. */
        max_in_flight: size.prefault('128MiB'),
        max_connections: z.number().int().min(1).default(2000),
        /** Longest that a body may take to arrive. */
        read_timeout: duration.prefault('30s'),
        /** Longest that a request waits until its data is durable. */
        publish_timeout: duration.prefault('10s'),
        /** Of each tenant, whatever its tokens. */
        tenant: z.strictObject(pushRates).prefault({}),
      })
      .prefault({}),
  })
  .prefault({});

export const configSchema = z.strictObject({
  tenant: tenantName.default('default'),
  /** Everything Plimsoll keeps on this host's disk. */
  data_dir: z.string().min(1).default('./data'),
  log: z
    .strictObject({
      level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
      /** `auto`: for people on a terminal, JSON otherwise. */
      format: z.enum(['auto', 'json', 'pretty']).default('auto'),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: port.default(4270),
      /** Required on any address but loopback; clients send `Authorization: Bearer …`. */
      token: secret.min(16).optional(),
    })
    .prefault({}),
  clickhouse_http: clickhouseHttp,
  collector,
  transport,
  storage,
  ingest,
  receivers,
  query,
  alerting,
});

/** Checked and frozen: see load.ts. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
