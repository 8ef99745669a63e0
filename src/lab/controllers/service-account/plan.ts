/** What every namespace gets: the service account `default`, and the certificate to trust. */
import type { Operation } from "../engine/operations.ts";
import { CONFIG_MAPS, SECRETS, SERVICE_ACCOUNTS } from "../engine/resources.ts";
import { type ApiObject, isTerminating } from "../model/object.ts";
import { isSame } from "../model/same.ts";

export interface ConfigMap extends ApiObject {
  data?: Record<string, string>;
}

export interface Secret extends ApiObject {
  type?: string;
  data?: Record<string, string>;
}

export const DEFAULT_ACCOUNT = "default";
export const ROOT_CA = "kube-root-ca.crt";
export const TOKEN_TYPE = "kubernetes.io/service-account-token";
export const ACCOUNT_NAME = "kubernetes.io/service-account.name";
const ACCOUNT_UID = "kubernetes.io/service-account.uid";
const DESCRIPTION = "kubernetes.io/description";
const CA_DESCRIPTION =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints " +
  "such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across " +
  "distributions of Kubernetes clusters.";

export function planDefaultAccount(
  namespace: ApiObject,
  account: ApiObject | undefined,
): Operation[] {
  if (isTerminating(namespace) || account !== undefined) return [];
  const metadata = { name: DEFAULT_ACCOUNT, namespace: namespace.metadata.name };
  const object = { apiVersion: "v1", kind: "ServiceAccount", metadata };
  return [{ verb: "create", resource: SERVICE_ACCOUNTS, object }];
}

export function planRootCa(
  namespace: ApiObject,
  present: ConfigMap | undefined,
  rootCa: string,
): Operation[] {
  if (isTerminating(namespace)) return [];
  const data = { "ca.crt": rootCa };
  if (present === undefined) {
    const object: ConfigMap = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: ROOT_CA,
        namespace: namespace.metadata.name,
        annotations: { [DESCRIPTION]: CA_DESCRIPTION },
      },
      data,
    };
    return [{ verb: "create", resource: CONFIG_MAPS, object }];
  }
  if (isSame(present.data, data)) return [];
  const object: ConfigMap = { ...present, data };
  return [{ verb: "update", resource: CONFIG_MAPS, object }];
}

/** Whether this secret is to hold a token that it does not hold yet. */
export function needsToken(secret: Secret): boolean {
  return (
    secret.type === TOKEN_TYPE && (secret.data?.["token"] ?? "") === "" && !isTerminating(secret)
  );
}

/** `token` is undefined where the account is not there: then the secret goes. */
export function planTokenSecret(
  secret: Secret,
  account: ApiObject | undefined,
  token: string | undefined,
  rootCa: string | undefined,
): Operation[] {
  if (account === undefined || token === undefined) {
    return [{ verb: "delete", resource: SECRETS, target: secret }];
  }
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const object: Secret = {
    ...secret,
    metadata: {
      ...secret.metadata,
      annotations: { ...secret.metadata.annotations, [ACCOUNT_UID]: account.metadata.uid ?? "" },
    },
    data: {
      ...secret.data,
      token: encoded(token),
      namespace: encoded(secret.metadata.namespace ?? ""),
      ...(rootCa === undefined ? {} : { "ca.crt": encoded(rootCa) }),
    },
  };
  return [{ verb: "update", resource: SECRETS, object }];
}
