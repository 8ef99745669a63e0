/** Exec, attach and port-forward, as they go over WebSockets. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Endpoint, type KubeObject, RESOURCES } from "#kube";
import { ChannelSocket, Refused } from "./channels.ts";
import type { Cluster } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { Channel, execPath, type ProgramStatus, REMOTE_COMMAND, runProgram } from "./programs.ts";
import { Wire } from "./wire.ts";

const PLAIN_CHANNELS = "v4.channel.k8s.io";
const NAMESPACE = `contract-streams-${process.pid.toString(36)}`;
const READY_MS = 60_000;
const NORMAL_CLOSURE = 1000;
const GET = "GET / HTTP/1.0\r\n\r\n";

const busybox = (name: string, command: readonly string[], also: object = {}): object => ({
  name,
  image: "busybox:1",
  command,
  ...also,
});
const READER = ["sh", "-c", "while read -r line; do echo got $line; done; sleep 1000"];
const CONTAINERS = [
  busybox("main", READER, { stdin: true }),
  busybox("once", ["sh", "-c", "cat; echo ended; sleep 1000"], { stdin: true, stdinOnce: true }),
  busybox("tty", ["sh"], { stdin: true, tty: true }),
  { name: "web", image: "nginx:1" },
  { name: "waits", image: "none:1", imagePullPolicy: "Never" },
];
const PODS = {
  talks: { terminationGracePeriodSeconds: 0, containers: CONTAINERS },
  done: { restartPolicy: "Never", containers: [busybox("main", ["true"])] },
  nowhere: { nodeSelector: { nobody: "has-this" }, containers: [busybox("main", ["true"])] },
};

type Pod = KubeObject & {
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly { readonly name: string; readonly started?: boolean }[];
  };
};

function isAsWanted({ metadata, status }: Pod): boolean {
  if (metadata.name === "done") return status?.phase === "Succeeded";
  const all = status?.containerStatuses ?? [];
  return all.filter(({ started }) => started === true).length === CONTAINERS.length - 1;
}

/** With its programs running, where they can. */
async function makePods({ client }: Cluster): Promise<Endpoint> {
  const metadata = { name: NAMESPACE };
  await client.create(RESOURCES.Namespace, { apiVersion: "v1", kind: "Namespace", metadata });
  const account = { namespace: NAMESPACE, name: "default" };
  await eventually("the namespace has its account", READY_MS, () =>
    client.get(RESOURCES.ServiceAccount, account).catch(() => undefined),
  );
  for (const [name, spec] of Object.entries(PODS)) {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { namespace: NAMESPACE, name }, spec };
    await client.create(RESOURCES.Pod, pod);
  }
  for (const name of ["talks", "done"]) {
    const place = { namespace: NAMESPACE, name };
    await eventually(`pod ${name} is as wanted`, READY_MS, () =>
      client.get<Pod>(RESOURCES.Pod, place).then(isAsWanted, () => false),
    );
  }
  return client.endpoint();
}

function statusOf(socket: ChannelSocket): ProgramStatus {
  return JSON.parse(socket.text(Channel.status)) as ProgramStatus;
}

function pathOf(pod: string, what: string, query: Readonly<Record<string, string>>): string {
  return `/api/v1/namespaces/${NAMESPACE}/pods/${pod}/${what}?${new URLSearchParams(query).toString()}`;
}

const START_FAILURE =
  /^Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: (.*): unknown$/;

export function defineStreamsContract(cluster: () => Cluster): void {
  describe("streams", () => {
    let made: Promise<Endpoint> | undefined;
    // Not before it is needed, for runs that ask for other tests.
    const ready = (): Promise<Endpoint> => (made ??= makePods(cluster()));
    after(async () => {
      if (made !== undefined)
        await cluster().client.delete(RESOURCES.Namespace, { name: NAMESPACE });
    });

    const command = (...words: string[]) => ({
      namespace: NAMESPACE,
      pod: "talks",
      container: "main",
      command: words,
    });
    const open = async (path: string, protocols: readonly string[] = [REMOTE_COMMAND]) =>
      ChannelSocket.open(await ready(), path, protocols);
    const refusal = async (path: string, protocols?: readonly string[]): Promise<string> => {
      try {
        using socket = await open(path, protocols);
        return `not refused, but ${socket.protocol}`;
      } catch (error) {
        if (error instanceof Refused) return error.toString();
        throw error;
      }
    };

    test("exec: what a program writes, and how it ends", async () => {
      const { end, stdout, stderr } = await runProgram(
        await ready(),
        command("sh", "-c", "echo out; echo err >&2; exit 7"),
      );
      assert.deepEqual([end, stdout, stderr], ["7", "out\n", "err\n"]);
      using socket = await open(execPath(command("true")), ["v5.channel.k8s.io", PLAIN_CHANNELS]);
      assert.equal(await socket.closed, NORMAL_CLOSURE);
      assert.equal(socket.protocol, "v5.channel.k8s.io");
      assert.deepEqual(statusOf(socket), { metadata: {}, status: "Success" });
    });

    test("exec: a failure's words, by the version of the protocol", async () => {
      const path = execPath(command("sh", "-c", "kill -9 $$"));
      const expected = (how: string): object => ({
        metadata: {},
        status: "Failure",
        message: `command terminated with non-zero exit code: ${how}`,
        reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: "137" }] },
      });
      using five = await open(path);
      await five.closed;
      assert.deepEqual(statusOf(five), expected("command terminated with exit code 137"));
      using four = await open(path, [PLAIN_CHANNELS]);
      await four.closed;
      const words = "error executing command [sh -c kill -9 $$], exit code 137";
      assert.deepEqual(statusOf(four), expected(words));
    });

    test("exec: standard input, to its end", async () => {
      using socket = await open(execPath({ ...command("wc", "-c"), also: "stdin=true" }));
      for (let count = 0; count < 10; count += 1) socket.send(Channel.stdin, Buffer.alloc(30_000));
      socket.end(Channel.stdin);
      await socket.closed;
      assert.equal(socket.text(Channel.stdout).trim(), "300000");
      using first = await open(execPath({ ...command("head", "-n", "1"), also: "stdin=true" }), [
        PLAIN_CHANNELS,
      ]);
      first.send(Channel.stdin, "one\ntwo\n");
      await first.closed;
      assert.equal(first.text(Channel.stdout), "one\n");
    });

    test("exec: a terminal has a size, and one stream", async () => {
      const script = "read -r go; stty size; echo err >&2; exit 4";
      const also = "stdin=true&tty=true";
      using socket = await open(execPath({ ...command("sh", "-c", script), also }));
      socket.send(Channel.resize, JSON.stringify({ Width: 100, Height: 40 }));
      await sleep(300);
      socket.send(Channel.stdin, "go\n");
      await socket.closed;
      assert.equal(socket.text(Channel.stdout), "go\r\n40 100\r\nerr\r\n");
      assert.equal(socket.text(Channel.stderr), "");
      assert.equal(statusOf(socket).details?.causes?.[0]?.message, "4");
    });

    test("exec: a program that cannot be started", async () => {
      const cases: readonly (readonly [words: string[], reason: string])[] = [
        [["no-such-program"], 'exec: "no-such-program": executable file not found in $PATH'],
        [["/no/such"], 'exec: "/no/such": stat /no/such: no such file or directory'],
        [["/etc/passwd"], 'exec: "/etc/passwd": permission denied'],
      ];
      for (const [words, reason] of cases) {
        using socket = await open(execPath(command(...words)));
        assert.equal(await socket.closed, NORMAL_CLOSURE);
        const { message = "", code, details } = statusOf(socket);
        const [, why] = START_FAILURE.exec(message) ?? [];
        assert.equal(why, `unable to start container process: ${reason}`, message);
        assert.equal(code, 500);
        assert.equal(`Internal error occurred: ${details?.causes?.[0]?.message}`, message);
      }
      using none = await open(execPath(command()));
      await none.closed;
      assert.match(statusOf(none).message ?? "", /args must not be empty: unknown$/);
    });

    test("exec: what is refused", async () => {
      const at = (pod: string, container?: string): string =>
        execPath({ namespace: NAMESPACE, pod, container, command: ["true"] });
      const choice = "choose one of: [main once tty web waits]";
      const cases: readonly (readonly [path: string, refusal: string])[] = [
        [at("nobody", "main"), '404 NotFound: pods "nobody" not found'],
        [at("talks", "none"), "400 BadRequest: container none is not valid for pod talks"],
        [
          at("talks"),
          `400 BadRequest: a container name must be specified for pod talks, ${choice}`,
        ],
        [at("talks", "waits"), '500: container not found ("waits")'],
        [at("done", "main"), '500: container not found ("main")'],
        [at("nowhere", "main"), "400 BadRequest: pod nowhere does not have a host assigned"],
        [
          pathOf("talks", "exec", { container: "main", command: "true" }),
          "400: you must specify at least 1 of stdin, stdout, stderr",
        ],
      ];
      for (const [path, expected] of cases) assert.equal(await refusal(path), expected);
      assert.equal(await refusal(at("talks", "main"), ["v9.channel.k8s.io"]), "403: ");
    });

    test("a plain request is not enough", async () => {
      using wire = new Wire(await ready());
      for (const path of [
        execPath(command("true")),
        pathOf("talks", "attach", { stdout: "true", container: "main" }),
        pathOf("talks", "portforward", { ports: "80" }),
      ]) {
        const { status, body } = await wire.ask({
          method: "GET",
          path,
          headers: {},
          body: undefined,
        });
        assert.equal(
          new Refused(status, body).toString(),
          "400 BadRequest: Upgrade request required",
        );
      }
    });

    test("attach: to a program's own streams, until its input ends", async () => {
      const path = pathOf("talks", "attach", { stdin: "true", stdout: "true", container: "main" });
      for (const word of ["one", "two"]) {
        using socket = await open(path);
        socket.send(Channel.stdin, `${word}\n`);
        await socket.until(Channel.stdout, (bytes) => bytes.includes(`got ${word}\n`));
        socket.end(Channel.stdin);
        assert.equal(await socket.closed, NORMAL_CLOSURE);
        assert.equal(socket.text(Channel.stdout), `got ${word}\n`);
        assert.equal(statusOf(socket).status, "Success");
      }
    });

    test("attach: input that is given once ends with it", async () => {
      using socket = await open(
        pathOf("talks", "attach", { stdin: "true", stdout: "true", container: "once" }),
      );
      socket.send(Channel.stdin, "word\n");
      socket.end(Channel.stdin);
      await socket.until(Channel.stdout, (bytes) => bytes.includes("ended"));
      assert.equal(socket.text(Channel.stdout), "word\nended\n");
    });

    test("attach: a terminal", async () => {
      const tty = { stdin: "true", stdout: "true", tty: "true", container: "tty" };
      using socket = await open(pathOf("talks", "attach", tty));
      socket.send(Channel.resize, JSON.stringify({ Width: 90, Height: 30 }));
      await sleep(300);
      socket.send(Channel.stdin, "stty size\n");
      await socket.until(Channel.stdout, (bytes) => bytes.includes("30 90"));
      assert.match(socket.text(Channel.stdout), /stty size\r\n30 90\r\n/);
    });

    test("attach: what is refused", async () => {
      const at = (pod: string, container: string): string =>
        pathOf(pod, "attach", { stdout: "true", container });
      assert.equal(
        await refusal(at("talks", "waits")),
        `500: container waits not found in pod talks_${NAMESPACE}`,
      );
      assert.equal(
        await refusal(at("done", "main")),
        `500: container main not found in pod done_${NAMESPACE}`,
      );
    });

    test("port-forward: two channels for each port", async () => {
      const path = `/api/v1/namespaces/${NAMESPACE}/pods/talks/portforward?ports=80&ports=9`;
      using socket = await open(path, [PLAIN_CHANNELS]);
      socket.send(0, GET);
      const answer = await socket.until(0, (bytes) => bytes.includes("</html>"));
      assert.equal(answer.readUInt16LE(0), 80);
      assert.match(answer.toString("latin1", 2), /^HTTP\/1\.[01] 200 OK\r\n[^]*Welcome to nginx!/);
      assert.deepEqual([...socket.bytes(1)], [80, 0]);
      socket.send(2, "x");
      const failure = await socket.until(3, (bytes) => bytes.length > 2);
      assert.match(
        failure.toString("utf8", 2),
        /^error forwarding port 9 to pod [0-9a-f]{64}, uid : failed to execute portforward in network namespace "\S+": failed to connect to localhost:9 inside namespace "[0-9a-f]{64}", IPv4: dial tcp4 127\.0\.0\.1:9: connect: connection refused IPv6 dial tcp6/,
      );
      assert.equal(await socket.closed, NORMAL_CLOSURE);
    });

    test("port-forward: what is refused", async () => {
      const at = (pod: string, ports: string): string => pathOf(pod, "portforward", { ports });
      const cases: readonly (readonly [path: string, refusal: string])[] = [
        [
          at("talks", "x"),
          '400 BadRequest: cannot convert to []int32: strconv.ParseUint: parsing "x": invalid syntax',
        ],
        [
          at("talks", "70000"),
          '400 BadRequest: cannot convert to []int32: strconv.ParseUint: parsing "70000": value out of range',
        ],
        [at("nobody", "80"), '404 NotFound: pods "nobody" not found'],
        [at("done", "80"), `500: pod not found ("done_${NAMESPACE}")`],
        [at("nowhere", "80"), "400 BadRequest: pod nowhere does not have a host assigned"],
        [pathOf("talks", "portforward", {}), '400: query parameter "port" is required'],
      ];
      for (const [path, expected] of cases) {
        assert.equal(await refusal(path, [PLAIN_CHANNELS]), expected);
      }
      assert.equal(await refusal(at("talks", "80"), [REMOTE_COMMAND]), "403: ");
    });
  });
}
