"""Addresses of the rig's network: the VPC is a bridge, with a gateway to the admin subnet."""

BRIDGE = "vpc"

#: Fixed MAC address of the bridge. By default it is the lowest MAC of its interfaces, which changes with the
#: guests; others then cannot reach the gateway until their ARP entry expires (8 to 44 s measured).
BRIDGE_ADDRESS = "02:00:00:00:00:01"

UPLINK = "uplink"

#: Gateway and name server of all nodes.
GATEWAY = "10.77.0.1/16"

#: Gateway of the admin subnet.
ADMIN_GATEWAY = "10.88.0.1/24"

#: Gateway of a subnet that is not an admin subnet.
OTHER_GATEWAY = "10.99.0.1/24"

#: Address of the instance metadata service.
METADATA = "169.254.169.254"

#: Addresses of the doubles of Internet servers (TEST-NET-3).
DOUBLES = {
    "aws": "203.0.113.10",
    "downloads": "203.0.113.11",
    "signals": "203.0.113.12",
    "s3": "203.0.113.13",
}

#: Name server of slirp4netns, which forwards to the host's name server.
RESOLVER = "10.0.2.3"


def address_of(interface: str) -> str:
    """Return the address of an interface without its prefix length."""
    return interface.partition("/")[0]


def network_namespace(name: str, address: str, gateway: str, number: int) -> str:
    """Return shell commands that create a network namespace with an interface, eth0, on the bridge."""
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
