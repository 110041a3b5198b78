import {type ChildProcess, spawn} from 'node:child_process';
import * as readline from 'node:readline';

/** A process that is asked one thing at a time, a JSON line each way. */
export class Worker {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private ended: string | null = null;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    this.child = spawn(command, args, {stdio: ['pipe', 'pipe', 'inherit']});
    this.child.on('error', (error) => {
      this.ended = error.message;
    });
    this.child.on('close', (code, signal) => {
      this.ended ??= `it ended with ${signal ?? `exit code ${code}`}`;
    });
    if (this.child.stdout === null) throw new Error(`${name}: no pipe`);
    this.lines = readline.createInterface({input: this.child.stdout})[Symbol.asyncIterator]();
  }

  /** @throws Error when the process has ended */
  async ask<T>(command: object): Promise<T> {
    this.child.stdin?.write(`${JSON.stringify(command)}\n`);
    return this.answer();
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
