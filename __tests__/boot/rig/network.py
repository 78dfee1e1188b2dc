"""Addresses of the rig: the VPC on a bridge, the administrators' subnet behind a gateway of its own."""

BRIDGE = "vpc"

#: The bridge's own hardware address. Without one it has the lowest of its interfaces', another as machines
#: come and go; those that are there then lose their gateway until ARP asks anew (8 to 44 s measured).
BRIDGE_ADDRESS = "02:00:00:00:00:01"

UPLINK = "uplink"

#: Gateway and name server of every machine of the VPC.
GATEWAY = "10.77.0.1/16"

#: Gateway of the administrators' subnet.
ADMIN_GATEWAY = "10.88.0.1/24"

#: Gateway of a subnet whose hosts are nobody's administrators.
STRANGE_GATEWAY = "10.99.0.1/24"

#: Where every instance of EC2 finds the metadata service.
METADATA = "169.254.169.254"

#: Addresses of the doubles that stand for servers of the Internet (TEST-NET-3).
DOUBLES = {
    "aws": "203.0.113.10",
    "downloads": "203.0.113.11",
    "signals": "203.0.113.12",
    "s3": "203.0.113.13",
}

#: slirp4netns's name server, which asks this machine's.
RESOLVER = "10.0.2.3"


def address_of(interface: str) -> str:
    """The address without the length of its prefix."""
    return interface.partition("/")[0]


def network_namespace(name: str, address: str, gateway: str, number: int) -> str:
    """Shell commands that make a network namespace with one interface, eth0, on the bridge."""
    prefix = gateway.partition("/")[2]
    return f"""set -e
ip netns add {name}
ip link add rig{number} type veth peer name eth0 netns {name}
ip link set rig{number} master {BRIDGE} up
ip -n {name} link set lo up
ip -n {name} address add {address}/{prefix} dev eth0
ip -n {name} link set eth0 up
ip -n {name} route add default via {address_of(gateway)}
"""
