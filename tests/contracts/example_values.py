"""Values in the examples of the OpenAPI document, which the tests replace by real ones."""

from deploy.gateway.examples import PATHS
from deploy.gateway.oauth_examples import OAUTH

ORGANIZATION, MEMBER, PLATFORM = PATHS["org"][1], PATHS["user"][1], PATHS["platform"][1]
CLIENT, SECRET = PATHS["clients"][1], PATHS["secret"][1]
INVITATION, LINK = PATHS["invitations"][1], PATHS["token"][1]
SESSION, LOGIN, DEAD_LETTER = PATHS["sessions"][1], PATHS["login"][1], PATHS["dead_letter"][1]
TOKEN = OAUTH["introspect"]["request"]["token"]
CLIENT_ID, CLIENT_SECRET = OAUTH["token"]["request"]["client_id"], OAUTH["token"]["request"]["client_secret"]
HOST, PORT, MANAGER = "mt5.broker.example", 1950, 1000
MANAGERS_PASSWORD = "an invented manager's"
PASSWORD = "seven small boats at noon"
INVITED = "grace@broker.example"
NOW = "2026-03-16T14:05:00Z"
