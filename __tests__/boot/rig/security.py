"""Stands for the VPC's security groups: connections to a member pass where a synthesized rule admits them.

What is not admitted is dropped without an answer, as AWS does. The VPC is a bridge, which sees what machines
of the cluster send each other; the administrators' subnet is behind a gateway, which routes.
"""

from .namespaces import Namespaces
from .network import BRIDGE
from .synthesized import Ingress

#: Where packets pass, and which of them are looked at.
FAMILIES = {"bridge": "ether type ip", "ip": f'iifname "{BRIDGE}"'}


class SecurityGroups:
    """Groups by name; a machine joins one by its address."""

    def __init__(self, namespaces: Namespaces, rules: list[Ingress]):
        self.namespaces = namespaces
        names = sorted({rule.group for rule in rules})
        sets = [f"set {name} {{ type ipv4_addr; }}" for name in names]
        admitted = [accept(rule, names) for rule in rules]
        refused = [f"ip daddr @{name} drop" for name in names]
        chain = "\n".join([*sets, "chain arriving {", *admitted, *refused, "}"])
        # A connection begins with a segment that has SYN and not ACK.
        first = "tcp flags & (syn | ack) == syn jump arriving"
        for family, match in FAMILIES.items():
            hook = f"chain forward {{ type filter hook forward priority 0; {match} {first}; }}"
            apply(namespaces, f"table {family} groups {{\n{chain}\n{hook}\n}}\n")

    def add(self, name: str, address: str) -> None:
        """Make a machine a member; one that has been, stays."""
        for family in FAMILIES:
            apply(self.namespaces, f"add element {family} groups {name} {{ {address} }}\n")


def accept(rule: Ingress, groups: list[str]) -> str:
    """The statement that lets a rule's connections pass."""
    source = f"@{rule.source}" if rule.source in groups else rule.source
    first, last = rule.ports
    return f"ip daddr @{rule.group} ip saddr {source} {rule.protocol} dport {first}-{last} accept"


def apply(namespaces: Namespaces, rules: str) -> None:
    """Give rules to the kernel."""
    done = namespaces.run("nft", "-f", "-", input=rules)
    if done.returncode != 0:
        raise RuntimeError(f"nft refuses:\n{rules}\n{done.stderr}")
