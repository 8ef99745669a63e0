import { AppError } from "#base";

import type { Change } from "../engine/cache.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { CONFIG_MAPS, NAMESPACES, SECRETS, SERVICE_ACCOUNTS } from "../engine/resources.ts";
import { type ApiObject, joinKey } from "../model/object.ts";
import { itself } from "../workload/owners.ts";
import {
  ACCOUNT_NAME,
  type ConfigMap,
  DEFAULT_ACCOUNT,
  needsToken,
  planDefaultAccount,
  planRootCa,
  planTokenSecret,
  ROOT_CA,
  type Secret,
  TOKEN_TYPE,
} from "./plan.ts";

/** A token in a Secret does not end in Kubernetes; one that was asked for ends after ten years here. */
const TOKEN_SECONDS = 315_360_000;

export function serviceAccountController(context: Context): Controller {
  const namespaces = context.cache<ApiObject>(NAMESPACES);
  const accounts = context.cache<ApiObject>(SERVICE_ACCOUNTS);
  return new Controller(context, {
    name: "serviceaccount-controller",
    plan: (key) => {
      const namespace = namespaces.get(key);
      if (namespace === undefined) return NOTHING_TO_DO;
      const account = accounts.get(joinKey(key, DEFAULT_ACCOUNT));
      return { operations: planDefaultAccount(namespace, account) };
    },
  })
    .on(namespaces, itself)
    .on(accounts, (change) => namespaceOf(change, DEFAULT_ACCOUNT));
}

export function rootCaPublisher(context: Context, rootCa: string): Controller {
  const namespaces = context.cache<ApiObject>(NAMESPACES);
  const configMaps = context.cache<ConfigMap>(CONFIG_MAPS);
  return new Controller(context, {
    name: "root-ca-cert-publisher",
    plan: (key) => {
      const namespace = namespaces.get(key);
      if (namespace === undefined) return NOTHING_TO_DO;
      const present = configMaps.get(joinKey(key, ROOT_CA));
      return { operations: planRootCa(namespace, present, rootCa) };
    },
  })
    .on(namespaces, itself)
    .on(configMaps, (change) => namespaceOf(change, ROOT_CA));
}

export function tokenController(context: Context): Controller {
  const accounts = context.cache<ApiObject>(SERVICE_ACCOUNTS);
  const secrets = context.cache<Secret>(SECRETS);
  return new Controller(context, {
    name: "service-account-token-controller",
    plan: async (key) => {
      const secret = secrets.get(key);
      const name = secret?.metadata.annotations?.[ACCOUNT_NAME];
      if (secret?.type !== TOKEN_TYPE || name === undefined) return NOTHING_TO_DO;
      const { namespace = "" } = secret.metadata;
      const account = accounts.get(joinKey(namespace, name));
      if (account !== undefined && !needsToken(secret)) return NOTHING_TO_DO;
      const token = account === undefined ? undefined : await requestToken(context, account);
      return { operations: planTokenSecret(secret, account, token, context.options.rootCa) };
    },
  })
    .on(secrets, itself)
    .on(accounts, ({ before, after }) => {
      const account = after ?? before;
      return secrets
        .by("namespace", account?.metadata.namespace ?? "")
        .filter(({ metadata }) => metadata.annotations?.[ACCOUNT_NAME] === account?.metadata.name)
        .map(({ metadata }) => joinKey(metadata.namespace, metadata.name));
    });
}

async function requestToken({ api }: Context, account: ApiObject): Promise<string> {
  const { namespace = "", name } = account.metadata;
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { audiences: [], expirationSeconds: TOKEN_SECONDS },
  };
  const target = { namespace, name };
  const answer = await api.send("POST", SERVICE_ACCOUNTS, target, "token", request);
  const { token } = (answer as { status?: { token?: string } }).status ?? {};
  if (token === undefined) {
    throw new AppError("no-token", `the API server gave no token for ${namespace}/${name}`);
  }
  return token;
}

function namespaceOf(change: Change<ApiObject>, name: string): string[] {
  const object = change.after ?? change.before;
  return object?.metadata.name === name ? [object.metadata.namespace ?? ""] : [];
}
