import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { production } from "../../environments/production";
import { FakeNode } from "./fake-node";
import { variety, worker } from "./specs";

let fake: FakeNode;
afterEach(() => fake.remove());

/**
 * A node with these instance-store disks, each with two names as udev creates them, and an EBS volume. The double of
 * blkid finds the label after mkfs.xfs was called, and reports every disk as blank.
 */
const prepare = (disks: number, pool = worker(production, "cpu")) => {
  fake = new FakeNode(pool);
  fake.write("dev/disk/by-id/.keep", "");
  const link = (target: string, name: string) => {
    fake.write(`dev/${target}`, "");
    symlinkSync(join(fake.directory, "dev", target), join(fake.directory, "dev/disk/by-id", name));
  };
  link("nvme0n1", "nvme-Amazon_Elastic_Block_Store_vol1");
  link("nvme0n1p1", "nvme-Amazon_Elastic_Block_Store_vol1-part1");
  for (let disk = 1; disk <= disks; disk++) {
    link(`nvme${disk}n1`, `nvme-Amazon_EC2_NVMe_Instance_Storage_AWS${disk}`);
    link(`nvme${disk}n1`, `nvme-Amazon_EC2_NVMe_Instance_Storage_AWS${disk}-ns-1`);
  }
  fake.command("mountpoint", "[[ -e /var/mounted && $* == *scratch ]]");
  fake.command("mount", "touch /var/mounted");
  fake.command("blkid", "[[ $1 == --probe ]] && exit 2; [[ -e /var/labelled ]]");
  fake.command("mkfs.xfs", "touch /var/labelled");
  fake.command("mdadm");
  fake.command("udevadm");
  fake.write("var/.keep", "");
};

const calls = (...names: string[]) => {
  const run = fake.run("scratch.sh");
  expect(run).toMatchObject({ code: 0 });
  return {
    said: run.said,
    calls: run.calls
      .map((call) => call.replaceAll(fake.directory, ""))
      .filter((call) => names.includes(call.split(" ")[0] ?? "")),
  };
};
const changes = () => calls("mdadm", "mkfs.xfs", "mount");

test("one disk is used without RAID, although udev has two names for it", () => {
  prepare(1);
  expect(changes()).toEqual({
    said: "scratch on the instance store\n",
    calls: [
      "mkfs.xfs -q -f -K -L dask-scratch /dev/nvme1n1",
      "mount -o noatime LABEL=dask-scratch /var/lib/dask/scratch",
    ],
  });
});

test("several disks are combined by RAID 0", () => {
  prepare(3);
  expect(changes().calls).toEqual([
    "mdadm --zero-superblock --quiet /dev/nvme1n1 /dev/nvme2n1 /dev/nvme3n1",
    "mdadm --create /dev/md/dask-scratch --run --force --level=0 --raid-devices=3 --name=dask-scratch " +
      "--homehost=any /dev/nvme1n1 /dev/nvme2n1 /dev/nvme3n1",
    "mkfs.xfs -q -f -K -L dask-scratch /dev/md/dask-scratch",
    "mount -o noatime LABEL=dask-scratch /var/lib/dask/scratch",
  ]);
});

test("after a reboot the file system is mounted again", () => {
  prepare(3);
  fake.write("var/labelled", "");
  expect(changes().calls).toEqual(["mount -o noatime LABEL=dask-scratch /var/lib/dask/scratch"]);
});

test("a second run changes nothing", () => {
  prepare(1);
  changes();
  expect(changes()).toEqual({ said: "", calls: [] });
});

test("without instance store the directory is on EBS", () => {
  prepare(0);
  expect(changes()).toEqual({ said: "no instance store here: scratch on EBS\n", calls: [] });
});

test("a pool that spills to EBS does not use its disks", () => {
  prepare(2, worker(variety, "gpu"));
  expect(changes()).toEqual({ said: "scratch on EBS, as the definition has it\n", calls: [] });
});

test("disks that the Deep Learning AMI has mounted are used", () => {
  prepare(1);
  fake.command("mountpoint", "[[ $* == */opt/dlami/nvme ]]");
  expect(changes().calls).toEqual(["mount --bind /opt/dlami/nvme/dask /var/lib/dask/scratch"]);
});

test("a disk with data is not changed, and the error has a hint", () => {
  prepare(1);
  fake.command("blkid", "[[ $1 == --probe ]] && echo ext4");
  const { code, said, calls: called } = fake.run("scratch.sh");
  expect(code).toBe(1);
  expect(said).toBe("/dev/nvme1n1 holds data of someone else; wipe it, or spill to ebs\n");
  expect(called.filter((call) => /^(mkfs|mdadm|mount )/.test(call))).toEqual([]);
});

test("the directory belongs to the service user", () => {
  prepare(1);
  expect(calls("install").calls).toEqual(["install -d -o dask -g dask -m 0750 /var/lib/dask/scratch"]);
});
