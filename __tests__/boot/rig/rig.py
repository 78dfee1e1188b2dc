"""The rig as a test uses it: machines that boot, an administrator's client, the doubles around them."""

import json
from pathlib import Path

from .aws import Aws
from .client import Client
from .disks import Disks
from .gpu import GpuStandIns
from .guest import Guest
from .host import Host
from .image import guest_image
from .network import ADMIN_GATEWAY, GATEWAY, host_of, namespace
from .registries import grant
from .security import SecurityGroups
from .synthesized import Cluster, Launch, synthesize
from .world import World

#: Address and seconds of the machine that an image is made on.
BUILDER, BAKE_SECONDS = "10.77.31.250", 400

FOLDER = Path(__file__).parents[3] / ".test" / "boot"


class Rig:
    """Everything runs until `end`, or until the process of the test ends, however it does."""

    def __init__(self):
        self.image = guest_image(FOLDER)
        self.world = World(FOLDER / "run")
        self._instances: set[str] = set()
        self._hosts: dict[str, Host] = {}
        self._baked: dict[str, Path] = {}
        self._interfaces = 0
        try:
            self.gpu = GpuStandIns(self.world.folder / "gpu")
            folder = self.world.folder / "synthesized"
            self.clusters: dict[str, Cluster] = synthesize(folder, self.gpu.requirement)
            self.security = SecurityGroups(self.world, self.clusters["rig"].ingress())
            self.aws = Aws(self.world, self.clusters)
        except BaseException:
            self.end()
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
    ) -> Host:
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
        if earlier := self._hosts.pop(address, None):
            earlier.cut()
            earlier.guest.retire()
        self._give_network(instance, address, GATEWAY)
        for other in unreachable:
            self.world.shell(f"ip -n {instance} route add unreachable {other}/32")
        user_data = self.world.folder / f"{instance}.user-data"
        user_data.write_text(launch.user_data)
        given = {"role": launch.role, "userData": user_data.name, "group": launch.group, "hook": launch.hook}
        given |= {"secrets": launch.secrets, "objects": [launch.bundle.path]}
        self.aws.know(address, instance=instance, **given | facts)
        self.security.join(launch.security, address)
        self._hosts[address] = host = self._host(instance, address, disks, layers, options)
        if gpu:
            self.gpu.equip(host.guest)
        host.start()
        return host

    def _host(self, name: str, address: str, disks=(), layers=(), options=()) -> Host:
        """A machine that is off: its root holds what it needs to reach the doubles and the registries."""
        store = Disks(self.world, name, disks)
        hostname = f"ip-{address.replace('.', '-')}"
        guest = Guest(self.world, name, hostname, [self.image, *layers], [*store.binds, *options])
        guest.write("etc/resolv.conf", f"nameserver {host_of(GATEWAY)}\n")
        grant(guest.files, self.aws.authority)
        return Host(guest, address, store)

    def become(self, host: Host, **facts: object) -> None:
        """Change what AWS knows of a machine, such as `spot={...}` or `faults=[...]`."""
        self.aws.know(host.address, **facts)

    def client(self, address: str, host: Host, gateway: str = ADMIN_GATEWAY) -> Client:
        """A host outside the VPC, with the release's environment borrowed from a machine.

        :param gateway: of its subnet; the administrators' where none is given
        """
        name = f"client-{address.replace('.', '-')}"
        self._give_network(name, address, gateway)
        return Client(self.world, name, self.image, host.guest.root)

    def calls(self, host: Host) -> list[dict]:
        """What a machine has asked of AWS, as the double recorded it."""
        calls = [json.loads(line) for line in self.aws.calls.read_text().splitlines()]
        return [call for call in calls if call["instance"] == host.instance]

    def calls_of(self, host: Host, action: str) -> list[dict]:
        """Those of one action."""
        return [call for call in self.calls(host) if call["action"] == action]

    def bake(self, bake: dict) -> Path:
        """Make what an image holds, as Image Builder does, once; give it to `boot` as a layer."""
        key = bake["digest"]
        if key not in self._baked:
            self._baked[key] = self._bake(f"builder-{key}", bake)
        return self._baked[key]

    def _bake(self, name: str, bake: dict) -> Path:
        self._give_network(name, BUILDER, GATEWAY)
        self.aws.know(BUILDER, instance=f"i-{bake['digest']:0>17}")
        builder = self._host(name, BUILDER)
        builder.start()
        builder.wait_for("cloud-init status | grep -q done", 60)
        for file in bake["files"]:
            builder.write(file["path"], file["content"], int(file["mode"], 8))
        # As a service, which has the environment that all services here have.
        builder.run(f"systemd-run --quiet --wait --pipe {bake['command']}", BAKE_SECONDS)
        # What the machine that it was made on was told does not belong into an image.
        builder.run("cloud-init clean --logs --seed")
        builder.stop()
        return builder.guest.retire()

    def _give_network(self, name: str, address: str, gateway: str) -> None:
        self._interfaces += 1
        self.world.shell(namespace(name, address, gateway, self._interfaces))

    def end(self) -> None:
        """Leave nothing."""
        self.world.end()
