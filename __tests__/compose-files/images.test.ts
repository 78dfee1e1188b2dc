import { packageFile } from "../../lib/node/package-file";
import { clusterOf } from "./definitions";
import { rendered } from "./rendered";

const { files, text, service } = rendered(clusterOf());

test("copies the lockfiles of the release, and the Python package that containers run", () => {
  expect(text("image/packages/cpu.txt")).toBe(packageFile("locks/2026.7/cpu.txt"));
  expect(text("image/packages/gpu.txt")).toBe(packageFile("locks/2026.7/gpu.txt"));
  expect(text("image/packages/uv.txt")).toBe(packageFile("locks/tools/uv.txt"));
  const source = "cdktf_dask/preloads/reload_certificates.py";
  expect(text(`image/python/${source}`)).toBe(packageFile(`python/src/${source}`));
  expect([...files.keys()].filter((path) => path.includes("cdktf_dask/node"))).toEqual([]);
});

test("builds each image once: services with the same packages share one", () => {
  const built = ["certificates", "scheduler", "cpu", "gpu", "smoke-test"].map((name) => [
    service(name).image,
    service(name).build?.dockerfile,
  ]);
  expect(built).toEqual([
    ["cdktf-dask/research-cpu:2026.7", undefined],
    ["cdktf-dask/research-cpu:2026.7", "Dockerfile.cpu"],
    ["cdktf-dask/research-cpu:2026.7", undefined],
    ["cdktf-dask/research-gpu:2026.7", "Dockerfile.gpu"],
    ["cdktf-dask/research-cpu:2026.7", undefined],
  ]);
});

test("starts from a public image with the Python of the release, or the one that a variable names", () => {
  expect(service("scheduler").build).toEqual({
    context: "image",
    dockerfile: "Dockerfile.cpu",
    args: {
      BASE: "${CPU_BASE:-python:3.12-slim-trixie}",
      PIP_INDEX_URL: "${PIP_INDEX_URL:-}",
      PIP_EXTRA_INDEX_URL: "${PIP_EXTRA_INDEX_URL:-}",
    },
    secrets: ["certificates", "netrc"],
  });
  const lines = text("image/Dockerfile.cpu").split("\n");
  expect(lines.filter((line) => /^(ARG|FROM|USER) /.test(line))).toEqual([
    "ARG BASE=python:3.12-slim-trixie",
    "FROM ${BASE} AS environment",
    "ARG PIP_INDEX_URL",
    "ARG PIP_EXTRA_INDEX_URL",
    "FROM ${BASE}",
    "USER 10001:10001",
  ]);
});

test("has the CUDA libraries as wheels in release 2026.7, and copies the toolkit in 2024.7", () => {
  expect(text("image/Dockerfile.gpu")).not.toMatch(/cuda/i);
  const old = rendered(clusterOf({ release: "2024.7" }));
  expect(old.service("gpu").build.args).toMatchObject({
    BASE: "${GPU_BASE:-python:3.11-slim-trixie}",
    CUDA: "${CUDA_IMAGE:-nvidia/cuda:12.6.3-devel-ubuntu24.04}",
  });
  const dockerfile = old.text("image/Dockerfile.gpu");
  expect(dockerfile).toContain(
    "\nFROM ${CUDA} AS cuda\nRUN find /usr/local/cuda-12.6/ -name '*.a' -delete\n",
  );
  expect(dockerfile).toContain("\nCOPY --from=cuda /usr/local/cuda-12.6 /usr/local/cuda-12.6\n");
  expect(old.text("image/Dockerfile.cpu")).not.toMatch(/cuda/i);
  expect(old.service("gpu").environment).toMatchObject({
    CUDA_PATH: "/usr/local/cuda-12.6",
    LD_LIBRARY_PATH: "/usr/local/cuda-12.6/lib64",
  });
  expect(old.service("scheduler").environment).not.toHaveProperty("CUDA_PATH");
});

test("uses the index of the definition instead of that of the user", () => {
  const index = {
    url: "https://a.example/simple",
    extraUrls: ["https://b.example/x", "https://c.example/x"],
  };
  const own = rendered(clusterOf({ environment: { index } }));
  expect(own.service("scheduler").build.args).toMatchObject({
    PIP_INDEX_URL: "https://a.example/simple",
    PIP_EXTRA_INDEX_URL: "https://b.example/x https://c.example/x",
  });
});

test("has no lockfile and no Dockerfile of GPU nodes without a GPU pool", () => {
  const cpu = rendered(clusterOf({ pools: [{ name: "cpu", kind: "cpu" }] }));
  expect([...cpu.files.keys()].filter((path) => path.includes("gpu"))).toEqual([]);
});
