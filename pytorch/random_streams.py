"""The library's random streams (lib/random.ts) once more, to the bit: the same order of images and the
same draws as in training there.

Python's standard library alone.
"""

WORD = 0xFFFFFFFF
LONG = 0xFFFFFFFFFFFFFFFF


def rotate(value, places, bits):
    return ((value << places) | (value >> (bits - places))) & ((1 << bits) - 1)


def stream_seed(seed, key):
    """MurmurHash3's mixing of 32-bit words, over the seed and the key: strings
    and integers from 0 to 2^32 - 1.
    """
    h, words = seed, 0

    def mix(word):
        nonlocal h, words
        k = (word * 0xCC9E2D51) & WORD
        h ^= (rotate(k, 15, 32) * 0x1B873593) & WORD
        h = (rotate(h, 13, 32) * 5 + 0xE6546B64) & WORD
        words += 1

    for part in key:
        if isinstance(part, str):
            for character in part:
                mix(ord(character))
            mix((-1 - len(part)) & WORD)
        else:
            mix(part)
    h ^= words
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & WORD
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & WORD
    return (h ^ (h >> 16)) or 0x9E3779B9


def next_state(s0, s1):
    """xoroshiro128+ (Blackman and Vigna 2018); works on arrays of 64-bit words as well
    where `LONG` needs no masking.
    """
    s1 ^= s0
    return rotate(s0, 24, 64) ^ s1 ^ ((s1 << 16) & LONG), rotate(s1, 37, 64)


class Random:
    """A stream that is named by a seed and a key, such as Random(seed, "order", epoch)."""

    def __init__(self, seed, *key):
        first = stream_seed(seed, key)
        self.s0, self.s1 = (WORD << 32) | (first ^ WORD), first << 32

    def bits(self):
        """32 random bits."""
        word = (self.s0 + self.s1) & WORD
        self.s0, self.s1 = next_state(self.s0, self.s1)
        return word

    def uniform(self):
        """A multiple of 2^-24 in [0, 1)."""
        return (self.bits() >> 8) * 2.0**-24

    def integer(self, n):
        """An integer in [0, n), without the bias of a plain remainder."""
        limit = 2**32 - 2**32 % n
        while True:
            word = self.bits()
            if word < limit:
                return word % n

    def permutation(self, n):
        """The numbers 0 … n - 1 in random order (Fisher and Yates)."""
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.integer(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


def epoch_order(count, seed, epoch):
    """The order in which an epoch, from 0, shows `count` images (lib/data/dataset.ts)."""
    return Random(seed, "order", epoch).permutation(count)


class Jump:
    """Many steps of the generator at once: a step is linear over single bits, so 2^k
    steps are a matrix squared k times.
    """

    def __init__(self, doublings):
        columns = []
        for bit in range(128):
            s0, s1 = next_state((1 << bit) & LONG, (1 << bit) >> 64)
            columns.append(s0 | (s1 << 64))
        for _ in range(doublings):
            columns = [self.product(columns, column) for column in columns]
        self.columns = columns

    @staticmethod
    def product(columns, state):
        result, bit = 0, 0
        while state:
            if state & 1:
                result ^= columns[bit]
            state >>= 1
            bit += 1
        return result

    def __call__(self, s0, s1):
        state = self.product(self.columns, s0 | (s1 << 64))
        return state & LONG, state >> 64
