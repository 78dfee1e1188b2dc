"""Write lib/config/instance-types.json from moto's copy of the responses of DescribeInstanceTypes.

    pip install moto==5.2.5 && python scripts/instance_types.py

The file has one line for each family. `sizes` has `[vCPUs, memory in MiB, GPUs, NVMe instance-store
disks]`. A family only has the fields that apply to it: `xen` (not on the Nitro System), `onDemandOnly` (no
spot), `dedicatedHosts` (only on Dedicated Hosts), `gpu` (name), `gpuMemoryMiB` (of one GPU),
`fractionalGpu` (a vGPU), `accelerator` (not a GPU).
"""

import gzip
import importlib.resources
import json
import pathlib

TARGET = pathlib.Path(__file__).parent.parent / "lib" / "config" / "instance-types.json"

# Fields of DescribeInstanceTypes with accelerators that are not GPUs: section and list.
ACCELERATORS = {
    "NeuronInfo": "NeuronDevices",
    "InferenceAcceleratorInfo": "Accelerators",
    "FpgaInfo": "Fpgas",
    "MediaAcceleratorInfo": "Accelerators",
}


def families(types: dict) -> dict:
    result: dict = {}
    for name, facts in sorted(types.items()):
        family, size = name.split(".", 1)
        entry = result.setdefault(family, {**of_family(family, facts), "sizes": {}})
        entry["sizes"][size] = of_size(facts)
    return result


def of_family(family: str, facts: dict) -> dict:
    """Return the fields that all sizes of a family share."""
    architectures = facts["ProcessorInfo"]["SupportedArchitectures"]
    found: dict = {"architecture": "x86_64" if "x86_64" in architectures else architectures[0]}
    # Bare metal has no hypervisor; on the Nitro System, its volumes are NVMe devices.
    if facts.get("Hypervisor") != "nitro" and not (facts["BareMetal"] and nvme(facts["EbsInfo"])):
        found["xen"] = True
    if "spot" not in facts["SupportedUsageClasses"]:
        found["onDemandOnly"] = True
    # Not in DescribeInstanceTypes (EC2 User Guide, "Amazon EC2 Mac instances").
    if family.startswith("mac"):
        found["dedicatedHosts"] = True
    gpus = facts.get("GpuInfo", {}).get("Gpus", [])
    if gpus:
        found["gpu"] = f"{gpus[0]['Manufacturer']} {gpus[0]['Name']}"
        if gpus[0].get("GpuPartitionSize", 1) < 1:
            found["fractionalGpu"] = True
        elif "MemoryInfo" in gpus[0]:
            found["gpuMemoryMiB"] = gpus[0]["MemoryInfo"]["SizeInMiB"]
    accelerators = [
        device["Name"]
        for section, devices in ACCELERATORS.items()
        for device in facts.get(section, {}).get(devices, [])
    ]
    if accelerators:
        found["accelerator"] = accelerators[0]
    return found


def of_size(facts: dict) -> list:
    storage = facts.get("InstanceStorageInfo", {})
    return [
        facts["VCpuInfo"]["DefaultVCpus"],
        facts["MemoryInfo"]["SizeInMiB"],
        sum(gpu["Count"] for gpu in facts.get("GpuInfo", {}).get("Gpus", [])),
        sum(disk["Count"] for disk in storage.get("Disks", [])) if nvme(storage) else 0,
    ]


def nvme(section: dict) -> bool:
    return section.get("NvmeSupport") == "required"


if __name__ == "__main__":
    packed = importlib.resources.files("moto.ec2") / "resources" / "instance_types.json.gz"
    found = families(json.loads(gzip.decompress(packed.read_bytes())))
    lines = [f"  {json.dumps(family)}: {json.dumps(entry)}" for family, entry in sorted(found.items())]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{TARGET.name}: {len(found)} families, {sum(len(e['sizes']) for e in found.values())} types")
