/**
 * Server-sent events from chunks of text, as the WHATWG HTML standard defines them; only `data`
 * is kept. An event longer than the limit is dropped and counted instead of growing for ever.
 */
export class SseParser {
  #rest = '';
  #data: string[] = [];
  #dataChars = 0;
  overlong = 0;
  readonly #maxEventChars: number;

  constructor(maxEventChars = 8_000_000) {
    this.#maxEventChars = maxEventChars;
  }

  push(chunk: string): string[] {
    const events: string[] = [];
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line, events);
    if (this.#rest.length > this.#maxEventChars) {
      this.#rest = '';
      this.#dataChars = Infinity;
    }
    return events;
  }

  #line(line: string, events: string[]): void {
    if (line === '') {
      if (this.#dataChars > this.#maxEventChars) this.overlong += 1;
      else if (this.#data.length > 0) events.push(this.#data.join('\n'));
      this.#data = [];
      this.#dataChars = 0;
      return;
    }
    if (!line.startsWith('data:')) return;
    const value = line.slice(line.startsWith('data: ') ? 6 : 5);
    this.#dataChars += value.length;
    if (this.#dataChars > this.#maxEventChars) this.#data = [];
    else this.#data.push(value);
  }
}
