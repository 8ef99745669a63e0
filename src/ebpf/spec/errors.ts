import { DecodeError } from "#base";

/**
 * A sound object that asks for something this library leaves out, as CO-RE relocations do. The
 * message says how to do without.
 */
export class UnsupportedObjectError extends DecodeError {
  override readonly name: string = "UnsupportedObjectError";
  readonly feature: string;

  constructor(feature: string, instead: string, offset: number) {
    super(`${feature} is not supported: ${instead}`, offset, { fields: { feature } });
    this.feature = feature;
  }
}
