import { spawn } from "node:child_process";
import { test } from "node:test";

test("leaves a child process running", () => {
  const child = spawn("sleep", ["20"], { stdio: "ignore" });
  process.once("exit", () => child.kill());
});
