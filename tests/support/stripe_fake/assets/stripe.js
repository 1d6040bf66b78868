// A stand-in for Stripe.js: the calls that Tocsin's pages make, with the shapes of the real ones.
(() => {
  const origin = new URL(document.currentScript.src).origin;
  const idOf = (secret) => String(secret).split("_secret_")[0];
  const isSetup = (secret) => String(secret).startsWith("seti_");
  const named = (secret, value) => (isSetup(secret) ? { setupIntent: value } : { paymentIntent: value });

  class Element {
    constructor(type, key) {
      this.type = type;
      this.key = key;
      this.listeners = {};
      this.turns = new Map();
      this.receive = this.receive.bind(this);
    }
    mount(target) {
      const place = typeof target === "string" ? document.querySelector(target) : target;
      if (!place) throw new Error(`IntegrationError: ${target} is not on the page.`);
      this.frame = document.createElement("iframe");
      this.frame.src = `${origin}/v3/fields.html`;
      this.frame.title = "Secure payment input frame";
      this.frame.allow = "payment *";
      for (const [name, value] of [["border", "0"], ["width", "100%"], ["height", "13rem"]]) this.frame.style[name] = value;
      addEventListener("message", this.receive);
      place.replaceChildren(this.frame);
    }
    on(event, listener) {
      (this.listeners[event] ??= []).push(listener);
      return this;
    }
    off(event) {
      delete this.listeners[event];
      return this;
    }
    focus() {
      this.frame?.focus();
    }
    unmount() {
      removeEventListener("message", this.receive);
      this.frame?.remove();
      this.frame = undefined;
    }
    destroy() {
      this.unmount();
    }
    receive(event) {
      if (event.origin !== origin || event.source !== this.frame?.contentWindow) return;
      const { stripe, turn, body, ...rest } = event.data;
      if (stripe === "answer") {
        this.turns.get(turn)?.(body);
        this.turns.delete(turn);
      } else {
        for (const listener of this.listeners[stripe] ?? []) listener({ elementType: this.type, ...rest });
      }
    }
    confirm(secret, more) {
      const turn = crypto.randomUUID();
      const body = { key: this.key, client_secret: secret, ...more };
      return new Promise((resolve) => {
        this.turns.set(turn, resolve);
        this.frame.contentWindow.postMessage({ stripe: "confirm", turn, intent: idOf(secret), body }, origin);
      });
    }
  }

  class Elements {
    constructor(key, options) {
      this.key = key;
      this.options = options;
      this.made = {};
    }
    create(type) {
      if (!["payment", "card"].includes(type)) throw new Error(`IntegrationError: no element "${type}".`);
      if (type === "payment" && !this.options.clientSecret) throw new Error("IntegrationError: clientSecret is missing.");
      if (this.made[type]) throw new Error(`IntegrationError: only one Element of type ${type} can be created.`);
      return (this.made[type] = new Element(type, this.key));
    }
    getElement(type) {
      return this.made[type] ?? null;
    }
    async submit() {
      return {};
    }
    update(options) {
      Object.assign(this.options, options);
    }
  }

  const read = async (key, secret) => {
    const kind = isSetup(secret) ? "setup_intents" : "payment_intents";
    const query = new URLSearchParams({ key, client_secret: secret });
    const answer = await fetch(`${origin}/v1/${kind}/${idOf(secret)}?${query}`);
    const body = await answer.json();
    return body.error ? { error: body.error } : named(secret, body);
  };

  // The bank's page in a frame over ours, as Stripe shows it when there is no way back by redirect.
  const inFrame = (secret) =>
    new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.src = `${origin}/redirect/authenticate/${idOf(secret)}?client_secret=${encodeURIComponent(secret)}`;
      frame.title = "Your bank";
      const look = { position: "fixed", inset: "0", width: "100%", height: "100%", border: "0", background: "white", zIndex: "9" };
      Object.assign(frame.style, look);
      const finish = (event) => {
        if (event.origin !== origin || event.source !== frame.contentWindow || event.data.stripe !== "done") return;
        removeEventListener("message", finish);
        frame.remove();
        resolve();
      };
      addEventListener("message", finish);
      document.body.append(frame);
    });

  const authenticated = async (key, secret) => {
    await inFrame(secret);
    const result = await read(key, secret);
    const intent = result.setupIntent ?? result.paymentIntent;
    const error = intent?.last_setup_error ?? intent?.last_payment_error;
    return error ? { error } : result;
  };

  window.Stripe = (key) => {
    if (!String(key).startsWith("pk_")) throw new Error("IntegrationError: this is not a publishable key.");
    return {
      elements: (options = {}) => new Elements(key, options),
      async confirmSetup({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
        const secret = clientSecret ?? elements.options.clientSecret;
        if (redirect === "always" && !confirmParams.return_url) throw new Error("IntegrationError: return_url is missing.");
        const way = confirmParams.return_url ? { return_url: confirmParams.return_url } : {};
        const body = await elements.getElement("payment").confirm(secret, way);
        if (body.error) return { error: body.error };
        const bank = body.next_action?.redirect_to_url?.url;
        if (bank) {
          location.assign(bank);
          return new Promise(() => {});
        }
        if (body.next_action) return authenticated(key, secret);
        if (redirect === "if_required") return { setupIntent: body };
        const back = new URL(confirmParams.return_url);
        back.searchParams.set("setup_intent", body.id);
        back.searchParams.set("setup_intent_client_secret", secret);
        back.searchParams.set("redirect_status", "succeeded");
        location.assign(back);
        return new Promise(() => {});
      },
      async confirmCardSetup(secret, { payment_method: { card }, return_url }) {
        const body = await card.confirm(secret, return_url ? { return_url } : {});
        if (body.error) return { error: body.error };
        return body.next_action ? authenticated(key, secret) : { setupIntent: body };
      },
      async handleNextAction({ clientSecret }) {
        const result = await read(key, clientSecret);
        const intent = result.setupIntent ?? result.paymentIntent;
        return intent?.status === "requires_action" ? authenticated(key, clientSecret) : result;
      },
      retrieveSetupIntent: (secret) => read(key, secret),
      retrievePaymentIntent: (secret) => read(key, secret),
    };
  };
  window.Stripe.version = "endive";
})();
