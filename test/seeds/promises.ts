/** What the texts around the seeds' manifests promise, as flows and their verdicts. */
export interface Promised {
  readonly from: string;
  readonly to: string;
  /** `8080`, `53/UDP`. */
  readonly port: string;
  /** `GET /path` with headers after it, or `dns NAME`. */
  readonly request?: string;
  readonly verdict: "allowed" | "denied";
}

interface Scenario {
  readonly title: string;
  /** Files in `manifests`, without their ending; the pods of cluster.yaml are always there. */
  readonly files: readonly string[];
  /** `FROM -> TO PORT[/PROTOCOL] [REQUEST]`, one a line. */
  readonly allowed: string;
  readonly denied: string;
}

const DEMO = ["demo-application", "demo-1-default-deny", "demo-2-allow-dns"];
const DEMO_ROUTES = ["demo-3-frontend-egress", "demo-4-api-to-database"];

export const scenarios: readonly Scenario[] = [
  {
    title: "payments reaches backend on port 8090, nobody else does",
    files: ["payments-to-backend"],
    allowed: `
      default/payments -> default/backend 8090
      default/frontend -> default/payments 8090`,
    denied: `
      default/payments -> default/backend 80
      default/payments -> default/backend 8090/UDP
      default/frontend -> default/backend 8090
      1.2.3.4 -> default/backend 8090`,
  },
  {
    title: "identity-based: frontend of the same namespace on port 8080",
    files: ["microservices-frontend-to-backend"],
    allowed: `
      microservices/frontend -> microservices/backend 8080
      microservices/other -> microservices/frontend 80`,
    denied: `
      microservices/other -> microservices/backend 8080
      microservices/frontend -> microservices/backend 8081
      default/frontend -> microservices/backend 8080`,
  },
  {
    title: "only GET requests below /api/",
    files: ["allow-only-get-requests"],
    allowed: `
      default/frontend -> default/api-server 8080
      default/frontend -> default/api-server 8080 GET /api/users`,
    denied: `
      default/frontend -> default/api-server 8080 POST /api/users
      default/frontend -> default/api-server 8080 GET /admin
      default/other -> default/api-server 8080
      default/frontend -> default/api-server 80`,
  },
  {
    title: "egress to one name",
    files: ["allow-github-api"],
    allowed: `
      default/ci-runner -> api.github.com 443
      default/other -> example.com 443`,
    denied: `
      default/ci-runner -> api.github.com 80
      default/ci-runner -> github.com 443
      default/ci-runner -> example.com 443
      default/ci-runner -> default/other 443`,
  },
  {
    title: "a standard policy follows labels",
    files: ["allow-frontend"],
    allowed: `
      default/frontend -> default/backend 80
      default/backend -> default/other 80`,
    denied: `
      default/other -> default/backend 80
      production/frontend -> default/backend 80`,
  },
  {
    title: "the same under another name",
    files: ["allow-frontend-to-backend"],
    allowed: "default/frontend -> default/backend 80",
    denied: "default/other -> default/backend 80",
  },
  {
    title: "a standard policy with a port",
    files: ["backend-allow-frontend-production"],
    allowed: "production/frontend -> production/backend 8080",
    denied: `
      production/frontend -> production/backend 80
      production/redis -> production/backend 8080
      default/frontend -> production/backend 8080`,
  },
  {
    title: "HTTP rules on method, path and header",
    files: ["api-http-policy"],
    allowed: `
      production/frontend -> production/api-server 8080 GET /api/v1/products
      production/frontend -> production/api-server 8080 GET /api/v1/products/7
      production/frontend -> production/api-server 8080 GET /api/v1/users/42
      production/frontend -> production/api-server 8080 POST /api/v1/orders Content-Type=application/json`,
    denied: `
      production/frontend -> production/api-server 8080 GET /api/v1/users/me
      production/frontend -> production/api-server 8080 GET /api/v1/admin
      production/frontend -> production/api-server 8080 DELETE /api/v1/products
      production/frontend -> production/api-server 8080 POST /api/v1/orders
      production/frontend -> production/api-server 8080 POST /api/v1/orders Content-Type=text/plain
      production/redis -> production/api-server 8080`,
  },
  {
    title: "payments: an internal service, three names on 443, and DNS",
    files: ["payment-egress"],
    allowed: `
      production/payment-processor -> production/order-service 80
      production/payment-processor -> api.stripe.com 443
      production/payment-processor -> api.paypal.com 443
      production/payment-processor -> s3.amazonaws.com 443
      production/payment-processor -> kube-system/kube-dns 53/UDP`,
    denied: `
      production/payment-processor -> api.stripe.com 80
      production/payment-processor -> stripe.com 443
      production/payment-processor -> s3.eu.amazonaws.com 443
      production/payment-processor -> 52.84.150.1 443
      production/payment-processor -> production/backend 443
      production/payment-processor -> kube-system/kube-dns 80`,
  },
  {
    title: "clusterwide default deny lets endpoints talk, and reach the API server and DNS",
    files: ["clusterwide-default-deny"],
    allowed: `
      default/frontend -> production/backend 80
      default/frontend -> kube-apiserver 443
      default/frontend -> kube-system/kube-dns 53/UDP`,
    denied: `
      health -> default/frontend 4240
      1.2.3.4 -> default/frontend 80
      default/frontend -> 1.2.3.4 443
      default/frontend -> example.com 443
      default/frontend -> remote-node 22`,
  },
  {
    title: "health checks have to be allowed beside it",
    files: ["clusterwide-default-deny", "allow-health-checks"],
    allowed: "health -> default/frontend 4240",
    denied: "1.2.3.4 -> default/frontend 80",
  },
  {
    title: "the policy that ate Christmas: the cache was not among the clients",
    files: ["database-security"],
    allowed: `
      production/backend -> production/postgres 5432
      production/redis -> production/backend 80`,
    denied: `
      production/redis -> production/postgres 5432
      production/staging-backend -> production/postgres 5432`,
  },
  {
    title: "the essentials beside a default deny: DNS, API server and health",
    files: ["clusterwide-default-deny", "allow-essential"],
    allowed: `
      default/frontend -> kube-system/kube-dns 53/UDP
      default/frontend -> kube-system/kube-dns 53
      default/frontend -> kube-apiserver 443
      health -> default/frontend 4240`,
    denied: `
      1.2.3.4 -> default/frontend 80
      default/frontend -> 1.2.3.4 80`,
  },
  {
    // It selects the DNS servers too; that it names dns lets queries in there.
    title: "the essentials alone: DNS, API server and health",
    files: ["allow-essential"],
    allowed: `
      default/frontend -> kube-system/kube-dns 53/UDP
      default/frontend -> kube-system/kube-dns 53
      default/frontend -> kube-apiserver 443
      health -> default/frontend 4240`,
    denied: `
      default/frontend -> default/backend 80
      default/frontend -> 1.2.3.4 80
      default/frontend -> kube-system/kube-dns 80`,
  },
  {
    title: "three tiers without policies: everything works",
    files: ["demo-application"],
    allowed: `
      demo/frontend -> demo/api 3000
      demo/frontend -> demo/database 5432
      demo/api -> demo/database 5432`,
    denied: "",
  },
  {
    title: "three tiers, step 1: nothing works",
    files: ["demo-application", "demo-1-default-deny"],
    allowed: "host -> demo/api 3000",
    denied: `
      demo/frontend -> demo/api 3000
      demo/frontend -> demo/database 5432
      demo/api -> demo/database 5432
      demo/frontend -> kube-system/kube-dns 53/UDP`,
  },
  {
    title: "three tiers, step 2: names resolve",
    files: DEMO,
    allowed: `
      demo/frontend -> kube-system/kube-dns 53/UDP
      demo/api -> kube-system/kube-dns 53
      demo/database -> kube-system/kube-dns 53/UDP`,
    denied: `
      demo/frontend -> demo/api 3000
      demo/frontend -> kube-system/kube-dns 80`,
  },
  {
    title: "three tiers, all steps: each tier reaches the next, and none is skipped",
    files: [...DEMO, "demo-3-frontend-to-api", ...DEMO_ROUTES],
    allowed: `
      demo/frontend -> demo/api 3000
      demo/api -> demo/database 5432
      demo/frontend -> kube-system/kube-dns 53/UDP`,
    denied: `
      demo/frontend -> demo/database 5432
      demo/frontend -> demo/api 80
      demo/database -> demo/api 3000
      demo/api -> demo/frontend 80
      default/frontend -> demo/api 3000
      demo/frontend -> 1.2.3.4 443`,
  },
  {
    title: "bonus: beside the L4 policy of step 3 the L7 policy restricts nothing",
    files: [...DEMO, "demo-3-frontend-to-api", ...DEMO_ROUTES, "demo-bonus-frontend-to-api-l7"],
    allowed: `
      demo/frontend -> demo/api 3000 GET /
      demo/frontend -> demo/api 3000 POST /`,
    denied: "demo/frontend -> demo/database 5432",
  },
  {
    title: "bonus: without the L4 policy POST is blocked",
    files: [...DEMO, ...DEMO_ROUTES, "demo-bonus-frontend-to-api-l7"],
    allowed: `
      demo/frontend -> demo/api 3000
      demo/frontend -> demo/api 3000 GET /
      demo/api -> demo/database 5432`,
    denied: "demo/frontend -> demo/api 3000 POST /",
  },
  {
    title: "shop: backend accepts frontend on 8080 only",
    files: ["shop-backend-allow-frontend"],
    allowed: "shop/frontend -> shop/backend 8080",
    denied: `
      shop/frontend -> shop/backend 80
      shop/other -> shop/backend 8080`,
  },
  {
    title: "shop: GET below /api/v1/, POST of orders only",
    files: ["shop-backend-http"],
    allowed: `
      shop/frontend -> shop/backend 8080 GET /api/v1/items
      shop/frontend -> shop/backend 8080 POST /api/v1/orders`,
    denied: `
      shop/frontend -> shop/backend 8080 POST /api/v1/items
      shop/frontend -> shop/backend 8080 GET /metrics`,
  },
  {
    title: "shop: one name outside, and the DNS to resolve it",
    files: ["shop-dns-aware-egress"],
    allowed: `
      shop/backend -> api.stripe.com 443
      shop/backend -> kube-system/kube-dns 53/UDP`,
    denied: `
      shop/backend -> example.com 443
      shop/backend -> kube-system/kube-dns 53
      shop/backend -> shop/frontend 80`,
  },
  {
    title: "shop: empty rules deny everything in the namespace",
    files: ["shop-default-deny"],
    allowed: "default/other -> default/frontend 80",
    denied: `
      shop/frontend -> shop/backend 8080
      default/other -> shop/backend 8080
      shop/frontend -> 1.2.3.4 443
      shop/frontend -> kube-system/kube-dns 53/UDP`,
  },
  {
    title: "shop: default deny after the allow rule leaves what is allowed at the receiver",
    files: ["shop-default-deny", "shop-backend-allow-frontend"],
    allowed: "",
    denied: "shop/frontend -> shop/backend 8080",
  },
  {
    title: "stripe: a pattern for addresses, and for the names that may be asked for",
    files: ["egress-stripe"],
    allowed: `
      shop/backend -> api.stripe.com 443
      shop/backend -> kube-system/kube-dns 53/UDP
      shop/backend -> kube-system/kube-dns 53/UDP dns api.stripe.com`,
    denied: `
      shop/backend -> stripe.com 443
      shop/backend -> kube-system/kube-dns 53/UDP dns example.com
      shop/backend -> kube-system/kube-dns 53`,
  },
  {
    title: "zero-trust baseline of a namespace",
    files: ["default-deny-ingress"],
    allowed: `
      default/frontend -> production/backend 80
      host -> default/backend 80`,
    denied: `
      default/frontend -> default/backend 80
      1.2.3.4 -> default/backend 80`,
  },
  {
    title: "DNS egress for all pods of a namespace",
    files: ["allow-dns-egress"],
    allowed: "default/frontend -> kube-system/kube-dns 53/UDP",
    denied: `
      default/frontend -> kube-system/kube-dns 53
      default/frontend -> default/backend 80`,
  },
  {
    title: "only GET, from anybody",
    files: ["allow-get-only"],
    allowed: `
      default/other -> default/my-api 8080 GET /anything
      1.2.3.4 -> default/my-api 8080 GET /`,
    denied: `
      default/other -> default/my-api 8080 POST /anything
      default/other -> default/my-api 8080 DELETE /
      default/other -> default/my-api 80`,
  },
];

export function promisesOf(scenario: Scenario): Promised[] {
  return [...read(scenario.allowed, "allowed"), ...read(scenario.denied, "denied")];
}

function read(text: string, verdict: Promised["verdict"]): Promised[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [from = "", , to = "", port = "", ...request] = line.split(" ");
      return {
        from,
        to,
        port,
        verdict,
        ...(request.length === 0 ? {} : { request: request.join(" ") }),
      };
    });
}
