"""The five networks of the library in PyTorch. state_dict() has the library's names of tensors; see
data/checkpoints/README.md.

Kernels are held as they are committed (only rows and columns with live taps), in PyTorch's layout and
channels_last; `from_library` and `to_library` turn one layout into the other. Masks multiply the weights at
each use. Axes: B batch, H height, W width, C channels.
"""

import torch
import torch.nn.functional as F
from torch import nn

import lstm_scan
from random_streams import Random


def even_groups(features, groups):
    """Feature maps in equal groups, one a color: the first third belongs to R, the next to G, the last to B.
    """
    if features % groups:
        raise ValueError(
            f"the number of features must be a multiple of the {groups} color groups, got {features}"
        )
    return torch.arange(features) * groups // features


def raster_taps(size):
    """The live rows of a size x size kernel in raster order: 1 above the center and to its left. The center
    is the last row's.
    """
    half = size // 2
    taps = torch.ones(half + 1, size)
    taps[-1, half:] = 0
    return taps


def vertical_taps(size, first):
    """All rows above the center's; in a later layer the center's whole row, too, which holds features of rows
    above alone.
    """
    taps = torch.ones(size // 2 + 1, size)
    if first:
        taps[-1] = 0
    return taps


def horizontal_taps(size):
    """Of the center's row what is to the left of it."""
    taps = torch.ones(1, size // 2 + 1)
    taps[0, -1] = 0
    return taps


class MaskedConv(nn.Module):
    """A convolution that keeps raster order. inputs, outputs: the color group of each feature; first: mask A,
    else B.
    """

    def __init__(self, inputs, outputs, taps, center, first=False, dilation=1):
        super().__init__()
        rows, columns = taps.shape
        self.above, self.left, self.dilation = rows - 1, center, dilation
        self.right = columns - 1 - center
        self.weights = nn.Parameter(
            torch.zeros(len(outputs), len(inputs), rows, columns).to(memory_format=torch.channels_last)
        )
        self.bias = nn.Parameter(torch.zeros(len(outputs)))
        mask = taps.repeat(len(outputs), len(inputs), 1, 1)
        before = inputs[None, :] < outputs[:, None]
        mask[:, :, -1, center] = (before if first else before | (inputs[None, :] == outputs[:, None])).float()
        if bool((mask == mask[:1, :1]).all()):
            mask = mask[:1, :1]
        mask = None if bool(mask.all()) else mask.contiguous(memory_format=torch.channels_last)
        self.register_buffer("mask", mask, persistent=False)
        self.cropped = True

    def kernel(self):
        return self.weights if self.mask is None else self.weights * self.mask

    def forward(self, x):
        weight, d = self.kernel(), self.dilation
        if weight.shape[2:] == (1, 1):
            if self.cropped:
                return F.conv2d(x, weight, self.bias)
            # A GPU adds the bias inside of a product, but not inside of a convolution.
            return F.linear(x.permute(0, 2, 3, 1), weight[:, :, 0, 0], self.bias).permute(0, 3, 1, 2)
        if self.cropped:
            padded = F.pad(x, [self.left * d, self.right * d, self.above * d, 0])
            return F.conv2d(padded, weight, self.bias, dilation=d)
        wide = max(self.left, self.right)
        weight = F.pad(weight, [wide - self.left, wide - self.right, 0, self.above])
        return F.conv2d(x, weight, self.bias, padding=(self.above * d, wide * d), dilation=d)


def point(inputs, outputs):
    return MaskedConv(inputs, outputs, torch.zeros(1, 1), 0)


def first_conv(config):
    size, channels = config["firstSize"], config["channels"]
    outputs = even_groups(2 * config["features"], channels)
    return MaskedConv(even_groups(channels, channels), outputs, raster_taps(size), size // 2, first=True)


def seen(values, order):
    """Images [B, H, W, C] as a model of this order sees them; the library's `scanOrder.ts` does the same."""
    sides = {"mirrored": [2], "flipped": [1], "turned": [1, 2]}
    words = (order or "").split("-")
    values = values.flip(sides.get(words[0], []))
    return values.transpose(1, 2) if words[-1] == "transposed" else values


class Network(nn.Module):
    """Images to nats. A subclass has `compute`: its logits [B, C or C · levels, H, W]."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.levels = config.get("levels", 2)

    def forward(self, values, labels=None, degrees=None):
        """-log p of each image, [B] nats. values: [B, H, W, C], 0 … levels - 1; degrees: where MADE has other
        masks at each step.
        """
        values = seen(values, self.config.get("order"))
        x = (values.float() / (self.levels - 1)).permute(0, 3, 1, 2)
        logits = self.compute(x, labels, degrees).permute(0, 2, 3, 1).float()
        if self.levels == 2:
            nats = F.binary_cross_entropy_with_logits(logits, values.float(), reduction="none")
        else:
            nats = F.cross_entropy(
                logits.reshape(-1, self.levels), values.reshape(-1).long(), reduction="none"
            )
        return nats.reshape(len(values), -1).sum(1)

    def crop(self, cropped):
        """Cropped kernels on images padded before, or whole kernels and the padding of the convolution: which
        is faster differs by machine.
        """
        for module in self.modules():
            if isinstance(module, MaskedConv):
                module.cropped = cropped
        return self

    def add_head(self, inputs):
        channels, head = self.config["channels"], self.config["head"]
        sizes = [inputs, head, head, channels * (1 if self.levels == 2 else self.levels)]
        for name, before, after in zip(("head1", "head2", "logits"), sizes, sizes[1:]):
            self.add_module(name, point(even_groups(before, channels), even_groups(after, channels)))

    def head(self, x):
        for name in ("head1", "head2", "logits"):
            x = self.get_submodule(name)(F.relu(x))
        return x


class PixelCnn(Network):
    def __init__(self, config):
        super().__init__(config)
        h, channels = config["features"], config["channels"]
        wide, narrow = even_groups(2 * h, channels), even_groups(h, channels)
        self.first = first_conv(config)
        for k, dilation in enumerate(config["dilations"], 1):
            block = nn.Module()
            block.down = point(wide, narrow)
            block.middle = MaskedConv(
                narrow, narrow, raster_taps(config["size"]), config["size"] // 2, dilation=dilation
            )
            block.up = point(narrow, wide)
            self.add_module(f"block{k}", block)
        self.add_head(2 * h)

    def compute(self, x, labels, degrees):
        x = self.first(x)
        for k in range(1, len(self.config["dilations"]) + 1):
            block = self.get_submodule(f"block{k}")
            x = x + block.up(F.relu(block.middle(F.relu(block.down(F.relu(x))))))
        return self.head(x)


class GatedPixelCnn(Network):
    def __init__(self, config):
        super().__init__(config)
        features, channels, classes = config["features"], config["channels"], config["classes"]
        half = even_groups(features, channels)
        halves = torch.cat([half, half])
        free = lambda count: torch.zeros(count, dtype=torch.long)
        for k, dilation in enumerate([1, *config["dilations"]], 1):
            first = k == 1
            size = config["firstSize"] if first else config["size"]
            inputs = channels if first else features
            layer = nn.Module()
            taps = vertical_taps(size, first)
            layer.vertical = MaskedConv(free(inputs), free(2 * features), taps, size // 2, first, dilation)
            before = even_groups(inputs, channels)
            layer.horizontal = MaskedConv(before, halves, horizontal_taps(size), size // 2, first, dilation)
            layer.link = point(free(2 * features), free(2 * features))
            layer.point = point(half, half)
            if classes:
                biases = {
                    stack: nn.Parameter(torch.zeros(classes, 2 * features))
                    for stack in ("vertical", "horizontal")
                }
                layer.add_module("class", nn.ParameterDict(biases))
            self.add_module(f"layer{k}", layer)
        self.add_head(features)

    def compute(self, x, labels, degrees):
        v = h = x
        for k in range(1, len(self.config["dilations"]) + 2):
            layer = self.get_submodule(f"layer{k}")
            above = self.told(layer, "vertical", layer.vertical(v), labels)
            left = self.told(layer, "horizontal", layer.horizontal(h) + layer.link(above), labels)
            out = layer.point(gate(left))
            h = out if k == 1 else h + out
            v = gate(above)
        return self.head(h)

    def told(self, layer, stack, x, labels):
        if not self.config["classes"]:
            return x
        return x + layer.get_submodule("class")[stack][labels.long()][:, :, None, None]


def gate(both):
    a, b = both.chunk(2, 1)
    return torch.tanh(a) * torch.sigmoid(b)


class Lstm(nn.Module):
    """Parameters: `.input` (a masked convolution, 2h to 4h), `.state` [taps, h, 4h], `.hidden` and `.cell`
    [h].
    """

    def __init__(self, config, taps, center, neighbors):
        super().__init__()
        h, channels = config["features"], config["channels"]
        one = even_groups(h, channels)
        self.input = MaskedConv(even_groups(2 * h, channels), torch.cat([one] * 4), taps, center)
        self.state = nn.Parameter(torch.zeros(neighbors, h, 4 * h))
        self.hidden = nn.Parameter(torch.zeros(h))
        self.cell = nn.Parameter(torch.zeros(h))


def lstm_step(sums, cell):
    """One step for all that is in sums [..., 4h], gates in the order o, f, i, g; in 32 bits also where
    products are in 16.
    """
    o, f, i, g = sums.float().chunk(4, -1)
    cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(cell), cell


class PixelRnn(Network):
    def __init__(self, config):
        super().__init__(config)
        h, channels = config["features"], config["channels"]
        narrow, wide = even_groups(h, channels), even_groups(2 * h, channels)
        self.first = first_conv(config)
        for k in range(1, config["layers"] + 1):
            layer = self.recurrences()
            layer.up = point(narrow, wide)
            if config["skip"]:
                layer.skip = point(narrow, wide)
            self.add_module(f"layer{k}", layer)
        self.add_head(2 * h)

    def compute(self, x, labels, degrees):
        x, skipped = self.first(x), 0
        for k in range(1, self.config["layers"] + 1):
            layer = self.get_submodule(f"layer{k}")
            states = self.states(layer, x).permute(0, 3, 1, 2)
            risen = layer.up(states)
            x = x + risen if self.config["residual"] else risen
            if self.config["skip"]:
                skipped = skipped + layer.skip(states)
        return self.head(x + skipped)


class RowLstm(PixelRnn):
    def recurrences(self):
        layer = nn.Module()
        layer.rows = Lstm(self.config, horizontal_taps(3), 1, 3)
        return layer

    def states(self, layer, x):
        """A whole row at once, from the three pixels above each."""
        lstm = layer.rows
        gates = lstm.input(x).permute(0, 2, 3, 1)
        batch, height, width, gate_size = gates.shape
        if lstm_scan.usable(gates):
            everywhere = torch.ones(height, width, dtype=torch.int32, device=x.device)
            return lstm_scan.scan(
                gates.float(), lstm.state[None], lstm.hidden[None], lstm.cell[None], everywhere, (0, 1, 2)
            )
        size = gate_size // 4
        weight = lstm.state.reshape(3 * size, gate_size)
        h = lstm.hidden.expand(batch, width, size)
        c, side, rows = lstm.cell.expand(batch, width, size), h[:, :1], []
        for row in gates.unbind(1):
            padded = torch.cat([side, h, side], 1)
            near = torch.cat([padded[:, :-2], h, padded[:, 2:]], 2).reshape(-1, 3 * size)
            h, c = lstm_step(torch.addmm(row.reshape(-1, gate_size), near, weight).view(batch, width, -1), c)
            rows.append(h)
        return torch.stack(rows, 1)


class DiagonalBiLstm(PixelRnn):
    def recurrences(self):
        layer = nn.Module()
        for direction in ("left-to-right", "right-to-left"):
            layer.add_module(direction, Lstm(self.config, torch.zeros(1, 1), 0, 2))
        return layer

    def states(self, layer, x):
        """Both directions in one batched product, a diagonal at once, each diagonal no longer than it is."""
        lstms = [layer.get_submodule(direction) for direction in ("left-to-right", "right-to-left")]
        weight = torch.cat([lstm.input.kernel() for lstm in lstms])
        gates = F.conv2d(x, weight, torch.cat([lstm.input.bias for lstm in lstms])).permute(0, 2, 3, 1)
        batch, height, width, both = gates.shape
        gates = torch.stack([gates[..., : both // 2], gates[..., both // 2 :].flip(2)])
        if lstm_scan.usable(gates[0]):
            h = self.scan(lstms, gates.flatten(0, 1).float()).view(2, batch, height, width, -1)
            return joined(h)
        order, back, sizes = self.diagonals(height, width, x.device)
        parts = gates.reshape(2, batch, height * width, -1).index_select(2, order).split(sizes, 2)
        size = both // 8
        kernel = torch.stack([lstm.state.reshape(2 * size, 4 * size) for lstm in lstms])
        start = torch.stack([lstm.hidden for lstm in lstms])[:, None, None].expand(2, batch, 1, size)
        cells = torch.stack([lstm.cell for lstm in lstms])[:, None, None].expand(2, batch, 1, size)
        h, c, outs = start[:, :, :0], cells[:, :, :0], []
        for t, part in enumerate(parts):
            n = part.shape[2]
            # Rows from one above the first of this diagonal to its last; where the diagonal before has none,
            # the state outside.
            first, last = t < width, t < height
            h = torch.cat([*([start] if first else []), h, *([start] if last else [])], 2)
            c = torch.cat([*([cells] if first else []), c, *([cells] if last else [])], 2)
            near = torch.cat([h[:, :, 1:], h[:, :, :-1]], 3).reshape(2, batch * n, 2 * size)
            sums = torch.baddbmm(part.reshape(2, batch * n, -1), near, kernel).view(2, batch, n, -1)
            h, c = lstm_step(sums, c[:, :, 1:])
            outs.append(h)
        return joined(torch.cat(outs, 2).index_select(2, back).view(2, batch, height, width, size))

    def scan(self, lstms, gates):
        """All of it as one kernel, on skewed gates. gates: [2B, H, W, 4h]; gives states [2B, H, W, h]."""
        height, width = gates.shape[1:3]
        column = torch.arange(height + width - 1, device=gates.device)[:, None] - torch.arange(
            height, device=gates.device
        )
        valid = ((column >= 0) & (column < width)).int()
        part = lambda name: torch.stack([getattr(lstm, name) for lstm in lstms])
        # The first tap is the pixel to the left, in the same row of the diagonal before; the second the one
        # above.
        return unskewed(
            lstm_scan.scan(skewed(gates), part("state"), part("hidden"), part("cell"), valid, (1, 0))
        )

    def diagonals(self, height, width, device):
        """The flat places diagonal by diagonal, the way back, and the length of each diagonal."""
        if getattr(self, "kept", None) is None or self.kept[0].device != device:
            order, sizes = [], []
            for t in range(height + width - 1):
                rows = range(max(0, t - width + 1), min(height - 1, t) + 1)
                order += [row * width + t - row for row in rows]
                sizes.append(len(rows))
            order = torch.tensor(order, device=device)
            self.kept = order, torch.argsort(order), sizes
        return self.kept


def joined(h):
    """Of both directions [2, B, H, W, h]: what comes from the right has seen pixels to the right, so a pixel
    is given that of the pixel above it.
    """
    return h[0] + F.pad(h[1].flip(2)[:, :-1], [0, 0, 0, 0, 1, 0])


def skewed(x):
    """[N, H, W, C] to [N, H + W - 1, H, C]: each row one place further to the right than the one above, then
    columns as rows.
    """
    n, height, width, features = x.shape
    flat = F.pad(x, [0, 0, 0, height]).reshape(n, -1, features)[:, : height * (width + height - 1)]
    return flat.reshape(n, height, -1, features).transpose(1, 2)


def unskewed(x):
    """The way back."""
    n, length, height, features = x.shape
    flat = F.pad(x.transpose(1, 2).reshape(n, -1, features), [0, 0, 0, height])
    return flat.reshape(n, height, length + 1, features)[:, :, : length + 1 - height]


FRESH = "fresh masks at every step"


class Made(Network):
    def __init__(self, config):
        super().__init__(config)
        values = config["height"] * config["width"] * config["channels"]
        sizes = [values, *config["hidden"], values]
        for k, (before, after) in enumerate(zip(sizes, sizes[1:]), 1):
            layer = nn.Module()
            if config["hidden"]:
                layer.weights = nn.Parameter(torch.zeros(before, after))
            layer.bias = nn.Parameter(torch.zeros(after))
            self.add_module(f"hidden{k}" if k <= len(config["hidden"]) else "output", layer)
        if config["conditioned"]:
            self.present = nn.Module()
            self.present.weights = nn.Parameter(torch.zeros(values, config["hidden"][0]))
        if config["direct"]:
            self.direct = nn.Module()
            self.direct.weights = nn.Parameter(torch.zeros(values, values))
        self.scored = None

    def compute(self, x, labels, degrees):
        """h_l = relu(b + (W ∘ M) h_{l-1}); logits = c + (V ∘ M) h_L + (A ∘ M) x."""
        flat = x.permute(0, 2, 3, 1).reshape(len(x), -1)
        masks = self.masks(degrees, x.device)
        h = flat
        for k in range(1, len(self.config["hidden"]) + 1):
            layer = self.get_submodule(f"hidden{k}")
            added = layer.bias
            if self.config["conditioned"] and k == 1:
                # What a unit sees at all, whatever its values: every input as a 1.
                added = added + (self.present.weights * masks[0]).sum(0)
            h = F.relu(torch.addmm(added, h, layer.weights * masks[k - 1]))
        logits = self.output.bias.expand(len(x), -1)
        if self.config["hidden"]:
            logits = torch.addmm(logits, h, self.output.weights * masks[-2])
        if self.config["direct"]:
            logits = logits + flat @ (self.direct.weights * masks[-1])
        return logits.reshape(len(x), self.config["height"], self.config["width"], -1).permute(0, 3, 1, 2)

    def masks(self, degrees, device):
        """The masks of the layers, then the direct connection's. degrees: a row of `flat_degrees`; None:
        those that the model is scored with.
        """
        if degrees is None:
            if self.scored is None or self.scored[0].device != device:
                self.scored = self.masks(torch.tensor(flat_degrees(self.config, 0), device=device), device)
            return self.scored
        values = self.config["height"] * self.config["width"] * self.config["channels"]
        degrees = degrees.split([values, *self.config["hidden"]])
        layers = [(after[None] >= before[:, None]).float() for before, after in zip(degrees, degrees[1:])]
        last = [(degrees[0][None] > before[:, None]).float() for before in (degrees[-1], degrees[0])]
        return [*layers, *last]


def made_degrees(config, number, step=None):
    """Degrees of the inputs, then of each hidden layer (lib/models/made.ts): of a set of masks, or fresh ones
    of a training step.
    """
    values = config["height"] * config["width"] * config["channels"]
    seed = config["maskSeed"]
    if number == FRESH:
        order, random = Random(seed, "made fresh order", step).permutation(values), Random(
            seed, "made fresh degrees", step
        )
    else:
        of = number if config["orderAgnostic"] else 0
        raster = config["order"] == "raster" and of == 0
        order = range(values) if raster else Random(seed, "made order", of).permutation(values)
        random = Random(seed, "made masks", number)
    inputs = [0] * values
    for k, place in enumerate(order):
        inputs[place] = k + 1
    degrees, most = [inputs], max(1, values - 1)
    for units in config["hidden"]:
        if config["masks"] <= 1:
            degrees.append([1 + k * most // units for k in range(units)])
        else:
            least = min(degrees[-1])
            degrees.append([least + random.integer(most - least + 1) for _ in range(units)])
    return degrees


def set_of_step(config, step):
    """Of a training step: which set of masks (or FRESH), and the step. What `flat_degrees` takes."""
    return (step % config["masks"], step) if config["masks"] else (FRESH, step)


def flat_degrees(config, number, step=None):
    """Those of `made_degrees` in one list, layer after layer."""
    return [degree for layer in made_degrees(config, number, step) for degree in layer]


NETWORKS = {
    "made": Made,
    "pixelcnn": PixelCnn,
    "gated": GatedPixelCnn,
    "rowlstm": RowLstm,
    "diagonal": DiagonalBiLstm,
}


def create(name, config):
    """The network of a model and its config, its parameters zero: `load` gives them values."""
    if name not in NETWORKS:
        raise ValueError(f"unknown model '{name}'; there are {', '.join(NETWORKS)}")
    return NETWORKS[name](config)


def to_library(tensor):
    """Kernels [out, in, rows, columns] become [rows, columns, in, out]; all else stays."""
    return tensor.permute(2, 3, 1, 0) if tensor.dim() == 4 else tensor


def from_library(tensor):
    return tensor.permute(3, 2, 0, 1) if tensor.dim() == 4 else tensor


def load(network, tensors):
    """Gives all parameters the values of the library's tensors {name: torch.Tensor}. @raises ValueError that
    names each that does not fit
    """
    expected = {name: list(to_library(parameter).shape) for name, parameter in network.named_parameters()}
    wrong = [f"{name} of shape {shape} is missing" for name, shape in expected.items() if name not in tensors]
    wrong += [f"{name} is none of the model's" for name in tensors if name not in expected]
    wrong += [
        f"{name} has shape {list(tensors[name].shape)}, but the model needs {shape}"
        for name, shape in expected.items()
        if name in tensors and list(tensors[name].shape) != shape
    ]
    wrong += [
        f"{name} has values that are not finite"
        for name, value in tensors.items()
        if not bool(torch.isfinite(value).all())
    ]
    if wrong:
        raise ValueError("the weights do not fit: " + "; ".join(wrong))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(from_library(tensors[name]))
