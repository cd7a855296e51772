"""PyTorch as a peer of Cotangent's measurements: asked over stdin, answers over stdout, one JSON object a line.

    torch_peer.py THREADS

{"do": "hello"}                                        -> {}
{"do": "open", "case": NAME, "sizes": [...]}           -> {"parallel": true if more than one thread turned out fastest}
{"do": "run", "repeats": N}                            -> {"seconds": of one run}
{"do": "memory"}                                       -> {"bytes": peak of the open case beyond what the process held before it}
{"do": "close"}                                        -> {}

An error is {"error": TEXT}. PyTorch's own threads and those of its BLAS are separate pools that can hinder each other: a case
runs with whichever of 1 or THREADS for each is fastest.
"""
import ctypes, gc, itertools, json, os, sys, time

threads = int(sys.argv[1])
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)                                          # whatever else writes to stdout is no answer
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def answer(**fields):
    answers.write(json.dumps(fields) + "\n")
    answers.flush()


try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError as missing:
    answer(error=f"no PyTorch: {missing}")
    sys.exit(1)


def find_blas():
    for name in ("libopenblas.so.0", "libblas.so.3"):
        try:
            return ctypes.CDLL(name).openblas_set_num_threads
        except (OSError, AttributeError):
            pass
    return lambda count: None


set_blas_threads = find_blas()


def randn(*shape):
    return torch.randn(*shape)


class Block(nn.Module):
    """Pre-norm attention and MLP, as an eager PyTorch user writes them."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)

    def forward(self, x, mask):
        batch, time_, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, time_, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2) / (width // self.heads) ** 0.5 + mask, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, time_, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, width, layers, heads, context):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Parameter(torch.zeros(context, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        self.register_buffer("mask", torch.triu(torch.full((context, context), float("-inf")), 1))

    def forward(self, x, y):
        h = self.tokens(x) + self.positions
        for block in self.blocks:
            h = block(h, self.mask)
        z = self.head(self.norm(h))
        return F.cross_entropy(z.view(-1, z.shape[-1]), y.view(-1))


def train(vocabulary, width, layers, context, batch):
    model = LanguageModel(vocabulary, width, layers, 4, context)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    x, y = torch.randint(vocabulary, (batch, context)), torch.randint(vocabulary, (batch, context))

    def step():
        optimizer.zero_grad(set_to_none=True)
        model(x, y).backward()
        optimizer.step()

    return step


def chain(y):
    def make(rows, columns):
        x, other = randn(rows, columns), y(rows, columns)
        return lambda: torch.tanh(x * other + 0.5) * x + other

    return make


def reduction(f):
    def make(*shape):
        x = randn(*shape)
        return lambda: f(x)

    return make


def rms_norm(x, gain):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * gain


def norm(f, parameters, backward):
    def make(rows, columns):
        x, ct = randn(rows, columns).requires_grad_(backward), randn(rows, columns)
        weights = [randn(columns).requires_grad_(backward) for _ in range(parameters)]
        if not backward:
            return lambda: f(x, *weights)
        y = f(x, *weights)
        return lambda: torch.autograd.grad(y, [x, *weights], ct, retain_graph=True)

    return make


def adamw(*sizes):
    parameters = [randn(m, n) for m, n in zip(sizes[::2], sizes[1::2])]
    for p in parameters:
        p.grad = torch.randn_like(p)
    return torch.optim.AdamW(parameters, 1e-3).step


def matmul(m, n, k, turn_a, turn_b):
    a = randn(k, m).T if turn_a else randn(m, k)
    b = randn(n, k).T if turn_b else randn(k, n)
    c = torch.empty(m, n)
    return lambda: torch.mm(a, b, out=c)


def matmul_bias_gelu(m, n, k):
    a, b, bias = randn(m, k), randn(k, n), randn(n)
    return lambda: F.gelu(torch.addmm(bias, a, b))


def attention(backward):
    def make(batch, heads, time, width):
        q, k, v, ct = (randn(batch, heads, time, width) for _ in range(4))
        mask = torch.full((time, time), -torch.inf).triu(1)

        def forward():
            return torch.softmax(q @ k.transpose(-1, -2) / width ** 0.5 + mask, -1) @ v

        if not backward:
            return forward
        for x in (q, k, v):
            x.requires_grad_()
        y = forward()
        return lambda: torch.autograd.grad(y, (q, k, v), ct, retain_graph=True)

    return make


def layer_norm(x, gain, bias):
    return F.layer_norm(x, x.shape[-1:], gain, bias)


def cross_entropy(rows, classes, width):
    e, c = randn(rows, width).requires_grad_(), (randn(classes, width) / width ** 0.5).requires_grad_()
    y = torch.randint(classes, (rows,))

    def step():
        e.grad = c.grad = None
        F.cross_entropy(e @ c.T, y).backward()

    return step


CASES = {
    "chain contiguous": chain(lambda rows, columns: randn(rows, columns)),
    "chain row": chain(lambda rows, columns: randn(columns)),
    "chain column": chain(lambda rows, columns: randn(rows, 1)),
    "chain transposed": chain(lambda rows, columns: randn(columns, rows).T),
    "sum all": reduction(lambda x: x.sum()),
    "max all": reduction(lambda x: x.max()),
    "sum rows": reduction(lambda x: x.sum(1)),
    "max rows": reduction(lambda x: x.amax(1)),
    "sum columns": reduction(lambda x: x.sum(0)),
    "max columns": reduction(lambda x: x.amax(0)),
    "softmax": reduction(lambda x: torch.softmax(x, -1)),
    "logsumexp": reduction(lambda x: torch.logsumexp(x, -1)),
    "rms norm forward": norm(rms_norm, 1, False),
    "rms norm backward": norm(rms_norm, 1, True),
    "layer norm forward": norm(layer_norm, 2, False),
    "layer norm backward": norm(layer_norm, 2, True),
    "attention forward": attention(False),
    "attention backward": attention(True),
    "adamw": adamw,
    "matmul": matmul,
    "matmul bias gelu": matmul_bias_gelu,
    "train": train,
    "cross entropy": cross_entropy,
}


def seconds(work, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - start) / repeats


def status(field):
    with open("/proc/self/status") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def trim():
    """Gives freed memory back to the system, where the C library can."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        pass


class Case:
    def __init__(self, name, sizes):
        trim()
        self.before = status("VmRSS")
        with open("/proc/self/clear_refs", "w") as refs:
            refs.write("5")                            # the peak begins anew
        self.work = CASES[name](*sizes)
        settings = list(itertools.product({1, threads}, repeat=2))
        self.setting = settings[0]
        self.use(*self.setting)
        seconds(self.work, 1)
        if len(settings) > 1:
            self.setting = min(settings, key=self.trial)
        self.use(*self.setting)

    def trial(self, setting):
        self.use(*setting)
        first = seconds(self.work, 1)
        return first if first > 0.3 else min(seconds(self.work, 1) for _ in range(3))

    def use(self, own, blas):
        torch.set_num_threads(own)
        set_blas_threads(blas)

    def peak(self):
        return status("VmHWM") - self.before


case = None
for line in sys.stdin:
    question = json.loads(line)
    try:
        do = question["do"]
        if do == "hello":
            answer()
        elif do == "open":
            case = Case(question["case"], question["sizes"])
            answer(parallel=max(case.setting) > 1)
        elif do == "run":
            answer(seconds=seconds(case.work, question["repeats"]))
        elif do == "memory":
            answer(bytes=case.peak())
        elif do == "close":
            case = None
            trim()
            answer()
        else:
            answer(error=f"unknown question {do!r}")
    except Exception as fault:                         # reported to whoever asked, who decides
        answer(error=f"{type(fault).__name__}: {fault}")
