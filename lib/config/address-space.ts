import { overlap, type Range, rangeOf } from "./cidr";

/** Blocks without addresses for hosts (RFC 6890; class D and E: RFC 1112). */
const UNUSABLE = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"] as const;

/** Blocks of private networks (RFC 1918), and the shared space of carriers that AWS allows in VPCs (RFC 6598). */
const PRIVATE = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"] as const;

/** Public addresses: all others. */
const PUBLIC: readonly Range[] = without({ from: 0, to: 2 ** 32 }, [...UNUSABLE, ...PRIVATE].map(rangeOf));

/** Number of public IPv4 addresses. */
export const PUBLIC_ADDRESSES = sizeOf(PUBLIC);

/** Returns the block without addresses for hosts that `cidr` overlaps, if there is one. */
export function unusableIn(cidr: string): string | undefined {
  return UNUSABLE.find((block) => overlap(block, cidr));
}

/** Returns the number of public addresses in blocks. An address that is in several of them counts once. */
export function publicAddressesIn(blocks: readonly string[]): number {
  const ranges = blocks.map(rangeOf);
  return PUBLIC_ADDRESSES - sizeOf(PUBLIC.flatMap((range) => without(range, ranges)));
}

/** Returns the parts of a range that are in none of the others. */
function without(range: Range, others: readonly Range[]): readonly Range[] {
  return others.reduce<readonly Range[]>(
    (left, other) =>
      left.flatMap(({ from, to }) =>
        [
          { from, to: Math.min(to, other.from) },
          { from: Math.max(from, other.to), to },
        ].filter((part) => part.from < part.to),
      ),
    [range],
  );
}

function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}
