import type { BtfKind } from "./format.ts";

interface BtfTypeBase {
  readonly kind: BtfKind;
  /** Empty where it has none. */
  readonly name: string;
  /** Where the name stands among the strings. */
  readonly nameOffset: number;
  /** Means another thing for each kind; kept so that types can be written back. */
  readonly kindFlag: boolean;
  /** Where the type's record begins in the input, for errors. */
  readonly offset: number;
}

export interface BtfInt extends BtfTypeBase {
  readonly kind: "int";
  readonly size: number;
  /** How many of its bits count, from `bitOffset` on; all but in old compilers' bitfields. */
  readonly bits: number;
  readonly bitOffset: number;
  /** Bits of `IntEncoding`. */
  readonly encoding: number;
}

interface BtfPointer extends BtfTypeBase {
  readonly kind: "ptr";
  readonly target: number;
}

/** Kinds that are their target by another name or with a promise. */
export interface BtfModifier extends BtfTypeBase {
  readonly kind: "typedef" | "volatile" | "const" | "restrict" | "typeTag";
  readonly target: number;
}

export interface BtfArray extends BtfTypeBase {
  readonly kind: "array";
  readonly element: number;
  readonly index: number;
  readonly count: number;
}

export interface BtfComposite extends BtfTypeBase {
  readonly kind: "struct" | "union";
  readonly size: number;
  readonly members: readonly BtfMember[];
}

export interface BtfMember {
  /** Empty for anonymous structs and unions. */
  readonly name: string;
  readonly nameOffset: number;
  readonly type: number;
  readonly bitOffset: number;
  /** The width of a bitfield; 0 for what is none. */
  readonly bitSize: number;
}

export interface BtfEnum extends BtfTypeBase {
  readonly kind: "enum" | "enum64";
  readonly size: number;
  readonly isSigned: boolean;
  readonly values: readonly BtfEnumValue[];
}

export interface BtfEnumValue {
  readonly name: string;
  readonly nameOffset: number;
  readonly value: bigint;
}

/** A struct or union that is only mentioned. */
interface BtfForward extends BtfTypeBase {
  readonly kind: "fwd";
}

export interface BtfFunc extends BtfTypeBase {
  readonly kind: "func";
  readonly target: number;
  /** Of `FuncLinkage`. */
  readonly linkage: number;
}

export interface BtfFuncProto extends BtfTypeBase {
  readonly kind: "funcProto";
  readonly returns: number;
  readonly params: readonly BtfParam[];
}

export interface BtfParam {
  readonly name: string;
  readonly nameOffset: number;
  readonly type: number;
}

interface BtfVar extends BtfTypeBase {
  readonly kind: "var";
  readonly target: number;
  /** 0 static, 1 global, 2 extern. */
  readonly linkage: number;
}

/** The variables of a section. */
export interface BtfDatasec extends BtfTypeBase {
  readonly kind: "datasec";
  readonly size: number;
  readonly variables: readonly BtfSectionVariable[];
}

export interface BtfSectionVariable {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

export interface BtfFloat extends BtfTypeBase {
  readonly kind: "float";
  readonly size: number;
}

interface BtfDeclTag extends BtfTypeBase {
  readonly kind: "declTag";
  readonly target: number;
  /** The member or parameter meant; -1 for the type itself. */
  readonly component: number;
}

export type BtfType =
  | BtfInt
  | BtfPointer
  | BtfModifier
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfForward
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag;
