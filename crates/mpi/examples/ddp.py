"""Ranks beside PyTorch's DistributedDataParallel with Gloo: an all-reduce of 25 MiB, and training steps of two networks of the
side-by-side comparison, whose batch the processes share, as they do the cores.

    cargo build --release -p cotangent-mpi --features mpi --example ddp
    python crates/mpi/examples/ddp.py target/release/examples/ddp [--ranks 2] [--turns 6]

The two take turns, and the shortest times are told: what else the machine does only adds to them.
"""

import argparse
import os
import platform
import subprocess
import sys
import time

NETWORKS = {"mnist": ([784, 512, 256, 10], 128, 50), "wide": ([1024, 2048, 2048, 10], 512, 5)}
NUMBERS = 25 * 2**20 // 8
SUMS = 17


def threads(ranks):
    """Those of each rank."""
    return max(1, os.cpu_count() // ranks)


def ours(program, ranks):
    """The times that our program tells."""
    command = ["mpirun", "-n", str(ranks), "--bind-to", "none", "--oversubscribe", "--allow-run-as-root", program]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {name: float(seconds) for name, seconds in (line.split("\t") for line in out.splitlines())}


def theirs(ranks):
    """The times that rank 0 of PyTorch's processes tells."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={ranks}", __file__, "--rank"]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads(ranks))}
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return {name: float(seconds) for name, seconds in (line.split("\t") for line in out.splitlines())}


def rank():
    """One of PyTorch's processes."""
    import torch
    import torch.distributed as dist

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    dist.init_process_group("gloo")
    values = torch.ones(NUMBERS, dtype=torch.float64)
    tell("all-reduce", SUMS, lambda: dist.all_reduce(values))
    for name, (widths, rows, rounds) in NETWORKS.items():
        tell(name, rounds, training(widths, rows))
    dist.destroy_process_group()


def training(widths, rows):
    """A step on this process's part of the batch."""
    import torch
    import torch.distributed as dist
    from torch import nn

    torch.manual_seed(0)
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    model = nn.parallel.DistributedDataParallel(nn.Sequential(*layers[:-2]))
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    start, end = (rows * of // dist.get_world_size() for of in (dist.get_rank(), dist.get_rank() + 1))
    x = (torch.arange(start, end)[:, None] * 31 + torch.arange(widths[0]) * 17) % 29 / 29.0
    labels = torch.arange(start, end) % 10

    def step():
        adam.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        adam.step()
        return loss.item()

    return step


def tell(name, rounds, call):
    """Calls often, some times for nothing, when all do, and tells the shortest."""
    import torch.distributed as dist

    for _ in range(3):
        call()
    times = []
    for _ in range(rounds):
        dist.barrier()
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    if dist.get_rank() == 0:
        print(f"{name}\t{min(times)}", flush=True)


def main():
    import torch

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("program", help="the example `ddp`")
    options.add_argument("--ranks", type=int, default=2)
    options.add_argument("--turns", type=int, default=6)
    options = options.parse_args()
    turns = [(ours(options.program, options.ranks), theirs(options.ranks)) for _ in range(options.turns)]
    print(f"{options.ranks} ranks, threads of each: {threads(options.ranks)}; PyTorch {torch.__version__}, {platform.machine()}")
    print(f"{'':<12}{'ours':>12}{'DDP, Gloo':>12}{'ratio':>8}")
    for name in turns[0][0]:
        ours_, theirs_ = (min(turn[side][name] for turn in turns) for side in (0, 1))
        print(f"{name:<12}{ours_ * 1e3:>9.2f} ms{theirs_ * 1e3:>9.2f} ms{theirs_ / ours_:>8.2f}")


if __name__ == "__main__":
    rank() if "--rank" in sys.argv else main()
