#!/usr/bin/env bash
# Makes Samples/corpus.txt, the text that lm trains on by default, from the repository's own sources and docs as they are now. It is
# frozen on purpose: a run's losses and checkpoint stay comparable while the sources go on changing.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files -z 'Kernels/*.cs' 'Engine/*.cs' 'AutoDiff/*.cs' 'Optimizers/*.cs' 'docs/*.md' | LC_ALL=C sort -z | xargs -0 cat > Samples/corpus.txt
wc -c Samples/corpus.txt
