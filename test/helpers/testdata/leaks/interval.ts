import { test } from "node:test";

test("leaves an interval running", () => {
  setInterval(() => {}, 1000);
});
