/** Who sends a request: by client certificate, by a service account's token, or nobody. */
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { ObjectStore } from "../store/object-store.ts";
import { objectKey } from "../store/keys.ts";
import { unauthorized } from "./errors.ts";
import { textAt } from "./json.ts";
import { ISSUER, type TokenClaims, type TokenIssuer } from "./tokens.ts";

export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export const ANONYMOUS: User = {
  name: "system:anonymous",
  uid: "",
  groups: ["system:unauthenticated"],
};

export class Authenticator {
  readonly #tokens: TokenIssuer;
  readonly #store: ObjectStore;
  /** A connection keeps its certificate; reading it anew for each request costs more than the rest. */
  readonly #bySocket = new WeakMap<TLSSocket, User>();

  constructor(tokens: TokenIssuer, store: ObjectStore) {
    this.#tokens = tokens;
    this.#store = store;
  }

  /** Throws 401 for credentials that are wrong; without any the user is anonymous. */
  userOf(request: IncomingMessage): User {
    const byCertificate = this.#byCertificate(request.socket);
    if (byCertificate !== undefined) return byCertificate;
    const { authorization } = request.headers;
    if (authorization === undefined) return ANONYMOUS;
    const token = /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const user = token === undefined ? undefined : this.userOfToken(token);
    if (user === undefined) throw unauthorized();
    return user;
  }

  userOfToken(token: string, audiences: readonly string[] = [ISSUER]): User | undefined {
    const claims = this.#tokens.check(token);
    if (claims === undefined || !claims.audiences.some((one) => audiences.includes(one))) {
      return undefined;
    }
    return this.#isStillValid(claims) ? userOfClaims(claims) : undefined;
  }

  /** For whom a token of ours was made; undefined of what is none. */
  audiencesOf(token: string): readonly string[] | undefined {
    return this.#tokens.check(token)?.audiences;
  }

  /** A token ends with its service account, and with the object that it was made for. */
  #isStillValid({ subject }: TokenClaims): boolean {
    const { namespace, name, uid, boundTo } = subject;
    if (this.#uidOf("serviceaccounts", namespace, name) !== uid) return false;
    if (boundTo === undefined) return true;
    const plural = boundTo.kind === "Pod" ? "pods" : "secrets";
    return this.#uidOf(plural, namespace, boundTo.name) === boundTo.uid;
  }

  #uidOf(plural: string, namespace: string, name: string): string | undefined {
    if (namespace === "" || name === "") return undefined;
    const stored = this.#store.get(objectKey({ group: "", plural, namespace, name }));
    return stored === undefined ? undefined : textAt(stored.object, "metadata", "uid");
  }

  #byCertificate(socket: unknown): User | undefined {
    if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const { subject } = socket.getPeerCertificate();
    // The types say that it is there; without a certificate the answer is an empty object.
    if ((subject as object | undefined) === undefined) return undefined;
    const organizations: unknown = subject.O;
    const groups = (Array.isArray(organizations) ? organizations : [organizations]).filter(
      (group): group is string => typeof group === "string",
    );
    const user = { name: String(subject.CN), uid: "", groups: [...groups, "system:authenticated"] };
    this.#bySocket.set(socket, user);
    return user;
  }
}

function userOfClaims({ subject, id }: TokenClaims): User {
  const { namespace, name, uid, boundTo } = subject;
  const extra: Record<string, readonly string[]> = {
    "authentication.kubernetes.io/credential-id": [`JTI=${id}`],
  };
  if (boundTo?.kind === "Pod") {
    extra["authentication.kubernetes.io/pod-name"] = [boundTo.name];
    extra["authentication.kubernetes.io/pod-uid"] = [boundTo.uid];
  }
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    uid,
    groups: [
      "system:serviceaccounts",
      `system:serviceaccounts:${namespace}`,
      "system:authenticated",
    ],
    extra,
  };
}
