import assert from "node:assert/strict";
import { mock, test } from "node:test";
import fc from "fast-check";
import { AssertionError, type Clock, FakeClock, systemClock } from "#base";
import { property } from "#test";

/** Lets promises that are already settled tell their followers. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a fake clock stands still, and both its times pass together", async () => {
  const clock = new FakeClock(5_000);
  assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [5_000, 0]);
  await clock.advance(1_500);
  assert.deepEqual([clock.nowMs(), clock.monotonicMs()], [6_500, 1_500]);
  assert.equal(new Date(new FakeClock().nowMs()).toISOString(), "2024-01-01T00:00:00.000Z");
});

test("timers run in order, each at its own time, those of one time as they were set", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  const enter = (name: string) => () => void ran.push(`${name}@${clock.monotonicMs()}`);
  clock.setTimer(30, enter("c"));
  clock.setTimer(10, enter("a"));
  clock.setTimer(20, enter("b"));
  clock.setTimer(20, enter("b2"));
  clock.setTimer(-5, enter("now"));
  assert.equal(clock.pending, 5);
  await clock.advance(0);
  assert.deepEqual(ran, ["now@0"]);
  await clock.advance(29);
  assert.deepEqual(ran.slice(1), ["a@10", "b@20", "b2@20"]);
  assert.equal(clock.monotonicMs(), 29);
  await clock.advance(1);
  assert.equal(ran.at(-1), "c@30");
  assert.equal(clock.pending, 0);
});

test("a timer set while time passes runs in the same pass if it is due in it", async () => {
  const clock = new FakeClock();
  const ran: number[] = [];
  const every = (): void => {
    ran.push(clock.monotonicMs());
    clock.setTimer(10, every);
  };
  clock.setTimer(10, every);
  await clock.advance(35);
  assert.deepEqual(ran, [10, 20, 30]);
  assert.equal(clock.pending, 1);
});

test("a disposed timer does not run, whenever it is disposed of", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  const early = clock.setTimer(10, () => ran.push("early"));
  const late = clock.setTimer(10, () => ran.push("late"));
  clock.setTimer(5, () => late[Symbol.dispose]());
  const other = clock.setTimer(10, () => ran.push("other"));
  early[Symbol.dispose]();
  early[Symbol.dispose]();
  assert.equal(clock.pending, 3);
  await clock.advance(10);
  assert.deepEqual(ran, ["other"]);
  other[Symbol.dispose]();
});

test("promise chains settle before the next timer runs", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  const work = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    for (let step = 0; step < 20; step++) await Promise.resolve();
    ran.push(`${name}@${clock.monotonicMs()}`);
    await clock.sleep(ms);
    ran.push(`${name} again@${clock.monotonicMs()}`);
  };
  const all = Promise.all([work("a", 10), work("b", 15)]);
  await clock.advance(30);
  assert.deepEqual(ran, ["a@10", "b@15", "a again@20", "b again@30"]);
  await all;
});

test("timers that set each other with no delay for ever are found out", async () => {
  const clock = new FakeClock();
  const loop = (): void => void clock.setTimer(0, loop);
  clock.setTimer(1, loop);
  await assert.rejects(clock.advance(1), AssertionError);
});

test("any number of timers may be due at once, and any number of times in a row", async () => {
  const clock = new FakeClock();
  let ran = 0;
  for (let count = 0; count < 1_500; count++) {
    clock.setTimer(0, () => clock.setTimer(0, () => (ran += 1)));
  }
  await clock.advance(0);
  assert.equal(ran, 1_500);
  let isAsleep = false;
  for (let round = 0; round < 1_500; round++) {
    clock.setTimer(0, () => (isAsleep = !isAsleep));
    await clock.advance(0);
  }
  assert.equal(isAsleep, false);
});

test("what a timer throws comes out of advance, and the clock goes on after it", async () => {
  const clock = new FakeClock();
  const ran: string[] = [];
  clock.setTimer(1, () => {
    throw new Error("broken");
  });
  clock.setTimer(2, () => ran.push("next"));
  await assert.rejects(clock.advance(5), /broken/);
  assert.equal(clock.monotonicMs(), 1);
  await clock.advance(1);
  assert.deepEqual(ran, ["next"]);
});

test("misuse of a fake clock is found out", async () => {
  const clock = new FakeClock();
  await assert.rejects(clock.advance(-1), AssertionError);
  await assert.rejects(clock.advance(Number.NaN), AssertionError);
  await assert.rejects(clock.advance(Infinity), AssertionError);
  const first = clock.advance(1);
  await assert.rejects(clock.advance(1), AssertionError);
  await first;
  await clock.advance(1);
  assert.equal(clock.monotonicMs(), 2);
  assert.throws(() => clock.setTimer(Number.NaN, () => {}), AssertionError);
});

const clocks: [string, () => { clock: Clock; pass: (ms: number) => Promise<void> }][] = [
  ["system", () => ({ clock: systemClock, pass: (ms) => systemClock.sleep(ms + 5) })],
  [
    "fake",
    () => {
      const clock = new FakeClock();
      return { clock, pass: (ms) => clock.advance(ms) };
    },
  ],
];

for (const [name, start] of clocks) {
  test(`${name} clock: sleep ends after its time`, async () => {
    const { clock, pass } = start();
    const before = clock.monotonicMs();
    const sleep = clock.sleep(20).then(() => clock.monotonicMs() - before);
    await pass(20);
    // Node's timers count whole milliseconds and may be one early.
    assert.ok((await sleep) >= 19);
  });

  test(`${name} clock: an abort ends the sleep with its reason, and takes the timer away`, async () => {
    const { clock } = start();
    const reason = new Error("stopping");
    const controller = new AbortController();
    const sleep = clock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await assert.rejects(sleep, (error) => error === reason);
    await assert.rejects(clock.sleep(60_000, controller.signal), (error) => error === reason);
    if (clock instanceof FakeClock) assert.equal(clock.pending, 0);
  });

  test(`${name} clock: a sleep that has ended leaves no listener`, async () => {
    const { clock, pass } = start();
    const { signal } = new AbortController();
    const removed = mock.method(signal, "removeEventListener");
    const added = mock.method(signal, "addEventListener");
    const sleep = clock.sleep(1, signal);
    await pass(1);
    await sleep;
    assert.equal(added.mock.callCount(), 1);
    assert.equal(removed.mock.callCount(), 1);
    assert.equal(removed.mock.calls[0]?.arguments[1], added.mock.calls[0]?.arguments[1]);
  });

  test(`${name} clock: timers run once, or not at all`, async () => {
    const { clock, pass } = start();
    const ran: string[] = [];
    clock.setTimer(5, () => ran.push("runs"));
    clock.setTimer(5, () => ran.push("is disposed of"))[Symbol.dispose]();
    await pass(10);
    await turn();
    assert.deepEqual(ran, ["runs"]);
  });
}

test("the system clock waits longer than setTimeout can", () => {
  const waits: { callback: () => void; ms: number }[] = [];
  const later = (callback: () => void, ms: number): number => waits.push({ callback, ms });
  const cleared: unknown[] = [];
  const set = mock.method(globalThis, "setTimeout", later);
  const clear = mock.method(globalThis, "clearTimeout", (id: unknown) => void cleared.push(id));
  try {
    let ran = 0;
    const timer = systemClock.setTimer(2 ** 32, () => (ran += 1));
    for (let round = 0; round < 3; round++) {
      assert.equal(ran, 0);
      waits.at(-1)?.callback();
    }
    assert.equal(ran, 1);
    assert.deepEqual(
      waits.map(({ ms }) => ms),
      [2 ** 31 - 1, 2 ** 31 - 1, 2],
    );
    timer[Symbol.dispose]();
    assert.deepEqual(cleared, [3], "it is the last wait that is cleared");
  } finally {
    set.mock.restore();
    clear.mock.restore();
  }
});

test("the system clock tells the machine's time", () => {
  assert.ok(Math.abs(systemClock.nowMs() - Date.now()) < 1_000);
  const first = systemClock.monotonicMs();
  assert.ok(systemClock.monotonicMs() >= first);
});

property(
  "any timers run as a sorted list of them would",
  fc.array(fc.record({ ms: fc.nat(20), cancelled: fc.boolean() }), { maxLength: 40 }),
  async (timers) => {
    const clock = new FakeClock();
    const ran: number[] = [];
    const set = timers.map(({ ms }, index) => clock.setTimer(ms, () => ran.push(index)));
    for (const [index, { cancelled }] of timers.entries()) {
      if (cancelled) set[index]?.[Symbol.dispose]();
    }
    const expected = [...timers.entries()]
      .filter(([, { cancelled }]) => !cancelled)
      .toSorted(([a, one], [b, other]) => one.ms - other.ms || a - b)
      .map(([index]) => index);
    assert.equal(clock.pending, expected.length);
    await clock.advance(20);
    assert.deepEqual(ran, expected);
  },
);
