import assert from "node:assert/strict";
import fc from "fast-check";
import { Cidr, IpAddress } from "#base";
import { property } from "#test";
import { PrefixTable } from "./prefix-table.ts";

/** Few distinct bits, so that ranges often hold each other. */
const address = fc
  .record({
    isV4: fc.boolean(),
    word: fc.constantFrom(0, 1, 2, 0x80000000, 0xc0000000, 0xffff),
    low: fc.nat(7),
  })
  .map(({ isV4, word, low }) =>
    isV4 ? IpAddress.v4((word | low) >>> 0) : IpAddress.fromWords(word, word, 0, low),
  );
const prefix = fc
  .tuple(address, fc.nat(128))
  .map(([at, length]) => Cidr.of(at, length % (at.family === 4 ? 33 : 129)));
const step = fc.record({ isDelete: fc.boolean(), prefix });

property(
  "a prefix table answers as a linear scan does",
  fc.tuple(fc.array(step, { maxLength: 60 }), fc.array(address, { minLength: 1, maxLength: 8 })),
  ([steps, addresses]) => {
    const table = new PrefixTable<number>();
    const model = new Map<string, { prefix: Cidr; value: number }>();
    for (const [value, { isDelete, prefix: at }] of steps.entries()) {
      const before = model.get(at.key)?.value;
      if (isDelete) {
        assert.equal(table.delete(at), before);
        model.delete(at.key);
      } else {
        assert.equal(table.set(at, value), before);
        model.set(at.key, { prefix: at, value });
      }
    }
    const all = [...model.values()].toSorted((left, right) => left.prefix.compare(right.prefix));
    assert.equal(table.size, all.length);
    assert.deepEqual(
      [...table].map(({ value }) => value),
      all.map(({ value }) => value),
    );
    for (const at of addresses) {
      const longest = all
        .filter((entry) => entry.prefix.contains(at))
        .toSorted((left, right) => right.prefix.prefixLength - left.prefix.prefixLength)[0];
      assert.equal(table.lookup(at)?.value, longest?.value);
    }
    for (const { prefix: at } of steps) {
      assert.equal(table.get(at), model.get(at.key)?.value);
      const around = all.filter((entry) => entry.prefix.containsCidr(at)).toReversed();
      assert.deepEqual(
        table.covering(at).map(({ value }) => value),
        around.map(({ value }) => value),
      );
      const inside = all.filter((entry) => at.containsCidr(entry.prefix));
      assert.deepEqual(
        table.within(at).map(({ value }) => value),
        inside.map(({ value }) => value),
      );
    }
  },
);
