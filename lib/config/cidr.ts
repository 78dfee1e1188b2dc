import ipaddr from "ipaddr.js";

/** The addresses of an IPv4 block as numbers: the first, and the first beyond it. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Whether the text is an IPv4 address of four decimal parts. Parts with leading zeros are refused, as some programs read
 * them as octal; so are hexadecimal and shortened addresses.
 */
export function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text);
}

/** Whether the text is an IPv4 block with no bits set beyond its prefix, such as `10.0.0.0/16`, in this spelling. */
export function isCidr(text: string): boolean {
  const [, address = "", prefix] = /^([\d.]+)\/(\d|[12]\d|3[0-2])$/.exec(text) ?? [];
  return isAddress(address) && numberOf(address) % blockSize(Number(prefix)) === 0;
}

/** Length of the prefix: 16 for `10.0.0.0/16`. */
export function prefixOf(cidr: string): number {
  return Number(cidr.split("/")[1]);
}

/** The addresses of a block. */
export function rangeOf(cidr: string): Range {
  const from = numberOf(cidr.split("/")[0] ?? "");
  return { from, to: from + blockSize(prefixOf(cidr)) };
}

/** Whether `outer` contains all of `inner`. */
export function contains(outer: string, inner: string): boolean {
  const [o, i] = [rangeOf(outer), rangeOf(inner)];
  return o.from <= i.from && i.to <= o.to;
}

/** Whether two blocks share an address. */
export function overlap(a: string, b: string): boolean {
  return contains(a, b) || contains(b, a);
}

/** The block number `index` of those that `addedBits` cut out of `cidr` (Terraform's `cidrsubnet`). */
export function subnetOf(cidr: string, addedBits: number, index: number): string {
  const prefix = prefixOf(cidr) + addedBits;
  return `${dotted(rangeOf(cidr).from + index * blockSize(prefix))}/${prefix}`;
}

/** The address number `index` of a block (Terraform's `cidrhost`). */
export function hostOf(cidr: string, index: number): string {
  return dotted(rangeOf(cidr).from + index);
}

/** The place of an address in a block: 10 for `10.0.0.10` in `10.0.0.0/24`; negative or too large outside of it. */
export function indexIn(cidr: string, address: string): number {
  return numberOf(address) - rangeOf(cidr).from;
}

/** Number of addresses in a block with this prefix. */
export function blockSize(prefix: number): number {
  return 2 ** (32 - prefix);
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
