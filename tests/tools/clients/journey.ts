// The same journey in the types that openapi-typescript generates. It is compiled, not run.
import type { components, operations } from "./afterword";

type Schemas = components["schemas"];
type Json<Operation extends keyof operations, Status extends number> = operations[Operation]["responses"] extends {
  [status in Status]: { content: { "application/json": infer Body } };
}
  ? Body
  : never;

async function request(path: string, key: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } });
  if (!answer.ok) {
    const problem = (await answer.json()) as Schemas["Problem"];
    throw new Error(`${problem.status} ${problem.code}: ${problem.detail}`);
  }
  return answer.json();
}

export async function journey(url: string, key: string, sound: Blob): Promise<number | null> {
  const body: operations["putInteraction"]["requestBody"]["content"]["application/json"] = {
    channel: "call",
    phase: "final",
    started_at: "2026-11-20T14:24:00+01:00",
    agent: { external_id: "17", name: "Sydney Carton" },
    customer: { email: "jerry@example.net", locale: "en" },
    tags: ["lost parcel"],
  };
  const at: operations["putInteraction"]["parameters"]["path"] = { source: "phone", external_id: "4711" };
  const path = `${url}/api/v1/interactions/${at.source}/${at.external_id}`;
  const json = { "content-type": "application/json" };
  const put = (await request(path, key, { method: "PUT", headers: json, body: JSON.stringify(body) })) as Json<"putInteraction", 201>;
  const phase: "in_progress" | "ended" | "final" = put.phase;

  const channels: NonNullable<operations["putRecording"]["parameters"]["query"]>["channels"] = "agent,customer";
  const stored = (await request(`${path}/recording?channels=${channels}`, key, { method: "PUT", body: sound })) as Json<"putRecording", 201>;
  const lost: boolean = stored.recording.state === "missing";

  let transcript: Json<"getTranscript", 200>;
  do {
    transcript = (await request(`${url}/api/v1/interactions/${put.id}/transcript`, key)) as Json<"getTranscript", 200>;
  } while (transcript.state === "waiting" || transcript.state === "running");
  const words: string[] = transcript.segments.flatMap((segment) => segment.words.map((word) => word.text));

  const rating = (await request(`${url}/api/v1/interactions/${put.id}/response`, key)) as Json<"getResponse", 200>;
  const ratings = (await request(`${url}/api/v1/ratings/agents`, key)) as Json<"listAgentRatings", 200>;
  const next: string | null = ratings.next;
  const share: number | undefined = ratings.items[0]?.figures.csat?.share;
  console.log(phase, lost, words, next, share);
  return rating.score;
}
