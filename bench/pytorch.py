"""The same five networks in PyTorch eager, written well: what the bench compares with.

Reads one JSON command a line and answers with one JSON line; scripts/bench.ts asks. Kernels are held as they are committed (only
rows and columns with live taps), convolutions run channels_last, recurrences on the smallest matrices, both directions of the Diagonal
BiLSTM in one batched product, Adam fused. Convolutions can be computed with cropped kernels on images padded before, or with whole kernels
and the padding of the convolution itself: which is faster differs by machine, so both are tried and the faster one is timed.
"""
import json
import resource
import struct
import sys
import time

import torch
import torch.nn.functional as F


def read(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=begin)
        tensors[name] = values.reshape(entry["shape"]).clone()
    return tensors


class Network:
    def __init__(self, name, config, tensors, cropped):
        self.name, self.config, self.cropped = name, config, cropped
        images = tensors.pop("images")
        self.images = images.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        self.flat = images.reshape(len(images), -1)
        self.parameters, self.masks = {}, {}
        for key, value in tensors.items():
            if value.dim() == 4:  # [rows, columns, in, out] to [out, in, rows, columns]
                value = value.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
            self.parameters[key] = value.requires_grad_()
        self.optimizer = torch.optim.Adam(self.parameters.values(), 1e-3, fused=True)

    def conv(self, x, name, center, dilation=1, hidden=None):
        """center: row and column of the kernel that lie over the pixel itself; hidden: the first dead column of the last row."""
        weight, bias = self.parameters[name + ".weights"], self.parameters[name + ".bias"]
        rows, columns = weight.shape[2:]
        if rows * columns == 1 and center == (0, 0):
            return F.conv2d(x, weight, bias)
        if hidden is not None:
            if name not in self.masks:
                mask = torch.ones(1, 1, rows, columns)
                mask[:, :, -1, hidden:] = 0
                self.masks[name] = mask
            weight = weight * self.masks[name]
        above, left = center
        below, right = rows - 1 - above, columns - 1 - left
        if self.cropped:
            pads = [left * dilation, right * dilation, above * dilation, below * dilation]
            pads = [pads[0], pads[1], pads[2], max(pads[3], 0)]
            padded = F.pad(x, pads)
            if below < 0:  # the kernel ends above the pixel's own row
                padded = padded[:, :, : padded.shape[2] + below * dilation]
            return F.conv2d(padded, weight, bias, dilation=dilation)
        tall, wide = max(above, below), max(left, right)
        weight = F.pad(weight, [wide - left, wide - right, tall - above, tall - below])
        return F.conv2d(x, weight, bias, padding=(tall * dilation, wide * dilation), dilation=dilation)

    def head(self, x):
        for name in ("head1", "head2", "logits"):
            x = self.conv(F.relu(x), name, (0, 0))
        return x

    def pixelcnn(self):
        half = self.config["firstSize"] // 2
        x = self.conv(self.images, "first", (half, half), hidden=half)
        for k, dilation in enumerate(self.config["dilations"], 1):
            y = self.conv(F.relu(x), f"block{k}.down", (0, 0))
            y = self.conv(F.relu(y), f"block{k}.middle", (1, 1), dilation, hidden=2)
            x = x + self.conv(F.relu(y), f"block{k}.up", (0, 0))
        return self.head(x)

    def gated(self):
        def gate(both):
            a, b = both.chunk(2, 1)
            return torch.tanh(a) * torch.sigmoid(b)

        v = h = self.images
        for k, dilation in enumerate([1, *self.config["dilations"]], 1):
            half = (self.config["firstSize"] if k == 1 else self.config["size"]) // 2
            rows = self.parameters[f"layer{k}.vertical.weights"].shape[2]
            length = self.parameters[f"layer{k}.horizontal.weights"].shape[3]
            hidden = half if k == 1 else None
            above = self.conv(v, f"layer{k}.vertical", (half, half), dilation, hidden=0 if k == 1 and rows > half else None)
            left = self.conv(h, f"layer{k}.horizontal", (0, half), dilation, hidden=hidden if length > half else None)
            left = left + self.conv(above, f"layer{k}.link", (0, 0))
            out = self.conv(gate(left), f"layer{k}.point", (0, 0))
            h = out if k == 1 else h + out
            v = gate(above)
        return self.head(h)

    def recurrent(self, states):
        half = self.config["firstSize"] // 2
        x = self.conv(self.images, "first", (half, half), hidden=half)
        for k in range(1, self.config["layers"] + 1):
            h = states(x, f"layer{k}").permute(0, 3, 1, 2)
            x = x + self.conv(h, f"layer{k}.up", (0, 0))
        return self.head(x)

    def rowlstm(self):
        def states(x, layer):
            name = f"{layer}.rows"
            columns = self.parameters[f"{name}.input.weights"].shape[3]
            gates = self.conv(x, f"{name}.input", (0, 1), hidden=2 if columns > 2 else None).permute(0, 2, 3, 1)
            weight = self.parameters[f"{name}.state"]
            size = weight.shape[1]
            weight = weight.reshape(-1, 4 * size)
            batch, height, width, _ = gates.shape
            start = self.parameters[f"{name}.hidden"].expand(batch, width, size)
            side = start[:, :1]
            h, c, rows = start, self.parameters[f"{name}.cell"].expand(batch, width, size), []
            for gate in gates.unbind(1):
                padded = torch.cat([side, h, side], 1)
                near = torch.cat([padded[:, :-2], h, padded[:, 2:]], 2)
                h, c = cell(torch.addmm(gate.reshape(-1, 4 * size), near.reshape(-1, 3 * size), weight).view(batch, width, -1), c)
                rows.append(h)
            return torch.stack(rows, 1)

        return self.recurrent(states)

    def diagonal(self):
        def states(x, layer):
            names = [f"{layer}.left-to-right", f"{layer}.right-to-left"]
            weight = torch.cat([self.parameters[f"{name}.input.weights"] for name in names])
            bias = torch.cat([self.parameters[f"{name}.input.bias"] for name in names])
            gates = F.conv2d(x, weight, bias).permute(0, 2, 3, 1)
            batch, height, width, both = gates.shape
            gates = torch.stack([gates[..., : both // 2], gates[..., both // 2 :].flip(2)])
            order, sizes = diagonals(height, width)
            parts = gates.reshape(2, batch, height * width, -1).index_select(2, order).split(sizes, 2)
            size = both // 8
            kernel = torch.stack([self.parameters[f"{name}.state"].reshape(-1, 4 * size) for name in names])
            start = torch.stack([self.parameters[f"{name}.hidden"] for name in names])[:, None, None].expand(2, batch, 1, size)
            cells = torch.stack([self.parameters[f"{name}.cell"] for name in names])[:, None, None].expand(2, batch, 1, size)
            h, c, outs = start[:, :, :0], cells[:, :, :0], []
            for t, gate in enumerate(parts):
                n = gate.shape[2]
                # Rows from one above the first of this diagonal to its last; where the diagonal before has none, the state outside.
                first, last = t < width, t < height
                h = torch.cat([*([start] if first else []), h, *([start] if last else [])], 2)
                c = torch.cat([*([cells] if first else []), c, *([cells] if last else [])], 2)
                near = torch.cat([h[:, :, 1:], h[:, :, :-1]], 3).reshape(2, batch * n, 2 * size)
                h, c = cell(torch.baddbmm(gate.reshape(2, batch * n, -1), near, kernel).view(2, batch, n, -1), c[:, :, 1:])
                outs.append(h)
            h = torch.cat(outs, 2).index_select(2, torch.argsort(order)).view(2, batch, height, width, size)
            return h[0] + F.pad(h[1].flip(2)[:, :-1], [0, 0, 0, 0, 1, 0])

        return self.recurrent(states)

    def made(self):
        values = self.flat.shape[1]
        if not self.masks:
            degrees = [torch.tensor(layer) for layer in self.config["degrees"]]
            for k in range(1, len(degrees)):
                self.masks[f"hidden{k}"] = (degrees[k][None] >= degrees[k - 1][:, None]).float()
            self.masks["output"] = (degrees[0][None] > degrees[-1][:, None]).float()
            self.masks["direct"] = (degrees[0][None] > degrees[0][:, None]).float()
        weight = lambda name: self.parameters[f"{name}.weights"] * self.masks[name]
        h = self.flat
        for k in range(1, len(self.config["hidden"]) + 1):
            h = F.relu(torch.addmm(self.parameters[f"hidden{k}.bias"], h, weight(f"hidden{k}")))
        logits = torch.addmm(self.parameters["output.bias"], h, weight("output"))
        return logits + self.flat @ weight("direct")

    def nats(self):
        logits = getattr(self, self.name)()
        target = self.flat if self.name == "made" else self.images
        return F.binary_cross_entropy_with_logits(logits, target, reduction="sum") / len(target)

    def train(self):
        self.optimizer.zero_grad()
        loss = self.nats()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def evaluate(self):
        with torch.no_grad():
            return self.nats().item()


def cell(sums, c):
    o, f, i, g = sums.chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def diagonals(height, width):
    order, sizes = [], []
    for t in range(height + width - 1):
        rows = range(max(0, t - width + 1), min(height - 1, t) + 1)
        order += [r * width + t - r for r in rows]
        sizes.append(len(rows))
    return torch.tensor(order), sizes


def timed(run, times):
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return seconds


def load(command):
    candidates = [Network(command["model"], command["config"], read(command["weights"]), cropped) for cropped in (True, False)]
    if command["model"] in ("made", "diagonal"):
        candidates = candidates[:1]
    nats = [candidate.evaluate() for candidate in candidates]
    if max(nats) - min(nats) > 1e-2:
        raise ValueError(f"cropped and whole kernels differ: {nats}")
    if len(candidates) > 1:
        candidates.sort(key=lambda candidate: min(timed(candidate.train, 3)))
    best = Network(command["model"], command["config"], read(command["weights"]), candidates[0].cropped)
    return best, {"nats": best.evaluate()}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    network = None
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "load":
            network, answer = load(command)
        elif command["do"] in ("train", "evaluate"):
            answer = {"seconds": timed(getattr(network, command["do"]), command["times"])}
        elif command["do"] == "memory":
            answer = {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform != "darwin" else 1024) / 1024}
        print(json.dumps(answer), flush=True)


main()
