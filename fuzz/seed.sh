#!/usr/bin/env bash
# Small files of every kind to begin with, made by ffmpeg and sox from a second of generated sound: fuzz/corpus/TARGET/.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p corpus/{sniff,wav,wav49,gsm,mp3,flac,ogg_vorbis,ogg_opus,webm,mp4,aac,returned_mail}
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
sox -n -r 8000 -b 16 "$made/one.wav" synth 0.4 sine 300-2000 synth 0.4 noise amod 6 vol 0.3
sox -M "$made/one.wav" "$made/one.wav" "$made/two.wav"
sox -M "$made"/{one,one,one,one,one,one}.wav "$made/six.wav"

# to TARGET FILE SOURCE ARGUMENTS…
to() {
    local target=$1 file=$2 source=$3
    shift 3
    ffmpeg -nostdin -y -loglevel error -i "$made/$source.wav" "$@" "corpus/$target/$file"
    head -c 4096 "corpus/$target/$file" >"corpus/sniff/$target-$file"
}
for coding in u8 s16le s24le s32le f32le f64le mulaw alaw; do to wav "$coding.wav" two -c:a "pcm_$coding"; done
for coding in adpcm_ima_wav adpcm_ms; do to wav "$coding.wav" two -c:a "$coding"; done
to wav six.wav six -c:a pcm_s24le
to wav rf64.wav two -rf64 always
to wav gsm.wav one -c:a libgsm_ms
tail -c +61 corpus/wav/gsm.wav >corpus/wav49/frames
to gsm a.gsm one -c:a libgsm
to mp3 a.mp3 two
to mp3 vbr.mp3 one -ar 16000 -q:a 7
to mp3 a.mp2 two -ar 16000 -c:a mp2 -f mp2
to flac a.flac two
to flac six.flac six -sample_fmt s32
to ogg_vorbis a.ogg two -c:a libvorbis
to ogg_vorbis a.oga two -c:a flac
to ogg_vorbis a.opus two -c:a libopus
to webm o.webm two -c:a libopus
to webm v.webm two -c:a libvorbis
to webm live.webm one -c:a libopus -f webm -live 1
to webm f.mka two -c:a flac
to webm a.mka two -c:a aac
to mp4 a.m4a two -c:a aac
to mp4 alac.m4a two -c:a alac
to mp4 opus.mp4 two -c:a libopus
to mp4 fragments.mp4 two -c:a aac -movflags frag_keyframe+empty_moov
to mp4 a.caf two -c:a alac
to mp4 a.aiff two
to aac a.aac two -c:a aac
to aac mono.aac one -c:a aac -b:a 16k
# Files that were joined end to end.
for file in wav/{s16le,adpcm_ima_wav}.wav mp3/{a,vbr}.mp3 flac/a.flac ogg_vorbis/a.{ogg,oga,opus} aac/a.aac; do
    cat "corpus/$file" "corpus/$file" >"corpus/${file%/*}/joined-${file##*/}"
done
# What the target puts in front is left out here.
for file in corpus/{flac,ogg_vorbis,webm}/*; do tail -c +5 "$file" >"$made/cut" && mv "$made/cut" "$file"; done
for file in corpus/gsm/*; do tail -c +2 "$file" >"$made/cut" && mv "$made/cut" "$file"; done
# Two channels of one stream, then packets: a CELT, a SILK and a hybrid one, and lengths that lie.
printf '\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\xFC\1\2\3\4\5\6\7\x06\0\x0B\x90\x80\x70\x60\x50\x04\0\x7F\1\2\3' >corpus/ogg_opus/two
printf '\x06\0\0\1\4\2\0\4\1\2\3\5\0\0\x20\0\x48\x85\1\2\3\4\5\6\7\x48\x81\1\2\3\4\5\6\7\x48\x81\1\2\3' >corpus/ogg_opus/six
# A delivery report, a complaint, a notice in words, and the real ones where they lie beside the repository.
printf 'From: MAILER-DAEMON@x\nTo: b+0123456789abcdef0123456789abcdef@y.example\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--\n' >corpus/returned_mail/report
printf 'From: f@x\nMIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: a@b.example\n\n--b--\n' >corpus/returned_mail/complaint
printf 'From MAILER-DAEMON Thu\nReturn-Path: <>\nSubject: failure notice\n\n<a@b.example>:\nRemote host said: 550 5.2.2 Mailbox full\n\n--- Below this line is a copy of the message.\n\nReceived: x\n' >corpus/returned_mail/words
if compgen -G '../../shared/samples/bounces/*.eml' >/dev/null; then cp ../../shared/samples/bounces/*.eml corpus/returned_mail/; fi
