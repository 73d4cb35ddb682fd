"""Values in the examples of the OpenAPI document, which the tests replace by real ones."""

from deploy.gateway.examples import PATH_VALUES
from deploy.gateway.oauth_examples import OAUTH

ORGANIZATION, MEMBER, PLATFORM = PATH_VALUES["org"], PATH_VALUES["user"], PATH_VALUES["platform"]
CLIENT, SECRET = PATH_VALUES["clients"], PATH_VALUES["secret"]
INVITATION, LINK = PATH_VALUES["invitations"], PATH_VALUES["token"]
SESSION, LOGIN, DEAD_LETTER = PATH_VALUES["sessions"], PATH_VALUES["login"], PATH_VALUES["dead_letter"]
TOKEN = OAUTH["introspect"]["request"]["token"]
CLIENT_ID, CLIENT_SECRET = OAUTH["token"]["request"]["client_id"], OAUTH["token"]["request"]["client_secret"]
HOST, PORT, MANAGER = "mt5.broker.example", 1950, 1000
MANAGERS_PASSWORD = "an invented manager's"
PASSWORD = "seven small boats at noon"
INVITED = "grace@broker.example"
NOW = "2026-03-16T14:05:00Z"
