// A program that a test starts and that answers over HTTP. None outlives the test run.

import { spawn } from "node:child_process";
import { once } from "node:events";

const READY_WITHIN_MS = 30_000;

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

export class Child {
  #child;
  #log = "";
  #gone;

  constructor(program, words, options) {
    this.#child = spawn(program, words, options);
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.on("data", (text) => (this.#log += text));
    const failed = once(this.#child, "error").then(([error]) => Promise.reject(error));
    const ended = once(this.#child, "exit").then(([code]) => Promise.reject(new Error(`${program}: exit ${code}: ${this.#log}`)));
    this.#gone = Promise.race([failed, ended]);
    this.#gone.catch(() => running.delete(this.#child));
  }

  /** Waits until there is an answer at `url`, whatever it is. */
  answers(url) {
    return Promise.race([this.#gone, this.#answer(url)]);
  }

  async #answer(url) {
    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until) {
      const answer = await fetch(url).catch(() => null);
      await answer?.body?.cancel();
      if (answer) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`nothing answers at ${url} after ${READY_WITHIN_MS} ms: ${this.#log}`);
  }

  async stop() {
    if (this.#child.exitCode === null) {
      this.#child.kill("SIGTERM");
      await once(this.#child, "exit");
    }
  }
}
