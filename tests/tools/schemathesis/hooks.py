"""What a schema can't say about valid data: which ids there are, and the syntax of cursors, searches and addresses."""

import base64
import json
import os
import uuid
from urllib.parse import quote

import schemathesis
from hypothesis import strategies as st

# Ids of things that the test has made, by the word that names them in a path or a field.
KNOWN = json.loads(os.environ["AFTERWORD_KNOWN"])
WORDS = {
    "interactions": "interaction", "exclusions": "interaction", "clips": "clip", "webhooks": "webhook",
    "follow-ups": "follow_up", "deliveries": "delivery", "surveys": "survey", "suppressions": "suppression",
}


def cursor(parts):
    at, key = parts
    return base64.urlsafe_b64encode(f"{at}:{key}".encode()).decode().rstrip("=")


schemathesis.openapi.format("cursor", st.tuples(st.integers(-(2**63), 2**63 - 1), st.uuids()).map(cursor))
schemathesis.openapi.format(
    "search-query",
    st.lists(st.from_regex(r"[a-zA-Z0-9äßéЖ]{1,12}", fullmatch=True), min_size=1, max_size=8).map(" ".join),
)
schemathesis.openapi.format(
    "webhook-url",
    st.tuples(st.from_regex(r"[a-z]{1,20}\.example", fullmatch=True), st.text("abc/?=&%20", max_size=20)).map(
        lambda parts: f"https://{parts[0]}/{quote(parts[1])}"
    ),
)


def known(word, drawn):
    """One of the known ids for most drawn ones, always the same; `drawn` itself if it is no id or is to stay unknown."""
    ids = KNOWN.get(word)
    try:
        number = uuid.UUID(drawn).int
    except (ValueError, AttributeError, TypeError):
        return drawn
    return drawn if not ids or number % 4 == 0 else ids[number // 4 % len(ids)]


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Puts known ids into the path; what is removed stays unknown mostly, so that there is something left for the others."""
    if not path_parameters or context.operation.method.upper() == "DELETE":
        return path_parameters
    parts = context.operation.path.strip("/").split("/")
    for place, part in enumerate(parts):
        name = part.strip("{}")
        if part != name and name in path_parameters and parts[place - 1] in WORDS:
            path_parameters[name] = known(WORDS[parts[place - 1]], path_parameters[name])
    return path_parameters


@schemathesis.hook
def map_query(context, query):
    """Puts known ids into filters."""
    for name in ("agent", "team"):
        if query and name in query:
            query[name] = known(name, query[name])
    return query


@schemathesis.hook
def map_body(context, body):
    """Puts known ids into bodies."""
    fields = {"interaction": "interaction", "interaction_id": "interaction", "agent": "agent", "staff_id": "staff"}
    if isinstance(body, dict):
        for field, word in fields.items():
            if isinstance(body.get(field), str):
                body[field] = known(word, body[field])
        if isinstance(body.get("teams"), list):
            body["teams"] = [known("team", team) for team in body["teams"]]
    return body


@schemathesis.hook
def filter_case(context, case):
    """Leaves out a blank address of a customer: it counts as missing, since many systems send it so."""
    customer = case.body.get("customer") if isinstance(case.body, dict) else None
    email = customer.get("email") if isinstance(customer, dict) else None
    return not (isinstance(email, str) and not email.strip())
