"""The networks of pytorch/networks.py, timed in PyTorch: what the bench compares with.

    python bench/pytorch.py THREADS [compiled]

Reads one JSON command a line and answers with one JSON line; scripts/bench.ts asks. Convolutions run
channels_last, recurrences on the smallest matrices, both directions of the Diagonal BiLSTM in one batched
product, Adam fused. Convolutions can be computed with cropped kernels on images padded before, or with whole
kernels and the padding of the convolution itself: which is faster differs by machine and by what is computed,
so both are tried and the faster one is timed. `compiled` gives loss and gradient to torch.compile; loading
compiles all that will be timed.
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

    def __init__(self, command, cropped, compiled):
        self.tensors, _ = read_tensors(command["weights"])
        network = networks.create(command["model"], command["config"]).crop(cropped)
        # Stored are values from 0 to 1; the network is given levels.
        self.images = torch.round(self.tensors.pop("images") * (network.levels - 1))
        self.network = network
        self.reset()

        def nats(images):
            return network(images).mean()

        self.nats = torch.compile(nats, dynamic=False) if compiled else nats

    def reset(self):
        """The weights as they were given: steps that were timed have changed them."""
        networks.load(self.network, self.tensors)
        self.optimizer = torch.optim.Adam(self.network.parameters(), 1e-3, fused=True)

    def train(self):
        self.optimizer.zero_grad()
        loss = self.nats(self.images)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def evaluate(self):
        with torch.no_grad():
            return self.nats(self.images).item()


def timed(run, times):
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds


def load(command, compiled):
    """The faster way for each thing that is to be timed, {what: Side}, and the answer."""
    ways = [True] if command["model"] in ("made", "diagonal") else [True, False]
    sides = [Side(command, cropped, compiled) for cropped in ways]
    nats = [side.evaluate() for side in sides]
    if max(nats) - min(nats) > max(1e-2, 1e-6 * max(nats)):
        raise ValueError(f"cropped and whole kernels differ: {nats}")
    chosen = {}
    for what in command.get("what", ("train", "evaluate")):
        seconds = [min(timed(getattr(side, what), 3)) for side in sides]
        chosen[what] = sides[seconds.index(min(seconds))]
    for side in sides:
        side.reset()
    return chosen, {"nats": sides[0].evaluate()}


def answer_to(command, chosen):
    if command["do"] in ("train", "evaluate"):
        return {"seconds": timed(getattr(chosen[command["do"]], command["do"]), command["times"])}
    unit = 1024 * (1024 if sys.platform == "darwin" else 1)
    return {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    compiled = "compiled" in sys.argv[2:]
    chosen = {}
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] != "load":
            answer = answer_to(command, chosen)
        else:
            try:
                chosen, answer = load(command, compiled)
            except Exception as error:
                # Not every network, and not every machine, can be compiled; eager must work.
                if not compiled:
                    raise
                answer = {"failed": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), flush=True)


main()
