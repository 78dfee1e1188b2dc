"""Double of the VPC's security groups: allows the connections that the synthesized rules allow.

Other connections are dropped without an answer, as on AWS. The packet filter runs on the bridge for traffic
between nodes, and on the gateway for traffic from other subnets.
"""

from .namespaces import Namespaces
from .network import BRIDGE
from .synthesized import Ingress

#: Families of nftables, and the packets that each filters.
FAMILIES = {"bridge": "ether type ip", "ip": f'iifname "{BRIDGE}"'}


class SecurityGroups:
    """The security groups, by name. Their members are addresses."""

    def __init__(self, namespaces: Namespaces, rules: list[Ingress]):
        self.namespaces = namespaces
        names = sorted({rule.group for rule in rules})
        sets = [f"set {name} {{ type ipv4_addr; }}" for name in names]
        accepted = [accept(rule, names) for rule in rules]
        dropped = [f"ip daddr @{name} drop" for name in names]
        chain = "\n".join([*sets, "chain arriving {", *accepted, *dropped, "}"])
        # Only the first segment of a connection: SYN without ACK.
        first = "tcp flags & (syn | ack) == syn jump arriving"
        for family, match in FAMILIES.items():
            hook = f"chain forward {{ type filter hook forward priority 0; {match} {first}; }}"
            apply(namespaces, f"table {family} groups {{\n{chain}\n{hook}\n}}\n")

    def add(self, name: str, address: str) -> None:
        """Add an address to a group."""
        for family in FAMILIES:
            apply(self.namespaces, f"add element {family} groups {name} {{ {address} }}\n")


def accept(rule: Ingress, groups: list[str]) -> str:
    """Return the nftables statement of a rule."""
    source = f"@{rule.source}" if rule.source in groups else rule.source
    first, last = rule.ports
    return f"ip daddr @{rule.group} ip saddr {source} {rule.protocol} dport {first}-{last} accept"


def apply(namespaces: Namespaces, rules: str) -> None:
    """Load rules into the kernel."""
    done = namespaces.run("nft", "-f", "-", input=rules)
    if done.returncode != 0:
        raise RuntimeError(f"nft rejected the rules:\n{rules}\n{done.stderr}")
