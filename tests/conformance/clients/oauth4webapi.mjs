// The whole life of a sign-in with oauth4webapi, the strictest of its kind, step by step.
import * as oauth from "oauth4webapi";
import { browse, known, refusal, seen } from "./conversation.mjs";

const http = { [oauth.allowInsecureRequests]: true }; // on one machine
const issuer = new URL(known.issuer);
const facts = {};

const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
const asOAuth = await oauth.discoveryRequest(issuer, { ...http, algorithm: "oauth2" });
facts.same_metadata = JSON.stringify(await oauth.processDiscoveryResponse(issuer, asOAuth)) === JSON.stringify(server);

async function signedIn(client, authentication, redirectUri, more = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid email offline_access",
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
    ...more,
  });
  const parameters = oauth.validateAuthResponse(server, client, await browse(url), state); // iss too (RFC 9207)
  const redeemed = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, parameters, redirectUri, verifier, http,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, redeemed, {
    expectedNonce: nonce, requireIdToken: true, maxAge: 3600,
  });
  await oauth.validateApplicationLevelSignature(server, redeemed, http);
  return tokens;
}

async function lived(client, authentication, redirectUri) {
  const tokens = await signedIn(client, authentication, redirectUri);
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  const asked = await oauth.userInfoRequest(server, client, tokens.access_token, http);
  const person = await oauth.processUserInfoResponse(server, client, claims.sub, asked);

  const called = new Request(`${known.issuer}/api/v1/me`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  const access = await oauth.validateJwtAccessToken(server, called, `${known.issuer}/api`, http); // RFC 9068

  const renewal = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, http);
  const renewed = await oauth.processRefreshTokenResponse(server, client, renewal);
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, authentication, renewed.refresh_token, http),
  );
  const again = await oauth.refreshTokenGrantRequest(server, client, authentication, renewed.refresh_token, http);
  return {
    claims,
    person,
    access,
    rotated: renewed.refresh_token !== tokens.refresh_token,
    refresh_afterwards: await refusal(oauth.processRefreshTokenResponse(server, client, again)),
  };
}

const { program, command_line: cli } = known;
facts.confidential = await lived(
  { client_id: program.client_id }, oauth.ClientSecretBasic(program.client_secret), program.redirect_uri,
);
facts.public = await lived({ client_id: cli.client_id }, oauth.None(), cli.redirect_uri);
facts.refused = await refusal(
  signedIn({ client_id: cli.client_id }, oauth.None(), cli.redirect_uri, { response_type: "token" }),
);

const machine = { client_id: known.client.client_id };
const authentication = oauth.ClientSecretBasic(known.client.client_secret);
const granted = await oauth.processClientCredentialsResponse(server, machine,
  await oauth.clientCredentialsGrantRequest(server, machine, authentication, { scope: "events:read" }, http));
const introspected = async () => oauth.processIntrospectionResponse(server, machine,
  await oauth.introspectionRequest(server, machine, authentication, granted.access_token, http));
facts.client = { scope: granted.scope, introspected: await introspected() };
await oauth.processRevocationResponse(
  await oauth.revocationRequest(server, machine, authentication, granted.access_token, http),
);
facts.client.active_afterwards = (await introspected()).active;

const wrong = oauth.ClientSecretPost("thcs_not_this_one");
facts.wrong_secret = await refusal(oauth.processClientCredentialsResponse(server, machine,
  await oauth.clientCredentialsGrantRequest(server, machine, wrong, {}, http)));
seen(facts);
