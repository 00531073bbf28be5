"""Measures how much of the spoken set leaks from a running Afterword: from its transcripts, and from its clips.

usage: measure.py FOLDER MODEL [--afterword target/debug/afterword]       (FOLDER as speak.py writes it; MODEL is a file)

Starts a server with a database of its own, sends it every call, reads the masked transcripts, and makes a clip of each whole call. A sentence leaks in words
where a piece of its personal data can be read in the masked transcript, written or in digits that are spelled; it leaks in sound where more than MAX_AUDIBLE_MS
of the stretch in which it is spoken can be heard in the clip. Exits with 1 where more leaks than LIMITS allow.
"""
import argparse
import array
import collections
import http.client
import io
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import wave
from pathlib import Path

ONES = {word: str(value) for value, word in enumerate("zero one two three four five six seven eight nine".split())} | {"oh": "0"}
MAX_AUDIBLE_MS = 150
STEP_MS = 20
LOUD = 60
LIMITS = {"name": 0.05, "address": 0.05}


class Server:
    """A server of its own on SQLite; ends with the block."""

    def __init__(self, binary, model, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.binary, self.cookie, self.token, self.key = binary, None, None, None
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("AFTERWORD__")} | {
            "AFTERWORD__HTTP__LISTEN": f"127.0.0.1:{self.port}", "AFTERWORD__HTTP__PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "AFTERWORD__DATABASE__URL": f"sqlite:{folder}/afterword.db", "AFTERWORD__RECORDINGS__URL": f"file:{folder}/recordings",
            "AFTERWORD__MAIL__URL": f"file:{folder}/mail", "AFTERWORD__MAIL__FROM": "Survey <survey@example.com>", "AFTERWORD__MAIL__JOURNAL": f"{folder}/journal",
            "AFTERWORD__ANONYMITY__KEY_FILE": f"{folder}/afterword.key", "AFTERWORD__TRANSCRIPTION__MODELS_DIR": f"{folder}/models",
            "AFTERWORD__TRANSCRIPTION__MODEL": str(model)}
        os.makedirs(f"{folder}/mail")
        self.folder = folder

    def __enter__(self):
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen([self.binary, "serve"], env=self.env, cwd=self.folder, stdout=log, stderr=log)
        self.wait(lambda: self.request("GET", "/healthz")[0] == 200, "the server to start")
        self.key = max(re.findall(r"[\w.-]{20,}", self.run("key", "add", "measure", "--scope", "ingest", "--scope", "read")), key=len)
        link = re.search(r"/welcome/\S+", self.run("staff", "add", "measure@example.com", "--role", "supervisor", "--name", "Measure", "--team", "Orders"))[0]
        form = urllib.parse.urlencode({"password": "correct-horse-battery", "again": "correct-horse-battery", "name": "Measure", "email": "measure@example.com"})
        _, headers, _ = self.request("POST", link, form.encode(), {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.env["AFTERWORD__HTTP__PUBLIC_URL"]})
        self.cookie = re.match(r"[^;]+", headers["set-cookie"])[0]
        _, _, page = self.request("GET", "/library", headers={"Cookie": self.cookie})
        self.token = re.search(r'name="csrf" value="([^"]+)"', page.decode())[1]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)

    def run(self, *arguments):
        return subprocess.run([self.binary, *arguments], env=self.env, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def request(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if path.startswith("/api/v1/clips"):
            headers |= {"Cookie": self.cookie, "Origin": self.env["AFTERWORD__HTTP__PUBLIC_URL"], "X-CSRF-Token": self.token}
        elif self.key and "Cookie" not in headers:
            headers["Authorization"] = f"Bearer {self.key}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, method, path, body=None):
        status, _, answer = self.request(method, path, body)
        if status >= 400:
            raise SystemExit(f"{method} {path}: {status} {answer[:300]}")
        return json.loads(answer)

    def wait(self, done, what, seconds=3600):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if done():
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.2)
        raise SystemExit(f"gave up waiting for {what}; see {self.folder}/log:\n" + Path(f"{self.folder}/log").read_text(errors="replace")[-600:])

    def send(self, name, sound):
        body = {"channel": "call", "phase": "final", "outcome": "answered", "agent": {"external_id": "17", "name": "Sydney Carton"}, "team": "Orders"}
        call = self.json("PUT", f"/api/v1/interactions/measure/{name}", body)["id"]
        status, _, answer = self.request("PUT", f"/api/v1/interactions/measure/{name}/recording?channels=agent,customer", sound, {"Content-Type": "audio/wav"})
        assert status < 300, answer
        return call

    def transcript(self, call):
        found = {}

        def done():
            found.update(self.json("GET", f"/api/v1/interactions/{call}/transcript"))
            return found["state"] in ("done", "failed")
        self.wait(done, f"the transcript of {call}")
        return found

    def clip(self, call, length_ms):
        made = self.json("POST", "/api/v1/clips", {"interaction": call, "start_ms": 0, "end_ms": length_ms, "title": "All of it", "why": "To measure", "skills": []})
        self.wait(lambda: self.json("GET", f"/api/v1/clips/{made['id']}")["sound"] == "ready", "the clip")
        return self.request("GET", f"/api/v1/clips/{made['id']}/audio")[2]


def read_digits(text):
    """A text with its numbers in plain digits, whatever stands between them."""
    text = re.sub(r"[A-Za-z]+", lambda word: ONES.get(word[0].lower(), word[0]), text)
    return re.sub(r"(?<=\d)[\s,./-]+(?=\d)", "", text)


def leaks_in_words(sentence, segments):
    near = [s["text"] for s in segments if s["end_ms"] > sentence["start_ms"] - 1500 and s["start_ms"] < sentence["end_ms"] + 4000]
    text = " | ".join(near).lower()
    numbers = read_digits(text)

    def is_there(secret):
        return secret in numbers if secret.isdigit() and len(secret) >= 3 else re.search(rf"\b{re.escape(secret)}", text) is not None
    return [secret for part in sentence["parts"] for secret in part["secrets"] if is_there(secret)]


def audible_ms(sentence, clip):
    with wave.open(io.BytesIO(clip)) as sound:
        rate, samples = sound.getframerate(), array.array("h", sound.readframes(sound.getnframes()))
    total = 0
    for part in sentence["parts"]:
        channel = 0 if part["speaker"] == "agent" else 1
        for at in range(part["start_ms"], part["end_ms"], STEP_MS) if part["secrets"] else []:
            step = samples[2 * (at * rate // 1000) + channel:2 * ((at + STEP_MS) * rate // 1000):2]
            total += STEP_MS if sum(map(abs, step)) > LOUD * len(step) > 0 else 0
    return total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--afterword", type=Path, default=Path("target/debug/afterword"))
    arguments = parser.parse_args()
    counts = collections.defaultdict(lambda: [0, 0, 0])
    with tempfile.TemporaryDirectory() as folder, Server(str(arguments.afterword.resolve()), arguments.model.resolve(), folder) as server:
        calls = {path.stem: server.send(path.stem, path.read_bytes()) for path in sorted(arguments.folder.glob("call-*.wav"))}
        for name, call in calls.items():
            sentences = json.loads((arguments.folder / f"{name}.json").read_text())
            with wave.open(str(arguments.folder / f"{name}.wav")) as sound:
                length_ms = sound.getnframes() * 1000 // sound.getframerate()
            segments = server.transcript(call)["segments"]
            clip = server.clip(call, length_ms)
            for sentence in sentences:
                words, heard = leaks_in_words(sentence, segments), audible_ms(sentence, clip)
                count = counts[sentence["kind"]]
                count[0] += 1
                count[1] += bool(words)
                count[2] += heard > MAX_AUDIBLE_MS
                if words or heard > MAX_AUDIBLE_MS:
                    print(f"{name} {sentence['kind']}: {words} {heard} ms |", " ".join(part["text"] for part in sentence["parts"]))
    print(f"{arguments.model.name}: kind, sentences, leaks in words, in sound")
    for kind, count in sorted(counts.items()):
        print(f"  {kind:8} {count[0]:4} {count[1]:4} {count[2]:4}")
    over = {kind: count for kind, count in counts.items() if max(count[1:]) > LIMITS.get(kind, 0) * count[0]}
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
