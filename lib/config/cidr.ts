import ipaddr from "ipaddr.js";

/** Addresses of an IPv4 block as numbers: `from` is the first one, `to` the first one after the block. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Returns whether a text is an IPv4 address of four decimal parts. Hexadecimal and shortened addresses are invalid, and so
 * are parts with leading zeros, because some programs read them as octal.
 */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** Returns whether a text is an IPv4 block with no bits set beyond its prefix, such as `10.0.0.0/16`. */
export function isCidr(text: string): boolean {
  const [, address = "", prefix] = /^([\d.]+)\/(\d|[12]\d|3[0-2])$/.exec(text) ?? [];
  return isAddress(address) && numberOf(address) % blockSize(Number(prefix)) === 0;
}

/** Returns the length of the prefix: 16 for `10.0.0.0/16`. */
export function prefixOf(cidr: string): number {
  return Number(cidr.split("/")[1]);
}

/** Returns the addresses of a block. */
export function rangeOf(cidr: string): Range {
  const from = numberOf(cidr.split("/")[0] ?? "");
  return { from, to: from + blockSize(prefixOf(cidr)) };
}

/** Returns whether `outer` contains all of `inner`. */
export function contains(outer: string, inner: string): boolean {
  const [o, i] = [rangeOf(outer), rangeOf(inner)];
  return o.from <= i.from && i.to <= o.to;
}

/** Returns whether two blocks share an address. */
export function overlap(a: string, b: string): boolean {
  return contains(a, b) || contains(b, a);
}

/** Returns the subnet `index` of the 2^`addedBits` equal parts of a block (as `cidrsubnet` of Terraform). */
export function subnetOf(cidr: string, addedBits: number, index: number): string {
  const prefix = prefixOf(cidr) + addedBits;
  return `${dotted(rangeOf(cidr).from + index * blockSize(prefix))}/${prefix}`;
}

/** Returns the address `index` of a block, counted from 0 (as `cidrhost` of Terraform). */
export function hostOf(cidr: string, index: number): string {
  return dotted(rangeOf(cidr).from + index);
}

/**
 * Returns the index of an address in a block: 10 for `10.0.0.10` in `10.0.0.0/24`. Outside of the block it is negative
 * or too large.
 */
export function indexIn(cidr: string, address: string): number {
  return numberOf(address) - rangeOf(cidr).from;
}

/** Returns the number of addresses in a block with this prefix length. */
export function blockSize(prefix: number): number {
  return 2 ** (32 - prefix);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
