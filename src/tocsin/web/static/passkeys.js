// Passkeys: a form with data-passkey="get" or "create" asks data-options what to ask the device for, puts the device's
// answer into its field `credential` and is sent as any form. Where there is no script it stays hidden.
(() => {
  "use strict";

  if (!window.PublicKeyCredential) return;

  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function readable(options) {
    options.challenge = toBytes(options.challenge);
    if (options.user) options.user.id = toBytes(options.user.id);
    for (const list of ["allowCredentials", "excludeCredentials"]) {
      for (const credential of options[list] ?? []) credential.id = toBytes(credential.id);
    }
    return options;
  }

  function writable(credential) {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = toText(credential.response[part]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function fill(form) {
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      headers: { "X-CSRF-Token": form.elements.csrf_token.value },
    });
    if (answer.redirected) return location.assign(answer.url); // first prove who you are
    if (!answer.ok) throw new Error(`options: ${answer.status}`);
    const publicKey = readable(await answer.json());
    const credential =
      form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
    form.elements.credential.value = writable(credential);
    HTMLFormElement.prototype.submit.call(form);
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const error = form.querySelector("[data-passkey-error]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      error.hidden = true;
      fill(form).catch(() => {
        error.textContent = error.dataset.text;
        error.hidden = false;
      });
    });
  }
})();
