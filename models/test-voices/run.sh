#!/bin/bash
# All steps in order, into the folder $1; MINUTES of training (90), PROCESSES at a time (2), PYTHON. See README.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${1:?a folder to work in} python=${PYTHON:-python3} count=${PROCESSES:-2}
export OMP_NUM_THREADS=1
mkdir -p "$work/speech"
"$python" "$here/text.py" 40000 3 "$work/train.txt"
"$python" "$here/tokens.py" "$work/train.txt"  # words that are new
for ((p = 0; p < count; p++)); do
  for ((i = p; i < 40; i += count)); do
    "$python" "$here/speech.py" "$work/train.txt" $((i * 1000)) 1000 "$work/speech/$i" $((200 + i))
  done &
done
wait
"$python" "$here/heldout.py" "$work/heldout"
for ((p = 0; p < count; p++)); do
  RANK=$p "$python" "$here/train.py" --speech "$work/speech" --minutes "${MINUTES:-90}" --ranks "$count" \
    --init "${INIT:-$here/model.pt}" --out "$work/model.pt" &
done
wait
"$python" "$here/export.py" "$work/model.pt" "$work/test-voices.en-q5_0.bin" q5_0
cargo build --release --manifest-path "$here/evaluator/Cargo.toml" --target-dir "$work/target"
"$python" "$here/evaluate.py" "$work/target/release/evaluator" "$work/test-voices.en-q5_0.bin" "$work/heldout" --margin 1000
