import assert from "node:assert/strict";
import { test } from "node:test";
import { enumeratorName, isPadding, memberName, typeName } from "./names.ts";

test("names of C become names of TypeScript", () => {
  assert.deepEqual(["counter_key", "event", "lb4_key"].map(typeName), [
    "CounterKey",
    "Event",
    "Lb4Key",
  ]);
  assert.deepEqual(["source_port", "_license", "time_ns"].map(memberName), [
    "sourcePort",
    "license",
    "timeNs",
  ]);
  assert.equal(enumeratorName("direction", "DIRECTION_INGRESS"), "ingress");
  assert.equal(enumeratorName("drop_reason", "DROP_REASON_POLICY_DENIED"), "policyDenied");
  assert.equal(enumeratorName("direction", "OTHER_WAY"), "otherWay");
  assert.equal(enumeratorName("family", "FAMILY_6"), "_6");
  assert.deepEqual(["unused", "padding2", "unused_port"].map(isPadding), [true, true, false]);
});
