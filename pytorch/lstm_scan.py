"""A whole recurrence over rows or diagonals as one kernel (Triton), for small LSTMs on a GPU, where a loop
waits for thousands of launches.

One program computes one image from its first row to its last: W cells side by side, whose states are matrices
[W, h]. What a cell sees of the row before lies around it: `offsets` counts from one cell to its left. Where
`valid` is 0 there is no cell: there the learned state stands. Axes: N images (of all directions), T rows or
diagonals, W cells, h features; gates in the order o, f, i, g. All in 32 bits.
"""

import os

import torch

try:
    import triton
    import triton.language as tl
except ImportError:  # a machine without Triton loops
    triton = None


# Triton's own interpreter runs kernels on a processor: slow, for tests.
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"


def usable(gates):
    """Whether the kernel takes these gates [N, T, W, 4h]: on a GPU with Triton, at most 64 cells of 16, 32 or
    64 features.
    """
    return (
        triton is not None
        and (gates.is_cuda or INTERPRETED)
        and gates.shape[3] // 4 in (16, 32, 64)
        and gates.shape[2] <= 64
    )


def scan(gates, state, hidden, cell, valid, offsets):
    """The states [N, T, W, h].

    gates: [N, T, W, 4h], what the inputs add; state: [G, taps, h, 4h], hidden, cell: [G, h], of G groups of N
    / G images each; valid: [T, W] of 0 and 1; offsets: for each tap 0, 1 or 2.
    """
    return Scan.apply(gates.contiguous(), state.contiguous(), hidden, cell, valid, tuple(offsets))


class Scan(torch.autograd.Function):
    @staticmethod
    def forward(context, gates, state, hidden, cell, valid, offsets):
        n, rows, width, size = *gates.shape[:3], gates.shape[3] // 4
        each = n // len(state)
        # One row before the first, one cell on either side: they hold the learned state.
        states = (
            hidden.repeat_interleave(each, 0)[:, None, None].expand(n, rows + 1, width + 2, size).contiguous()
        )
        cells = cell.repeat_interleave(each, 0)[:, None, None].expand(n, rows + 1, width, size).contiguous()
        acted = torch.empty_like(gates)
        forward_kernel[(n,)](
            gates, state, valid, states, cells, acted, rows, width, each,
            *padded(offsets), TAPS=len(offsets), SIZE=size, WIDE=wide(width),
            num_warps=warps(size), num_stages=1,
        )  # fmt: skip
        context.save_for_backward(state, cell, valid, states, cells, acted)
        context.offsets = offsets
        return states[:, 1:, 1:-1].contiguous()

    @staticmethod
    def backward(context, gradient):
        state, cell, valid, states, cells, acted = context.saved_tensors
        offsets, groups, taps, size = context.offsets, *state.shape[:3]
        n, rows, width = acted.shape[:3]
        # Zeros on either side, as no gate lies there.
        sums = torch.zeros(n, rows, width + 2, 4 * size, device=acted.device)
        outside = torch.empty(n, 2, size, device=acted.device)
        backward_kernel[(n,)](
            gradient.contiguous(), state, valid, cells, acted, sums, outside, rows, width, n // groups,
            *padded(offsets), TAPS=taps, SIZE=size, WIDE=wide(width), num_warps=warps(size), num_stages=1,
        )  # fmt: skip
        outside = outside.view(groups, n // groups, 2, size).sum(1)
        to_hidden, to_cell = outside[:, 0], outside[:, 1]
        inner = sums[:, :, 1:-1]
        flat = inner.reshape(groups, -1, 4 * size)
        to_state = []
        for tap, offset in enumerate(offsets):
            seen = states[:, :-1, offset : offset + width].reshape(groups, -1, size)
            to_state.append(seen.transpose(1, 2) @ flat)
            # The learned state at the sides: the first cell's left and the last one's right neighbor.
            if offset != 1:
                edge = inner[:, :, 0 if offset == 0 else -1].reshape(groups, -1, 4 * size).sum(1)
                to_hidden = to_hidden + torch.einsum("go,gho->gh", edge, state[:, tap])
        return inner, torch.stack(to_state, 1), to_hidden, to_cell, None, None


def padded(offsets):
    return (*offsets, 0)[:3]


def wide(width):
    return max(16, triton.next_power_of_2(width))


def warps(size):
    return 4 if size == 16 else 8


if triton is not None:

    @triton.jit
    def gate_sum(added, near, weights, part: tl.constexpr, SIZE: tl.constexpr):
        """added + near @ one gate's part of the weights [SIZE, 4 SIZE]."""
        k = tl.arange(0, SIZE)
        return added + tl.dot(
            near, tl.load(weights + k[:, None] * 4 * SIZE + part * SIZE + k[None]), input_precision="ieee"
        )

    @triton.jit
    def sigmoid(x):
        return 1 / (1 + tl.exp(-x))

    @triton.jit
    def tanh(x):
        return 2 / (1 + tl.exp(-2 * x)) - 1

    @triton.jit
    def forward_kernel(
        gates, state, valid, states, cells, acted, rows, width, each, first, second, third,
        TAPS: tl.constexpr, SIZE: tl.constexpr, WIDE: tl.constexpr,
    ):  # fmt: skip
        image = tl.program_id(0).to(tl.int64)
        weights = state + image // each * TAPS * SIZE * 4 * SIZE
        w, k = tl.arange(0, WIDE), tl.arange(0, SIZE)
        inside = (w < width)[:, None]
        at_gate = w[:, None] * 4 * SIZE + k[None]
        at_cell = w[:, None] * SIZE + k[None]
        cells += image * (rows + 1) * width * SIZE
        states += image * (rows + 1) * (width + 2) * SIZE
        c_start = tl.load(cells + at_cell, mask=inside, other=0.0)
        c = c_start
        for row in range(rows):
            before = states + row * (width + 2) * SIZE
            here = (image * rows + row) * width * 4 * SIZE
            o = tl.load(gates + here + at_gate, mask=inside, other=0.0)
            f = tl.load(gates + here + at_gate + SIZE, mask=inside, other=0.0)
            i = tl.load(gates + here + at_gate + 2 * SIZE, mask=inside, other=0.0)
            g = tl.load(gates + here + at_gate + 3 * SIZE, mask=inside, other=0.0)
            for tap in tl.static_range(TAPS):
                offset = first if tap == 0 else (second if tap == 1 else third)
                near = tl.load(before + offset * SIZE + at_cell, mask=inside, other=0.0)
                of_tap = weights + tap * SIZE * 4 * SIZE
                o = gate_sum(o, near, of_tap, 0, SIZE)
                f = gate_sum(f, near, of_tap, 1, SIZE)
                i = gate_sum(i, near, of_tap, 2, SIZE)
                g = gate_sum(g, near, of_tap, 3, SIZE)
            o, f, i, g = sigmoid(o), sigmoid(f), sigmoid(i), tanh(g)
            tl.store(acted + here + at_gate, o, mask=inside)
            tl.store(acted + here + at_gate + SIZE, f, mask=inside)
            tl.store(acted + here + at_gate + 2 * SIZE, i, mask=inside)
            tl.store(acted + here + at_gate + 3 * SIZE, g, mask=inside)
            is_cell = tl.load(valid + row * width + w, mask=w < width, other=0)[:, None] != 0
            c = tl.where(is_cell, f * c + i * g, c_start)
            tl.store(cells + (row + 1) * width * SIZE + at_cell, c, mask=inside)
            tl.store(before + (width + 2) * SIZE + SIZE + at_cell, o * tanh(c), mask=inside & is_cell)
            # The next row reads what other threads of this program have written.
            tl.debug_barrier()

    @triton.jit
    def seen_by(
        sums, weights, offset, width, part: tl.constexpr, total, SIZE: tl.constexpr, WIDE: tl.constexpr
    ):
        """total + what one gate of the cells that see these through one tap hands back."""
        w, k = tl.arange(0, WIDE), tl.arange(0, SIZE)
        handed = tl.load(
            sums + (w[:, None] + 2 - offset) * 4 * SIZE + part * SIZE + k[None],
            mask=(w < width)[:, None],
            other=0.0,
        )
        # Transposed: of the gate's outputs to the state.
        return total + tl.dot(
            handed, tl.load(weights + k[None] * 4 * SIZE + part * SIZE + k[:, None]), input_precision="ieee"
        )

    @triton.jit
    def backward_kernel(
        gradient, state, valid, cells, acted, sums, outside, rows, width, each, first, second, third,
        TAPS: tl.constexpr, SIZE: tl.constexpr, WIDE: tl.constexpr,
    ):  # fmt: skip
        image = tl.program_id(0).to(tl.int64)
        weights = state + image // each * TAPS * SIZE * 4 * SIZE
        w, k = tl.arange(0, WIDE), tl.arange(0, SIZE)
        inside = (w < width)[:, None]
        at_gate = w[:, None] * 4 * SIZE + k[None]
        at_cell = w[:, None] * SIZE + k[None]
        cells += image * (rows + 1) * width * SIZE
        sums += image * rows * (width + 2) * 4 * SIZE
        handed = tl.zeros([WIDE, SIZE], tl.float32)
        to_c = tl.zeros([WIDE, SIZE], tl.float32)
        to_hidden = tl.zeros([WIDE, SIZE], tl.float32)
        to_cell = tl.zeros([WIDE, SIZE], tl.float32)
        for back in range(rows):
            row = rows - 1 - back
            here = (image * rows + row) * width
            is_cell = tl.load(valid + row * width + w, mask=w < width, other=0)[:, None] != 0
            o = tl.load(acted + here * 4 * SIZE + at_gate, mask=inside, other=0.0)
            f = tl.load(acted + here * 4 * SIZE + at_gate + SIZE, mask=inside, other=0.0)
            i = tl.load(acted + here * 4 * SIZE + at_gate + 2 * SIZE, mask=inside, other=0.0)
            g = tl.load(acted + here * 4 * SIZE + at_gate + 3 * SIZE, mask=inside, other=0.0)
            c_before = tl.load(cells + row * width * SIZE + at_cell, mask=inside, other=0.0)
            t = tanh(tl.load(cells + (row + 1) * width * SIZE + at_cell, mask=inside, other=0.0))
            # Where there is no cell, the learned state is what was seen.
            to_hidden += tl.where(is_cell, 0.0, handed)
            to_cell += tl.where(is_cell, 0.0, to_c)
            to_h = handed + tl.load(gradient + here * SIZE + at_cell, mask=inside, other=0.0)
            to_c = tl.where(is_cell, to_c + to_h * o * (1 - t * t), 0.0)
            to_h = tl.where(is_cell, to_h, 0.0)
            to_row = sums + row * (width + 2) * 4 * SIZE
            into = to_row + 4 * SIZE + at_gate
            tl.store(into, to_h * t * o * (1 - o), mask=inside)
            tl.store(into + SIZE, to_c * c_before * f * (1 - f), mask=inside)
            tl.store(into + 2 * SIZE, to_c * g * i * (1 - i), mask=inside)
            tl.store(into + 3 * SIZE, to_c * i * (1 - g * g), mask=inside)
            to_c = to_c * f
            tl.debug_barrier()
            handed = tl.zeros([WIDE, SIZE], tl.float32)
            for tap in tl.static_range(TAPS):
                offset = first if tap == 0 else (second if tap == 1 else third)
                of_tap = weights + tap * SIZE * 4 * SIZE
                handed = seen_by(to_row, of_tap, offset, width, 0, handed, SIZE, WIDE)
                handed = seen_by(to_row, of_tap, offset, width, 1, handed, SIZE, WIDE)
                handed = seen_by(to_row, of_tap, offset, width, 2, handed, SIZE, WIDE)
                handed = seen_by(to_row, of_tap, offset, width, 3, handed, SIZE, WIDE)
        to_hidden += handed
        to_cell += to_c
        out = outside + image * 2 * SIZE + k
        tl.store(out, tl.sum(tl.where(inside, to_hidden, 0.0), 0))
        tl.store(out + SIZE, tl.sum(tl.where(inside, to_cell, 0.0), 0))
