// A real provider of OpenID Connect (the certified `oidc-provider`) on this machine, for tests. It asks no password: each
// line of standard input is JSON that says who is at the browser and what lies the provider tells. It prints a line for
// each, and first its address. With `conform` it says in its token no more than the standard asks, and the rest at userinfo.
import { createRequire } from "node:module";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

// Node 18, which Debian 12 has, lacks it.
URL.parse ??= (text, base) => { try { return new URL(text, base); } catch { return null; } };

const [tools, port, kid, conform] = process.argv.slice(2);
const require = createRequire(`${tools}/`);
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const jose = await import(pathToFileURL(createRequire(require.resolve("oidc-provider")).resolve("jose")));

const pair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const [own, others] = [pair(), pair()];
const told = { claims: {}, lie: "" };

const server = createServer();
await new Promise((done) => server.listen(Number(port), "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: "gate", client_secret: "provider-secret", application_type: "native",
    redirect_uris: ["http://localhost/enter/oidc/back"],
  }],
  jwks: { keys: [{ ...own.privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" }] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
  conformIdTokenClaims: conform === "conform",
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...told.claims }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});

// What an attacker makes of a token: each is refused, and for its own reason.
async function lied(token) {
  const head = jose.decodeProtectedHeader(token);
  const claims = jose.decodeJwt(token);
  const signed = (claims, key = own.privateKey, header = head) => new jose.SignJWT(claims).setProtectedHeader(header).sign(key);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  switch (told.lie) {
    case "key": return signed(claims, others.privateKey);
    case "unknown key": return signed(claims, others.privateKey, { ...head, kid: "other" });
    case "no key id": return signed(claims, own.privateKey, { alg: "RS256" });
    case "none": return `${part({ alg: "none" })}.${part(claims)}.`;
    case "none with kid": return `${part({ alg: "none", kid: head.kid })}.${part(claims)}.`;
    case "public key as secret": {
      const head256 = `${part({ alg: "HS256", kid: head.kid })}.${part(claims)}`;
      const secret = own.publicKey.export({ format: "pem", type: "spki" });
      return `${head256}.${createHmac("sha256", secret).update(head256).digest("base64url")}`;
    }
    case "client secret": {
      const head256 = `${part({ alg: "HS256" })}.${part(claims)}`;
      return `${head256}.${createHmac("sha256", "provider-secret").update(head256).digest("base64url")}`;
    }
    case "changed": {
      const [first, , last] = token.split(".");
      return `${first}.${part({ ...claims, email: "root@acme.com" })}.${last}`;
    }
    case "audience": return signed({ ...claims, aud: "other" });
    case "two audiences": return signed({ ...claims, aud: ["gate", "other"] });
    case "party": return signed({ ...claims, azp: "other" });
    case "issuer": return signed({ ...claims, iss: "https://evil.example" });
    case "nonce": return signed({ ...claims, nonce: "other" });
    case "no nonce": return signed({ ...claims, nonce: undefined });
    case "over": return signed({ ...claims, iat: now - 300, exp: now - 60 });
    case "early": return signed({ ...claims, iat: now + 300, exp: now + 900 });
    default: return token;
  }
}

provider.use(async (context, next) => {
  const { path } = context;
  if (path.startsWith("/interaction/")) {
    const { prompt, params, session } = await provider.interactionDetails(context.req, context.res);
    if (prompt.name === "login") {
      const result = told.claims.denied ? { error: "access_denied", error_description: "<b>not today</b>" } : { login: { accountId: told.claims.sub ?? "1" } };
      await provider.interactionFinished(context.req, context.res, result);
    } else {
      const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
      grant.addOIDCScope(params.scope);
      await provider.interactionFinished(context.req, context.res, { consent: { grantId: await grant.save() } });
    }
    context.respond = false;
    return;
  }
  await next();
  if (path === "/token" && context.body?.id_token) {
    context.body.id_token = await lied(context.body.id_token);
    if (told.lie === "moved") context.redirect("http://169.254.169.254/latest/meta-data");
  }
  if (path === "/me" && told.lie === "somebody else") context.body = { ...context.body, sub: "8" };
  if (path === "/.well-known/openid-configuration") {
    if (told.lie === "other description") context.body.issuer = "https://evil.example";
    if (told.lie === "inside") context.body.jwks_uri = "http://169.254.169.254/latest/meta-data";
    if (told.lie === "elsewhere") context.redirect("http://169.254.169.254/latest/meta-data");
    if (told.lie === "endless") context.body.padding = "x".repeat(2 << 20);
    if (told.lie === "unbound") context.body.code_challenge_methods_supported = ["plain"];
  }
});
server.on("request", provider.callback());

console.log(issuer);
for await (const line of createInterface({ input: process.stdin })) {
  Object.assign(told, { claims: {}, lie: "" }, JSON.parse(line));
  console.log("told");
}
process.exit();
