import {type ChildProcess, spawn} from 'node:child_process';
import * as readline from 'node:readline';

/** What was asked took longer than it may. */
export class TimeLimitError extends Error {}

/** A process that is asked one thing at a time, a JSON line each way. */
export class Worker {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private ended: string | null = null;

  /** @param env beside the environment of this process */
  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.child = spawn(command, args, {stdio: ['pipe', 'pipe', 'inherit'], env: {...process.env, ...env}});
    // A side that has ended takes no command: the answer that does not come says so.
    this.child.stdin?.on('error', () => {});
    this.child.on('error', (error) => {
      this.ended = error.message;
    });
    this.child.on('close', (code, signal) => {
      this.ended ??= `it ended with ${signal ?? `exit code ${code}`}`;
    });
    if (this.child.stdout === null) throw new Error(`${name}: no pipe`);
    this.lines = readline.createInterface({input: this.child.stdout})[Symbol.asyncIterator]();
  }

  /**
   * @param limit seconds that the answer may take
   * @throws Error when the process has ended; TimeLimitError over the limit, after which the process is
   *   stopped: it has no other way to leave what it does
   */
  async ask<T>(command: object, limit?: number): Promise<T> {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    if (limit === undefined) return this.answer();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new TimeLimitError(`${this.name} gave no answer within ${limit} s`));
        this.child.kill('SIGKILL');
      }, 1000 * limit);
    });
    const answer = this.answer<T>();
    // Once the limit is over nobody waits for it.
    answer.catch(() => {});
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The next line that is JSON; what else a library prints is passed over. */
  async answer<T>(): Promise<T> {
    for (;;) {
      const {value, done} = await this.lines.next();
      if (done) throw new Error(`${this.name} gave no answer: ${this.ended ?? 'it closed its output'}`);
      if (value.startsWith('{')) return JSON.parse(value) as T;
    }
  }

  stop(): void {
    this.child.kill();
  }
}
