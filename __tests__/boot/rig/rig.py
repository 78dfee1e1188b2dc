"""The rig as a test uses it: machines that boot, an administrator's client, the doubles around them."""

import json
from pathlib import Path

from .aws import Aws
from .client import Client
from .disks import Disks
from .gpu import GpuDoubles
from .guest import Guest
from .image import guest_image
from .namespaces import Namespaces
from .network import ADMIN_GATEWAY, GATEWAY, address_of, network_namespace
from .node import Node
from .registries import configure_registries
from .security import SecurityGroups
from .synthesized import Cluster, Launch, synthesize

#: Address and seconds of the machine that an image is made on.
BUILDER, BAKE_SECONDS = "10.77.31.250", 400

FOLDER = Path(__file__).parents[3] / ".test" / "boot"


class Rig:
    """Everything runs until `end`, or until the process of the test ends, however it does."""

    def __init__(self):
        self.image = guest_image(FOLDER)
        self.namespaces = Namespaces(FOLDER / "run")
        self._instances: set[str] = set()
        self._nodes: dict[str, Node] = {}
        self._baked: dict[str, Path] = {}
        self._interfaces = 0
        try:
            self.gpu = GpuDoubles(self.namespaces.folder / "gpu")
            folder = self.namespaces.folder / "synthesized"
            self.clusters: dict[str, Cluster] = synthesize(folder, self.gpu.requirement)
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
        unreachable: tuple[str, ...] = (),
        **facts: object,
    ) -> Node:
        """Turn on a machine that is another than any before; one that has had its address is taken away.

        :param instance: its id, as `i-00000000000000001`
        :param disks: sizes in MiB of its instance-store disks
        :param layers: what `bake` gave, for a machine that starts from a baked image
        :param options: of systemd-nspawn, such as `--tmpfs=/opt:size=100M`
        :param gpu: whether it has what stands for a GPU and its driver's packages
        :param unreachable: addresses to which it has no route
        :param facts: of the metadata service beside those of the launch, such as `faults=["no-imdsv2"]`
        """
        if instance in self._instances:
            raise ValueError(f"{instance} has been booted; another machine has another id")
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
        given |= {"secrets": launch.secrets, "objects": [launch.bundle.path]}
        self.aws.register(address, id=instance, **given | facts)
        self.security.add(launch.security_group, address)
        self._nodes[address] = node = self._node(instance, address, disks, layers, options)
        if gpu:
            self.gpu.equip(node.guest)
        node.start()
        return node

    def _node(self, name: str, address: str, disks=(), layers=(), options=()) -> Node:
        """A machine that is off: its root holds what it needs to reach the doubles and the registries."""
        store = Disks(self.namespaces, name, disks)
        hostname = f"ip-{address.replace('.', '-')}"
        guest = Guest(self.namespaces, name, hostname, [self.image, *layers], [*store.binds, *options])
        guest.write("etc/resolv.conf", f"nameserver {address_of(GATEWAY)}\n")
        configure_registries(guest.files, self.aws.ca)
        return Node(guest, address, store)

    def update(self, node: Node, **facts: object) -> None:
        """Change what AWS knows of a machine, such as `spot={...}` or `faults=[...]`."""
        self.aws.register(node.address, **facts)

    def client(self, address: str, node: Node, gateway: str = ADMIN_GATEWAY) -> Client:
        """A node outside the VPC, with the release's environment borrowed from a machine.

        :param gateway: of its subnet; the administrators' where none is given
        """
        name = f"client-{address.replace('.', '-')}"
        self._give_network(name, address, gateway)
        return Client(self.namespaces, name, self.image, node.guest.root)

    def calls(self, node: Node) -> list[dict]:
        """What a machine has asked of AWS, as the double recorded it."""
        calls = [json.loads(line) for line in self.aws.calls.read_text().splitlines()]
        return [call for call in calls if call["instance"] == node.instance]

    def calls_of(self, node: Node, action: str) -> list[dict]:
        """Those of one action."""
        return [call for call in self.calls(node) if call["action"] == action]

    def bake(self, bake: dict) -> Path:
        """Make what an image holds, as Image Builder does, once; give it to `boot` as a layer."""
        key = bake["digest"]
        if key not in self._baked:
            self._baked[key] = self._bake(f"builder-{key}", bake)
        return self._baked[key]

    def _bake(self, name: str, bake: dict) -> Path:
        self._give_network(name, BUILDER, GATEWAY)
        self.aws.register(BUILDER, id=f"i-{bake['digest']:0>17}")
        builder = self._node(name, BUILDER)
        builder.start()
        builder.wait_for("cloud-init status | grep -q done", 60)
        for file in bake["files"]:
            builder.write(file["path"], file["content"], int(file["mode"], 8))
        # As a service, which has the environment that all services here have.
        builder.run(f"systemd-run --quiet --wait --pipe {bake['command']}", BAKE_SECONDS)
        # What the machine that it was made on was told does not belong into an image.
        builder.run("cloud-init clean --logs --seed")
        builder.stop()
        return builder.guest.unmount()

    def _give_network(self, name: str, address: str, gateway: str) -> None:
        self._interfaces += 1
        self.namespaces.shell(network_namespace(name, address, gateway, self._interfaces))

    def close(self) -> None:
        """Leave nothing."""
        self.namespaces.close()
