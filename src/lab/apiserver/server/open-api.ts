/** The schemas of everything served: /openapi/v2, and /openapi/v3 a document each. */
import { createHash } from "node:crypto";
import type { SchemaSet } from "../schema/types.ts";

interface Document {
  readonly bytes: Buffer;
  /** Changes with the content, so that clients keep what they have. */
  readonly hash: string;
}

/** Made when they are first asked for, and again after a definition came or went. */
export class OpenApiDocuments {
  readonly #schemas: SchemaSet;
  #generation = -1;
  readonly #documents = new Map<string, Document>();

  constructor(schemas: SchemaSet) {
    this.#schemas = schemas;
  }

  v2(): Document {
    return this.#document("v2", () => this.#schemas.openApiV2());
  }

  /** Undefined where there is no such document. */
  v3(key: string): Document | undefined {
    if (!this.#schemas.openApiV3Keys().includes(key)) return undefined;
    return this.#document(`v3/${key}`, () => this.#schemas.openApiV3(key) ?? {});
  }

  index(): object {
    const paths: Record<string, object> = {};
    for (const key of this.#schemas.openApiV3Keys()) {
      const hash = this.v3(key)?.hash ?? "";
      paths[key] = { serverRelativeURL: `/openapi/v3/${key}?hash=${hash}` };
    }
    return { paths };
  }

  #document(name: string, make: () => object): Document {
    const { generation } = this.#schemas.registry;
    if (generation !== this.#generation) {
      this.#documents.clear();
      this.#generation = generation;
    }
    const known = this.#documents.get(name);
    if (known !== undefined) return known;
    const bytes = Buffer.from(JSON.stringify(make()));
    const hash = createHash("sha512").update(bytes).digest("hex").toUpperCase();
    const document = { bytes, hash };
    this.#documents.set(name, document);
    return document;
  }
}
