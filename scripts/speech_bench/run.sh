#!/usr/bin/env bash
# run.sh PROGRAM PLAIN: measures speech to text; see measure.py. AFTERWORD_BENCH_CALLS: a folder of recordings with tables.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$1 plain=$2
calls=${AFTERWORD_BENCH_CALLS:-../shared/samples/audio}
if [ ! -d "$calls" ]; then
    echo "SKIPPED: $calls is not there; AFTERWORD_BENCH_CALLS names a folder of stereo recordings (NAME.wav) with their words (NAME.tsv)" >&2
    exit 0
fi
folder=${CARGO_TARGET_DIR:-target}/speech-bench
models=$folder/models
mkdir -p "$models"
[ -x "$folder/venv/bin/python" ] || python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/speech_bench/requirements.txt
for model in tiny.en base; do
    AFTERWORD__TRANSCRIPTION__MODELS_DIR=$models "$program" models fetch "$model"
done
"$folder/venv/bin/python" scripts/speech_bench/weights.py "$models" tiny.en base
"$folder/venv/bin/python" scripts/speech_bench/measure.py --program "$program" --plain "$plain" --models "$models" --calls "$calls" --out docs/speech-figures.md
