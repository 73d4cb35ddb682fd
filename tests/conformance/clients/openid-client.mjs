// The whole life of a sign-in with openid-client, which checks every answer itself.
import * as oidc from "openid-client";
import { browse, known, refusal, seen } from "./conversation.mjs";

const insecure = { execute: [oidc.allowInsecureRequests] }; // http, on one machine
const discovered = (client, authentication) =>
  oidc.discovery(new URL(known.issuer), client.client_id, undefined, authentication(client.client_secret), insecure);

async function signedIn(config, more = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: known.program.redirect_uri,
    scope: "openid profile email offline_access",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more,
  });
  const arrived = await browse(url);
  return oidc.authorizationCodeGrant(config, arrived, { ...checks, idTokenExpected: true, maxAge: more.max_age });
}

const facts = {};
for (const [name, authentication] of [["basic", oidc.ClientSecretBasic], ["post", oidc.ClientSecretPost]]) {
  const config = await discovered(known.program, authentication);
  const tokens = await signedIn(config, { max_age: 3600 });
  const claims = tokens.claims();
  const person = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);

  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  const about = await oidc.tokenIntrospection(config, renewed.access_token);
  await oidc.tokenRevocation(config, renewed.refresh_token);
  const afterwards = await oidc.tokenIntrospection(config, renewed.access_token);
  facts[name] = {
    claims,
    person,
    rotated: renewed.refresh_token !== tokens.refresh_token,
    subject_after_refresh: renewed.claims().sub,
    introspected: about,
    active_afterwards: afterwards.active,
    refresh_afterwards: await refusal(oidc.refreshTokenGrant(config, renewed.refresh_token)),
  };
}

const config = await discovered(known.program, oidc.ClientSecretBasic);
oidc.enableNonRepudiationChecks(config); // the signature of the ID token too, although it came directly
const last = await signedIn(config);
facts.refused = await refusal(signedIn(config, { prompt: "none", id_token_hint: last.id_token, scope: "openid nonsense" }));
const logout = oidc.buildEndSessionUrl(config, {
  id_token_hint: last.id_token,
  post_logout_redirect_uri: known.program.signed_out_uri,
  state: "over",
});
facts.signed_out = String(await browse(logout));
facts.nobody = await refusal(signedIn(config, { prompt: "none" }));

const machine = await discovered(known.client, oidc.ClientSecretBasic);
const granted = await oidc.clientCredentialsGrant(machine, { scope: "events:read" });
facts.client = {
  scope: granted.scope,
  expires_in: granted.expires_in,
  introspected: await oidc.tokenIntrospection(machine, granted.access_token),
  too_much: await refusal(oidc.clientCredentialsGrant(machine, { scope: "platforms:write" })),
};
await oidc.tokenRevocation(machine, granted.access_token);
facts.client.active_afterwards = (await oidc.tokenIntrospection(machine, granted.access_token)).active;
seen(facts);
