import ipaddr from "ipaddr.js";

/** An IPv4 block as two numbers. */
interface Block {
  readonly first: number;
  readonly prefix: number;
}

/** Whether the text is an IPv4 or IPv6 block with no bits set beyond its prefix, such as `10.0.0.0/16`. */
export function isCidr(text: string): boolean {
  if (!ipaddr.isValidCIDR(text)) return false;
  const [address, prefix] = ipaddr.parseCIDR(text);
  const network =
    address.kind() === "ipv4"
      ? ipaddr.IPv4.networkAddressFromCIDR(text)
      : ipaddr.IPv6.networkAddressFromCIDR(text);
  return network.toString() === address.toString() && text.endsWith(`/${prefix}`);
}

/** Whether the text is an IPv4 block. */
export function isIpv4Cidr(text: string): boolean {
  return isCidr(text) && ipaddr.parseCIDR(text)[0].kind() === "ipv4";
}

/** Length of the prefix: 16 for `10.0.0.0/16`. */
export function prefixOf(cidr: string): number {
  return ipaddr.parseCIDR(cidr)[1];
}

/** Whether `outer` holds all of `inner` (both IPv4). */
export function contains(outer: string, inner: string): boolean {
  return (
    prefixOf(inner) >= prefixOf(outer) &&
    ipaddr.parse(inner.split("/")[0] ?? "").match(ipaddr.parseCIDR(outer))
  );
}

/** Whether two IPv4 blocks share an address: then one of them holds the other. */
export function overlap(a: string, b: string): boolean {
  return contains(a, b) || contains(b, a);
}

/** The block number `index` of those that `addedBits` cut out of `cidr` (Terraform's `cidrsubnet`). */
export function subnetOf(cidr: string, addedBits: number, index: number): string {
  const { first, prefix } = parse(cidr);
  const size = 2 ** (32 - prefix - addedBits);
  return `${dotted(first + index * size)}/${prefix + addedBits}`;
}

/** The address number `index` of a block (Terraform's `cidrhost`). */
export function hostOf(cidr: string, index: number): string {
  return dotted(parse(cidr).first + index);
}

function parse(cidr: string): Block {
  const [address, prefix] = ipaddr.parseCIDR(cidr);
  return { first: address.toByteArray().reduce((sum, byte) => sum * 256 + byte, 0), prefix };
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
