"""Writes lib/cluster/instance-types.json from moto's copy of the DescribeInstanceTypes answers.

    pip install moto==5.2.5 && python scripts/instance_types.py

One line a family: processor architecture, accelerator, and for each size `[GPUs, instance-store disks]`.
"""

import gzip
import importlib.resources
import json
import pathlib

TARGET = pathlib.Path(__file__).parent.parent / "lib" / "cluster" / "instance-types.json"


def families(types: dict) -> dict:
    result: dict = {}
    for name, facts in sorted(types.items()):
        family, size = name.split(".", 1)
        gpus = facts.get("GpuInfo", {}).get("Gpus", [])
        disks = facts.get("InstanceStorageInfo", {}).get("Disks", [])
        architectures = facts["ProcessorInfo"]["SupportedArchitectures"]
        entry = result.setdefault(
            family,
            {"architecture": "x86_64" if "x86_64" in architectures else architectures[0], "sizes": {}},
        )
        if gpus:
            entry["gpu"] = f"{gpus[0]['Manufacturer']} {gpus[0]['Name']}"
        entry["sizes"][size] = [sum(gpu["Count"] for gpu in gpus), sum(disk["Count"] for disk in disks)]
    return result


if __name__ == "__main__":
    packed = importlib.resources.files("moto.ec2") / "resources" / "instance_types.json.gz"
    found = families(json.loads(gzip.decompress(packed.read_bytes())))
    lines = [f"  {json.dumps(family)}: {json.dumps(entry)}" for family, entry in sorted(found.items())]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{TARGET.name}: {len(found)} families, {sum(len(e['sizes']) for e in found.values())} types")
