import { test } from "node:test";
import { createNamespace } from "#netlink";

test("leaves a named namespace", () => {
  createNamespace(`ciliate-leak-${process.pid}`).close();
});
