"""The rig: boots nodes and clients, bakes images, and starts the doubles of AWS."""

import json
from pathlib import Path

from . import nfs
from .aws import Aws
from .client import Client
from .disks import Disks
from .gpu import GpuDoubles
from .guest import Guest
from .image import guest_image
from .namespaces import Namespaces
from .network import ADMIN_GATEWAY, GATEWAY, address_of, network_namespace
from .node import Node
from .own_work import OwnWork
from .registries import configure_registries
from .security import SecurityGroups
from .synthesized import Bundle, Cluster, Launch, synthesize

#: Address of the node that bakes an image, and the timeout of its commands.
BUILDER, BAKE_SECONDS = "10.77.31.250", 400

FOLDER = Path(__file__).parents[3] / ".test" / "boot"


class Rig:
    """All processes run until `close`, or until the test's process ends."""

    def __init__(self):
        self.image = guest_image(FOLDER)
        self.namespaces = Namespaces(FOLDER / "run")
        self._instances: set[str] = set()
        self._nodes: dict[str, Node] = {}
        self._baked: dict[str, Path] = {}
        self._interfaces = 0
        try:
            self.own_work = OwnWork(self.namespaces.folder / "own-work")
            self.gpu = GpuDoubles(self.namespaces.folder / "gpu")
            folder = self.namespaces.folder / "synthesized"
            self.clusters: dict[str, Cluster] = synthesize(folder, self.gpu.requirement, self.own_work.folder)
            self.security = SecurityGroups(self.namespaces, self.clusters["rig"].ingress())
            self.aws = Aws(self.namespaces, self.clusters)
        except BaseException:
            self.close()
            raise

    def boot(
        self,
        instance: str,
        launch: Launch,
        address: str,
        *,
        disks: tuple[int, ...] = (),
        layers: tuple[Path, ...] = (),
        options: tuple[str, ...] = (),
        gpu: bool = False,
        mounts: bool = False,
        unreachable: tuple[str, ...] = (),
        **facts: object,
    ) -> Node:
        """Boot a new instance. An earlier instance with the same address is terminated.

        :param instance: instance id, such as `i-00000000000000001`; must be new
        :param disks: sizes of its instance-store disks, in MiB
        :param layers: result of `bake`, to start from a baked image
        :param options: of systemd-nspawn, such as `--tmpfs=/opt:size=100M`
        :param gpu: whether it has the doubles of a GPU and of the driver's packages
        :param mounts: whether it mounts from an NFS server
        :param unreachable: addresses without a route
        :param facts: more facts of the instance (doubles/instances.py), such as `faults=["no-imdsv2"]`
        """
        if instance in self._instances:
            raise ValueError(f"instance: got {instance}, expected an id that was not booted before")
        self._instances.add(instance)
        if earlier := self._nodes.pop(address, None):
            earlier.kill()
            earlier.guest.unmount()
        self._give_network(instance, address, GATEWAY)
        for other in unreachable:
            self.namespaces.shell(f"ip -n {instance} route add unreachable {other}/32")
        user_data = self.namespaces.folder / f"{instance}.user-data"
        user_data.write_text(launch.user_data)
        given = {"role": launch.role, "userData": user_data.name, "group": launch.group, "hook": launch.hook}
        given["terminationHook"] = launch.termination_hook
        given |= {"secrets": launch.secrets, "policies": launch.s3_policies}
        given["logStreams"] = launch.log_streams
        self.aws.register(address, id=instance, **given | facts)
        self.security.add(launch.security_group, address)
        self._nodes[address] = node = self._node(instance, address, disks, layers, options)
        if gpu:
            self.gpu.equip(node.guest)
        if mounts:
            nfs.equip(node.guest)
        node.start()
        return node

    def _node(self, name: str, address: str, disks=(), layers=(), options=()) -> Node:
        """Create a stopped node that can reach the doubles and the package registries."""
        store = Disks(self.namespaces, name, disks)
        hostname = f"ip-{address.replace('.', '-')}"
        guest = Guest(self.namespaces, name, hostname, [self.image, *layers], [*store.binds, *options])
        guest.write("etc/resolv.conf", f"nameserver {address_of(GATEWAY)}\n")
        configure_registries(guest.files, self.aws.ca)
        return Node(guest, address, store)

    def terminate(self, node: Node) -> None:
        """Shut an instance down as EC2 does, and remove its files."""
        node.stop()
        self._nodes.pop(node.address)
        files = node.guest.unmount().parent
        self.namespaces.shell(f"rm -r {files}")

    def update(self, node: Node, **facts: object) -> None:
        """Change facts of an instance, such as `spot={...}` or `faults=[...]`."""
        self.aws.register(node.address, **facts)

    def client(self, address: str, node: Node, gateway: str = ADMIN_GATEWAY) -> Client:
        """Create a client outside the VPC, with the Python environment of a node.

        :param gateway: of its subnet; by default that of the admin subnet
        """
        name = f"client-{address.replace('.', '-')}"
        self._give_network(name, address, gateway)
        return Client(self.namespaces, name, self.image, node.guest.root)

    def nfs_server(self, address: str) -> nfs.NfsServer:
        """Start an NFS server in the VPC."""
        name = f"nfs-{address.replace('.', '-')}"
        self._give_network(name, address, GATEWAY)
        return nfs.NfsServer(self.namespaces, name, self.image, self.aws.ca)

    def calls(self, node: Node) -> list[dict]:
        """Return the calls of a node to AWS, in the double's record."""
        calls = [json.loads(line) for line in self.aws.calls.read_text().splitlines()]
        return [call for call in calls if call["instance"] == node.instance]

    def calls_of(self, node: Node, action: str) -> list[dict]:
        """Return the calls of a node for one action."""
        return [call for call in self.calls(node) if call["action"] == action]

    def bake(self, contents: dict) -> Path:
        """Bake an image once, as EC2 Image Builder does. Returns a layer for `boot`."""
        digest = contents["digest"]
        if digest not in self._baked:
            self._baked[digest] = self._bake(f"builder-{digest}", contents)
        return self._baked[digest]

    def _bake(self, name: str, contents: dict) -> Path:
        self._give_network(name, BUILDER, GATEWAY)
        bundle = Bundle(contents["bucket"], contents["key"], Path(contents["file"]))
        self.aws.upload(bundle)
        policies = [bundle.policy]
        self.aws.register(BUILDER, id=f"i-{contents['digest']:0>17}", role="builder", policies=policies)
        builder = self._node(name, BUILDER)
        builder.start()
        builder.wait_for("cloud-init status | grep -q done", 60)
        for file in contents["stub"]:
            builder.write(file["path"], file["content"], int(file["mode"], 8))
        # A service has the environment variables of `configure_registries`.
        builder.run(f"systemd-run --quiet --wait --pipe {contents['command']}", BAKE_SECONDS)
        # Removes the user data and logs of this instance from the image.
        builder.run("cloud-init clean --logs --seed")
        builder.stop()
        return builder.guest.unmount()

    def _give_network(self, name: str, address: str, gateway: str) -> None:
        self._interfaces += 1
        self.namespaces.shell(network_namespace(name, address, gateway, self._interfaces))

    def close(self) -> None:
        """End all processes, and remove all files."""
        self.namespaces.close()
