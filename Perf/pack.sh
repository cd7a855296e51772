#!/usr/bin/env bash
# Packs the tests and Perf with their runtime into one file, for a Linux machine that has a driver and no .NET:
#     Perf/pack.sh [FILE]          FILE: cotangent-linux-x64.tar.xz by default
# There:
#     tar -xJf FILE && cd cotangent && ./run-tests.sh && ./perf all --device cuda
set -euo pipefail
cd "$(dirname "$0")/.."
file=$(realpath -m "${1:-cotangent-linux-x64.tar.xz}")
limit=$((45 * 1024 * 1024))
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/cotangent
mkdir "$root"

# The sources, too: tests compare them with what the documentation says.
git ls-files -z -- '*.cs' '*.csproj' '*.props' '*.md' '*.sln' '.ci/*' | tar -c --null --files-from=- | tar -x -C "$root"

for project in Tests Perf; do
    dotnet publish "$project" -c Release -r linux-x64 --self-contained --artifacts-path "$work/build" -o "$root/bin" --nologo -v quiet \
        -p:IsPacking=true -p:UseAppHost=true -p:RunAnalyzers=false -p:SatelliteResourceLanguages=en -p:GenerateDocumentationFile=false \
        -p:EventSourceSupport=false -p:ErrorOnDuplicatePublishOutputFiles=false
done

# What only debuggers, and tests under an SDK, load.
rm -f "$root"/bin/{libmscordaccore,libmscordbi,libclrgcexp,libcoreclrtraceptprovider}.so "$root"/bin/createdump "$root"/bin/*.pdb

cat > "$root/run-tests.sh" <<'SCRIPT'
#!/bin/sh
# Runs the tests, with the CUDA device required unless COTANGENT_REQUIRE says otherwise: ./run-tests.sh [--filter TEXT] [--not TEXT] [--list]
# What does not name a device runs on the CPU unless COTANGENT_DEVICE says otherwise: such tests may put tensors beside those of the CPU.
: "${COTANGENT_REQUIRE=cuda}" "${COTANGENT_DEVICE=cpu}"
export COTANGENT_REQUIRE COTANGENT_DEVICE
exec "$(dirname "$0")/bin/Tests" "$@"
SCRIPT
cat > "$root/perf" <<'SCRIPT'
#!/bin/sh
# Measures: ./perf SUITE [--device cpu|opencl|cuda] [--quick]
exec "$(dirname "$0")/bin/Perf" "$@"
SCRIPT
chmod +x "$root/run-tests.sh" "$root/perf"

tar -c -C "$work" --owner=0 --group=0 --sort=name cotangent | xz -9e -T1 > "$file"
bytes=$(stat -c %s "$file")
echo "$file: $((bytes / 1024 / 1024)) MiB ($bytes bytes)"
[ "$bytes" -lt "$limit" ] || { echo "It is larger than 45 MiB." >&2; exit 1; }
