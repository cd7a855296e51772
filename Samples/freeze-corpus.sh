#!/usr/bin/env bash
# Makes Samples/corpus.txt, the text that lm trains on by default, from the repository's own sources and docs as they are now. It is
# frozen on purpose: a run's losses and checkpoint stay comparable while the sources go on changing.
set -euo pipefail
cd "$(dirname "$0")/.."
# Files stand in the order of a hash of their paths, so that the end, which is held out, is like the rest.
git ls-files 'Kernels/*.cs' 'Engine/*.cs' 'AutoDiff/*.cs' 'Optimizers/*.cs' 'docs/*.md' |
    while read -r file; do echo "$(printf %s "$file" | sha256sum | cut -c1-16) $file"; done |
    LC_ALL=C sort | cut -d' ' -f2 | xargs cat > Samples/corpus.txt
wc -c Samples/corpus.txt
