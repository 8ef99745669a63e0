/** All controllers on a server in memory, with time in the test's hands. */
import assert from "node:assert/strict";

import { FakeClock } from "#base";

import { NAMESPACES } from "../engine/resources.ts";
import { DEFAULTS } from "../options.ts";
import { startOn } from "../start.ts";
import { FakeApi } from "./fake-api.ts";
import { FakeKubelet } from "./fake-kubelet.ts";

const MAX_ROUNDS = 2_000;
const ROUND_MS = 10;
const BEAT_SECONDS = 10;

export class ControlledWorld implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly api: FakeApi;
  readonly kubelet: FakeKubelet;
  readonly #controllers: AsyncDisposable;

  private constructor(
    clock: FakeClock,
    api: FakeApi,
    kubelet: FakeKubelet,
    controllers: AsyncDisposable,
  ) {
    this.clock = clock;
    this.api = api;
    this.kubelet = kubelet;
    this.#controllers = controllers;
  }

  static async start({ nodes = 2, seed = 1 } = {}): Promise<ControlledWorld> {
    const clock = new FakeClock();
    const api = new FakeApi(clock, seed);
    const kubelet = new FakeKubelet(api, seed);
    for (const name of ["default", "kube-system"]) {
      await api.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }
    for (let number = 1; number <= nodes; number++) await kubelet.addNode(`node${number}`);
    const options = { ...DEFAULTS, clock, rootCa: "-----BEGIN CERTIFICATE-----" };
    const controllers = await startOn(api, options);
    return new ControlledWorld(clock, api, kubelet, controllers);
  }

  /** Lets controllers work, and with `pods` kubelets too, until it holds. */
  async until(
    what: string,
    holds: () => boolean,
    { pods = true, everyRound = (): void => {} } = {},
  ): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      await this.clock.advance(ROUND_MS);
      everyRound();
      if (holds()) return;
      if (pods) await this.kubelet.step();
    }
    assert.fail(
      `${what}: did not come about; last requests: ${this.api.requests.slice(-20).join(", ")}`,
    );
  }

  /** Until nobody writes any more. */
  async settle(): Promise<void> {
    for (let round = 0, before = -1; round < MAX_ROUNDS; round++) {
      const count = this.api.requests.length;
      if (count === before && !(await this.kubelet.step())) return;
      before = count;
      await this.clock.advance(ROUND_MS);
    }
    assert.fail(`the controllers never come to rest: ${this.api.requests.slice(-20).join(", ")}`);
  }

  /** Time in which only these nodes give signs of life. */
  async pass(seconds: number, alive: readonly string[]): Promise<void> {
    for (let left = seconds; left > 0; left -= BEAT_SECONDS) {
      for (const name of alive) await this.kubelet.beat(name, this.clock.nowMs());
      await this.clock.advance(BEAT_SECONDS * 1_000);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#controllers[Symbol.asyncDispose]();
  }
}
