"""The networks of pytorch/networks.py, timed in PyTorch eager: what the bench compares with.

Reads one JSON command a line and answers with one JSON line; scripts/bench.ts asks. Convolutions run
channels_last, recurrences on the smallest matrices, both directions of the Diagonal BiLSTM in one batched
product, Adam fused. Convolutions can be computed with cropped kernels on images padded before, or with whole
kernels and the padding of the convolution itself: which is faster differs by machine, so both are tried and
the faster one is timed.
"""
import json
import os
import resource
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pytorch"))

import networks
from store import read_tensors


class Side:
    """A network with its images, its optimizer and one of the two ways to convolve."""

    def __init__(self, command, cropped):
        tensors, _ = read_tensors(command["weights"])
        self.images = tensors.pop("images")
        self.network = networks.create(command["model"], command["config"]).crop(cropped)
        networks.load(self.network, tensors)
        self.optimizer = torch.optim.Adam(self.network.parameters(), 1e-3, fused=True)

    def nats(self):
        return self.network(self.images).mean()

    def train(self):
        self.optimizer.zero_grad()
        loss = self.nats()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def evaluate(self):
        with torch.no_grad():
            return self.nats().item()


def timed(run, times):
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds


def load(command):
    ways = [True] if command["model"] in ("made", "diagonal") else [True, False]
    sides = [(Side(command, cropped), cropped) for cropped in ways]
    nats = [side.evaluate() for side, _ in sides]
    if max(nats) - min(nats) > 1e-2:
        raise ValueError(f"cropped and whole kernels differ: {nats}")
    if len(sides) > 1:
        sides.sort(key=lambda entry: min(timed(entry[0].train, 3)))
    best = Side(command, sides[0][1])
    return best, {"nats": best.evaluate()}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    side = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "load":
            side, answer = load(command)
        elif command["do"] in ("train", "evaluate"):
            answer = {"seconds": timed(getattr(side, command["do"]), command["times"])}
        elif command["do"] == "memory":
            unit = 1024 * (1024 if sys.platform == "darwin" else 1)
            answer = {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}
        print(json.dumps(answer), flush=True)


main()
