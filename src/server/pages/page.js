// Shows the browser's question for a passkey, and keeps what is shown fresh. What is signed is what the page was given,
// hashed here; the host that runs the command judges it again, so that a changed copy of this file lets nothing run.
"use strict";

const at = (id) => document.getElementById(id);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const base64 = (buffer) => {
  const view = new Uint8Array(buffer);
  let text = "";
  for (const byte of view) text += String.fromCharCode(byte);
  return btoa(text).replace(/=+$/, "");
};
const base64url = (buffer) => base64(buffer).replaceAll("+", "-").replaceAll("/", "_");

const complain = (error) => {
  const place = at("fault");
  const words = error.name === "NotAllowedError" ? "The passkey did not answer. Nothing was signed." : error.message;
  if (place) { place.textContent = words; place.hidden = false; }
};
const attempt = (deed) => async (event) => {
  event?.preventDefault();
  if (at("fault")) at("fault").hidden = true;
  try { await deed(event); } catch (error) { complain(error); }
};

const mark = () => document.querySelector("[data-mark]")?.dataset.mark ?? "";
async function post(path, body) {
  const headers = { "content-type": "application/json", "x-gate-mark": mark() };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await response.text();
  const told = text && JSON.parse(text);
  if (!response.ok) throw new Error(told.detail ?? "The server refuses this.");
  return told;
}

async function asked(challenge, party, credential) {
  const publicKey = { challenge, rpId: party, userVerification: "preferred", timeout: 120000 };
  if (credential) publicKey.allowCredentials = [{ type: "public-key", id: bytes(credential) }];
  const found = await navigator.credentials.get({ publicKey });
  return {
    credential: base64(found.rawId),
    assertion: {
      authenticator_data: base64url(found.response.authenticatorData),
      client_data: base64url(found.response.clientDataJSON),
      signature: base64url(found.response.signature),
    },
  };
}

// Coming in.
function entering(place) {
  const { challenge, ticket, party } = place.dataset;
  at("by-passkey").addEventListener("click", attempt(async () => {
    const { credential, assertion } = await asked(bytes(challenge), party);
    await post("/enter/passkey", { ticket, credential, ...assertion });
    location.reload();
  }));
  // A link from elsewhere came without the cookie; this question comes with it.
  fetch("/session").then((response) => { if (response.ok) location.reload(); }, () => {});
}

// Making a passkey.
function enrolling() {
  const code = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  const make = at("make-passkey");
  let invited;
  attempt(async () => {
    invited = await post("/enrol/invitation", { code });
    at("whom").textContent = `You make a passkey for ${invited.principal}. With it you sign your answers to requests.`;
    make.disabled = false;
  })();
  make.addEventListener("click", attempt(async () => {
    const publicKey = {
      rp: { id: invited.party, name: "gate" },
      user: { id: bytes(invited.user), name: invited.principal, displayName: invited.principal },
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -8 }],
      authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
      excludeCredentials: invited.known.map((id) => ({ type: "public-key", id: bytes(id) })),
      attestation: "none",
    };
    const made = await navigator.credentials.create({ publicKey });
    const data = base64(made.response.getAuthenticatorData());
    const told = await post("/enrol/passkey", { code, authenticator_data: data });
    for (const name of ["fingerprint", "key", "entry"]) at(name).textContent = told[name];
    at("make").hidden = true;
    at("made").hidden = false;
  }));
}

// Answering.
function answering(place) {
  const { request, digest, party } = place.dataset;
  const form = at("answer");
  if (!form) return;
  let proposed;
  const shown = (signing) => {
    form.hidden = signing;
    at("signing").hidden = !signing;
    if (signing) at("signing").focus(); else at("reason").focus();
  };
  form.addEventListener("submit", attempt(async (event) => {
    const decision = event.submitter?.value ?? "deny";
    const wanted = { decision, reason: at("reason").value, key: at("key").value };
    proposed = await post(`/requests/${request}/statement`, wanted);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes(proposed.statement));
    const statement = JSON.parse(text);
    if (statement.decision !== decision || statement.request !== digest) throw new Error("The server proposes something else.");
    at("said").textContent = decision === "approve" ? "you approve" : "you deny";
    at("statement").textContent = JSON.stringify(statement, null, 2);
    shown(true);
  }));
  at("back").addEventListener("click", attempt(() => shown(false)));
  at("sign").addEventListener("click", attempt(async () => {
    const challenge = await crypto.subtle.digest("SHA-256", bytes(proposed.statement));
    const { assertion } = await asked(challenge, party, proposed.credential);
    await post(`/requests/${request}/answer`, { statement: proposed.statement, ...assertion });
    location.reload();
  }));
}

// What changes meanwhile: the parts around what somebody is writing.
async function fresh() {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok) return location.reload();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const [now, next] = [at("live"), page.getElementById("live")];
  if (!next) return location.reload();
  const focused = now.contains(document.activeElement) ? document.activeElement.id : "";
  now.replaceWith(next);
  if (focused) at(focused)?.focus();
  document.title = page.title;
  if (at("answering") && !page.getElementById("answering")) at("answering").remove();
}
async function watch() {
  let pause = 1000;
  while (at("live")) {
    const { news, version } = at("live").dataset;
    try {
      const response = await fetch(`${news}?seen=${encodeURIComponent(version)}`);
      if (response.status === 401) return location.reload();
      if (!response.ok) throw new Error("no news");
      const told = await response.json();
      if (told.version !== version) await fresh();
      pause = 1000;
    } catch {
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, 30000);
    }
  }
}

if (at("enter")) entering(at("enter"));
if (at("enrol")) enrolling();
if (at("answering")) answering(at("answering"));
if (at("live")) watch();
