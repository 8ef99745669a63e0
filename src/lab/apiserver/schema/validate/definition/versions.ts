/** What a definition says of its versions. What all say the same of is told of once, above them. */
import { isObject, sameJson } from "../../node.ts";
import type { JsonObject } from "../../types.ts";
import { View } from "../view.ts";
import { dns1035Label } from "../words.ts";
import { validateColumns, validateSelectableFields, validateSubresources } from "./parts.ts";
import { validateSchema } from "./schema.ts";

const ONE_STORAGE = "must have exactly one version marked as storage version";
const WARNING_MAX = 256;
const NOT_PRINTABLE = /\P{C}*(\p{C})/u;

/** The parts of a version, and what they are called where they are those of all. */
const PARTS = {
  schema: "validation",
  subresources: "subresources",
  additionalPrinterColumns: "additionalPrinterColumns",
  selectableFields: "selectableFields",
} as const;

type Part = keyof typeof PARTS;

export class Versions {
  readonly #spec: View;
  readonly #versions: readonly View[];

  constructor(spec: View) {
    this.#spec = spec;
    this.#versions = spec.at("versions").items();
  }

  /** What the versions have each for itself; then what is wrong with all of them. */
  validate(): void {
    const versions = this.#spec.at("versions");
    this.#requireSchemas();
    for (const version of this.#versions) {
      version.at("name").invalids(dns1035Label(version.at("name").text), version.at("name").text);
      checkDeprecation(version);
      this.#validateParts((part) => (this.#isShared(part) ? undefined : version.at(part)));
    }
    const names = this.#versions.map((version) => version.at("name").text);
    if (new Set(names).size < names.length) {
      versions.invalid("must contain unique version names", this.#shown());
    }
    const stored = this.#versions.filter((version) => version.at("storage").value === true);
    if (stored.length !== 1) versions.invalid(ONE_STORAGE, this.#shown());
  }

  /** What all of them have. */
  validateShared(): void {
    const [first] = this.#versions;
    if (first === undefined) return;
    this.#validateParts((part) => {
      if (!this.#isShared(part)) return undefined;
      return new View(first.at(part).value, `${this.#spec.path}.${PARTS[part]}`, first.causes);
    });
  }

  #requireSchemas(): void {
    for (const version of this.#versions) {
      const schema = version.at("schema", "openAPIV3Schema");
      if (!schema.isThere) schema.required();
    }
  }

  #validateParts(find: (part: Part) => View | undefined): void {
    const [schema, subresources] = [find("schema"), find("subresources")];
    const status = this.#versions.some((each) => each.at("subresources", "status").isThere);
    if (schema !== undefined) validateSchema(schema.at("openAPIV3Schema"), status);
    if (subresources !== undefined) validateSubresources(subresources);
    const columns = find("additionalPrinterColumns");
    if (columns !== undefined) validateColumns(columns);
    const fields = find("selectableFields");
    const [first] = this.#versions;
    const known = (schema ?? first?.at("schema"))?.at("openAPIV3Schema");
    if (fields !== undefined && known !== undefined) validateSelectableFields(fields, known);
  }

  #isShared(part: Part): boolean {
    const [first, ...others] = this.#versions.map((version) => version.at(part).value);
    return others.every((other) => sameJson(other, first));
  }

  /** As the API server shows versions: with what is shared taken out. */
  #shown(): JsonObject[] | null {
    if (!Array.isArray(this.#spec.at("versions").value)) return null;
    return this.#versions.map(({ value }) => {
      const version = isObject(value) ? value : {};
      return {
        Name: version["name"] ?? "",
        Served: version["served"] ?? false,
        Storage: version["storage"] ?? false,
        Deprecated: version["deprecated"] ?? false,
        DeprecationWarning: version["deprecationWarning"] ?? null,
        Schema: null,
        Subresources: null,
        AdditionalPrinterColumns: null,
        SelectableFields: null,
      };
    });
  }
}

function checkDeprecation(version: View): void {
  const warning = version.at("deprecationWarning");
  if (!warning.isThere) return;
  if (version.at("deprecated").value !== true) {
    return warning.invalid("can only be set for deprecated versions");
  }
  if (warning.text.length > WARNING_MAX) warning.invalid("must be <= 256 characters long");
  if (warning.text === "") warning.invalid("must not be an empty string");
  const found = NOT_PRINTABLE.exec(warning.text);
  if (found === null) return;
  const index = Buffer.byteLength(found[0]) - Buffer.byteLength(found[1] ?? "");
  warning.invalid(
    `must only contain printable UTF-8 characters; non-printable character found at index ${index}`,
  );
}
