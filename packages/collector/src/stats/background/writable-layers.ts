/**
 * What each container wrote over its image, in bytes on disk. A walk over a large layer is spread
 * over many turns, beside those of other containers, and the last result stands until the next.
 */
import { join } from 'node:path';
import type { Clock } from '@plimsoll/runtime';
import type { Target } from '../../target.ts';
import type { BackgroundTask } from './background-reads.ts';
import { FolderSize } from './folder-size.ts';

/** Entries of one step; some 5 µs each where the folders are in memory. */
const defaultEntriesPerStep = 400;
/** Walks under way at a time, with an open folder each. A small layer needs no place among them. */
const maxUnfinished = 16;
/** A layer is walked no oftener than this times as long as its walk took. */
const restFactor = 10;
/** One that is the size it was is walked half as often, down to this much rarer. */
const mostRarely = 4;

interface Layer {
  readonly dockerId: string;
  readonly path: string;
  bytes: number;
  /** How many intervals lie between two walks. */
  rarely: number;
  dueAt: number;
  startedAt: number;
}

interface Walk {
  readonly layer: Layer;
  readonly size: FolderSize;
}

export interface WritableLayersOptions {
  readonly clock: Clock;
  /** How often a layer is walked where time allows. */
  readonly intervalMs: number;
  /** Put before the path that the runtime names. */
  readonly host: string;
  readonly entriesPerStep?: number;
  /** A folder that is itself smaller than this is read in one go. */
  readonly smallFolderBytes?: number;
}

export class WritableLayers implements BackgroundTask {
  readonly tier = 'writable_layers';
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #host: string;
  readonly #entriesPerStep: number;
  readonly #smallFolderBytes: number | undefined;
  readonly #layers = new Map<string, Layer>();
  readonly #unfinished: Walk[] = [];
  #isNewNext = true;
  #walks = 0;

  constructor(options: WritableLayersOptions) {
    this.#clock = options.clock;
    this.#entriesPerStep = options.entriesPerStep ?? defaultEntriesPerStep;
    this.#smallFolderBytes = options.smallFolderBytes;
    this.#intervalMs = options.intervalMs;
    this.#host = options.host;
  }

  /** Walks that came to an end. */
  get walksTotal(): number {
    return this.#walks;
  }

  add(target: Target): void {
    if (target.writableLayer === '') return;
    const path = join(this.#host, target.writableLayer);
    if (this.#layers.get(target.dockerId)?.path === path) return;
    this.remove(target.dockerId);
    this.#layers.set(target.dockerId, {
      dockerId: target.dockerId,
      path,
      bytes: NaN,
      rarely: 1,
      dueAt: 0,
      startedAt: 0,
    });
  }

  /** Ends the walk under way, too: nothing is held of a container that is gone. */
  remove(dockerId: string): void {
    this.#layers.delete(dockerId);
    const index = this.#unfinished.findIndex(({ layer }) => layer.dockerId === dockerId);
    if (index < 0) return;
    for (const { size } of this.#unfinished.splice(index, 1)) size.close();
  }

  /** Of the last walk that came to an end; `NaN` before it. */
  bytesOf(dockerId: string): number {
    return this.#layers.get(dockerId)?.bytes ?? NaN;
  }

  step(): boolean {
    // In turns, so that neither a huge layer nor many small ones keep the others waiting.
    this.#isNewNext = !this.#isNewNext;
    const walk = this.#isNewNext
      ? (this.#begin() ?? this.#unfinished.shift())
      : (this.#unfinished.shift() ?? this.#begin());
    if (!walk) return false;
    const { layer, size } = walk;
    const bytes = size.step(this.#entriesPerStep);
    if (bytes === undefined) this.#goOnLater(walk);
    else this.#finish(layer, bytes);
    return true;
  }

  close(): void {
    for (const { size } of this.#unfinished.splice(0)) size.close();
    this.#layers.clear();
  }

  #begin(): Walk | undefined {
    const now = this.#clock.monotonic();
    let next: Layer | undefined;
    for (const layer of this.#layers.values()) {
      if (layer.dueAt <= now && (!next || layer.dueAt < next.dueAt)) next = layer;
    }
    if (!next) return undefined;
    next.startedAt = now;
    next.dueAt = Infinity;
    const size = new FolderSize(next.path, { smallFolderBytes: this.#smallFolderBytes });
    return { layer: next, size };
  }

  #goOnLater(walk: Walk): void {
    if (this.#unfinished.length < maxUnfinished) {
      this.#unfinished.push(walk);
      return;
    }
    // No place: it begins again later.
    walk.size.close();
    walk.layer.dueAt = this.#clock.monotonic() + this.#intervalMs;
  }

  #finish(layer: Layer, bytes: number): void {
    const now = this.#clock.monotonic();
    layer.rarely = layer.bytes === bytes ? Math.min(mostRarely, layer.rarely * 2) : 1;
    layer.bytes = bytes;
    const interval = this.#intervalMs * layer.rarely;
    layer.dueAt = now + Math.max(interval, restFactor * (now - layer.startedAt));
    this.#walks++;
  }
}
