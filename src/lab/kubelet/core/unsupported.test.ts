import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "./pod.ts";
import { checkNonRoot, privilegeWords } from "./privileges.ts";
import { unsupportedFields } from "./unsupported.ts";

function pod(spec: object, container: object = {}): Pod {
  const containers = [{ name: "main", image: "busybox", ...container }];
  return { metadata: { name: "p", namespace: "n", uid: "u" }, spec: { containers, ...spec } };
}

function wordsOf(spec: object, securityContext: object): string {
  const made = pod(spec, { securityContext });
  return privilegeWords(made, made.spec.containers[0] as Container).join(" ");
}

test("each field that nothing comes of is named, with what it would have done", () => {
  const told = unsupportedFields(
    pod(
      {
        hostUsers: false,
        ephemeralContainers: [{ name: "debug" }],
        securityContext: { sysctls: [{ name: "a", value: "1" }], fsGroup: 5 },
        initContainers: [{ name: "first", image: "busybox", resizePolicy: [{}] }],
      },
      {
        resources: { limits: { cpu: "1", memory: "1Mi" }, requests: { cpu: "1" } },
        securityContext: { seccompProfile: { type: "RuntimeDefault" } },
        readinessProbe: { grpc: { port: 1 } },
      },
    ),
  );
  const end = " is not supported by the lab's kubelet: ";
  assert.deepEqual(
    told.map((line) => line.split(end)[0]),
    [
      "spec.ephemeralContainers",
      "spec.hostUsers",
      "spec.securityContext.sysctls",
      "spec.initContainers{first}.resizePolicy",
      "spec.containers{main}.securityContext.seccompProfile",
      "spec.containers{main}.resources.limits",
      "spec.containers{main}.readinessProbe.grpc",
    ],
  );
  assert.match(told.at(-2) ?? "", /: cpu, memory may be exceeded\.$/);
});

test("what asks for nothing, or for what there is, is not told of", () => {
  const contexts = { seccompProfile: { type: "Unconfined" }, procMount: "Default" };
  const spec = {
    hostUsers: true,
    shareProcessNamespace: false,
    ephemeralContainers: [],
    securityContext: {},
  };
  assert.deepEqual(unsupportedFields(pod(spec, { securityContext: contexts, resources: {} })), []);
});

test("users, groups and rights are those that container and pod ask for", () => {
  assert.equal(wordsOf({}, {}), "");
  assert.equal(
    wordsOf({ securityContext: { runAsUser: 1, runAsGroup: 2 } }, { runAsUser: 3 }),
    "setpriv --reuid 3 --regid 2 --groups 2",
  );
  assert.equal(
    wordsOf({ securityContext: { fsGroup: 9, supplementalGroups: [7, 8] } }, {}),
    "setpriv --groups 0,9,7,8",
  );
  assert.equal(
    wordsOf({}, { capabilities: { drop: ["ALL"], add: ["NET_ADMIN", "CAP_CHOWN"] } }),
    "setpriv --bounding-set=-all,+net_admin,+chown",
  );
  assert.equal(
    wordsOf({}, { allowPrivilegeEscalation: false, capabilities: { drop: ["NET_RAW"] } }),
    "setpriv --bounding-set=-net_raw --no-new-privs",
  );
  assert.equal(wordsOf({}, { privileged: true, capabilities: { drop: ["ALL"] } }), "");
});

test("who must not run as root does not", () => {
  const check = (spec: object, securityContext: object): void => {
    const made = pod(spec, { securityContext });
    checkNonRoot(made, made.spec.containers[0] as Container);
  };
  assert.throws(() => check({ securityContext: { runAsNonRoot: true } }, {}), {
    message:
      'container has runAsNonRoot and image will run as root (pod: "p_n(u)", container: main)',
  });
  assert.throws(() => check({}, { runAsNonRoot: true, runAsUser: 0 }), /breaks non-root policy/);
  check({ securityContext: { runAsNonRoot: true } }, { runAsUser: 5 });
  check({ securityContext: { runAsNonRoot: true } }, { runAsNonRoot: false });
});
