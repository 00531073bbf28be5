"""A journey with the client that openapi-python-client generates: send an interaction, upload its recording, wait for the
transcript, read the rating.

Usage: journey.py URL API_KEY SESSION RECORDING; the generated package `afterword_client` is on PYTHONPATH. Prints the
interaction's id once the recording is uploaded, and a JSON object at the end.
"""

import datetime
import json
import sys
import time

from afterword_client import AuthenticatedClient, Client
from afterword_client.api.interactions import get_interaction, list_interactions, put_interaction, put_recording
from afterword_client.api.ratings import list_agent_ratings
from afterword_client.api.responses import get_response
from afterword_client.api.transcripts import get_transcript
from afterword_client.models import (
    AgentInput,
    AgentRatingsList,
    CustomerInput,
    Interaction,
    InteractionInput,
    InteractionInputPhaseType0,
    InteractionPage,
    InteractionState,
    Problem,
    SurveyResponse,
    Transcript,
    TranscriptState,
)
from afterword_client.types import File

PATIENCE_SECONDS = 60


def expect(kind, answer):
    """The answer, which must be of this kind."""
    assert isinstance(answer, kind), f"not a {kind.__name__}: {answer}"
    return answer


def send(client):
    """Sends the interaction; its state."""
    ended = datetime.datetime(2026, 11, 20, 11, 30, 2, tzinfo=datetime.timezone.utc)
    body = InteractionInput(
        channel="call",
        direction="inbound",
        phase=InteractionInputPhaseType0.FINAL,
        outcome="answered",
        started_at=ended - datetime.timedelta(minutes=6),
        ended_at=ended,
        agent=AgentInput(external_id="17", name="Sydney Carton"),
        team="Orders",
        tags=["lost parcel"],
        customer=CustomerInput(email="jerry@example.net", name="Jerry", locale="en"),
    )
    return expect(InteractionState, put_interaction.sync("phone", "4711", client=client, body=body))


def wait_for_transcript(client, interaction):
    """The transcript, once it is done."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        transcript = expect(Transcript, get_transcript.sync(interaction, client=client))
        if transcript.state is TranscriptState.DONE:
            return transcript
        time.sleep(0.1)
    raise TimeoutError("the transcript is not done")


def main(url, key, session, recording):
    client = AuthenticatedClient(base_url=url, token=key)
    interaction = send(client).id
    with open(recording, "rb") as sound:
        state = put_recording.sync("phone", "4711", client=client, body=File(payload=sound), channels="agent,customer")
    assert str(expect(InteractionState, state).recording.state) == "stored"
    print(interaction, flush=True)

    transcript = wait_for_transcript(client, interaction)
    found = expect(Interaction, get_interaction.sync(interaction, client=client))
    page = expect(InteractionPage, list_interactions.sync(client=client, limit=1))
    refused = expect(Problem, get_response.sync(interaction, client=client))
    supervisor = Client(base_url=url, cookies={"afterword": session})
    rating = expect(SurveyResponse, get_response.sync(interaction, client=supervisor))
    ratings = expect(AgentRatingsList, list_agent_ratings.sync(client=client))
    result = {
        "text": [segment.text for segment in transcript.segments],
        "agent": found.agent.name,
        "listed": [str(item.id) for item in page.items],
        "next": page.next_,
        "refused": refused.status,
        "score": rating.score,
        "comment": rating.comment,
        "rated": [item.name for item in ratings.items],
    }
    print(json.dumps(result))


main(*sys.argv[1:])
