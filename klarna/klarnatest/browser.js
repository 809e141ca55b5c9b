// A fake of Klarna's script in the shopper's browser, for klarnatest. It has the calls, results and errors that Klarna
// documents, and lets the person at the screen choose how an authorization ends. No money moves.
//
// What the widget draws can be found by the attribute data-klarna-sandbox, whose values stay as they are:
//
//   teaser         the box that load() draws into the container
//   dialog         the <dialog> over the page, for authorize(), reauthorize() and finalize()
//   notice         the line that states what this is, in both
//   amount, lines  what is paid, and for what
//   approve        the button that approves
//   decline        the button that lets Klarna decline
//   invalid-field  the list of fields, and
//   invalid        the button that reports the chosen one as invalid
//   close          the button that closes the dialog; Escape does the same
//   status         what is going on, for screen readers as well
//
// The dialog also has data-klarna-sandbox-ready once it knows the amount and its buttons work.
(() => {
  'use strict';

  const NOTICE = 'This is a local sandbox, not Klarna. No money moves.';
  const FIELDS = [
    'billing_address.email', 'billing_address.phone', 'billing_address.postal_code', 'billing_address.street_address',
    'shipping_address.postal_code', 'customer.date_of_birth',
  ];
  const handlers = { heightChanged: [], fullscreenOverlayShown: [], fullscreenOverlayHidden: [] };

  let session = null; // what init() was given: token, claims
  let loaded = new Map(); // category or instance to its container
  let open = false; // whether a dialog is

  // ---- errors ----

  // fail calls back with the negative result, and then throws.
  function fail(name, message, callback, result) {
    if (callback) callback(result);
    const error = new Error(message);
    error.name = name;
    throw error;
  }

  // ---- the client token ----

  // claimsOf reads the middle part of the token. Only klarnatest's have the claim "sandbox": a token of Klarna's
  // would lead to Klarna's server.
  function claimsOf(token) {
    try {
      const parts = token.split('.');
      const bytes = Uint8Array.from(atob(parts[1].replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
      const claims = JSON.parse(new TextDecoder().decode(bytes));
      return parts.length === 3 && claims.sandbox === true && typeof claims.base_url === 'string' ? claims : null;
    } catch {
      return null;
    }
  }

  // ---- the server ----

  // ask calls the server. It never rejects: a failure is a result with an error.
  async function ask(what, members) {
    try {
      const response = await fetch(session.claims.base_url + '/kp/sandbox/' + what, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ client_token: session.token, ...members }),
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      });
      const result = await response.json();
      return response.ok ? result : { approved: false, show_form: false, error: result };
    } catch {
      return { approved: false, show_form: false, error: { error_code: 'NO_RESPONSE', error_messages: ['The local sandbox does not respond'] } };
    }
  }

  // ---- arguments ----

  // shift lets the data be left out.
  function shift(data, callback) {
    if (typeof data === 'function') return [undefined, data];
    return [data, typeof callback === 'function' ? callback : undefined];
  }

  // keyOf finds what options are about: one category, or an instance of several.
  function keyOf(options, callback, negative) {
    if (!session) fail('ApplicationNotInitializedError', 'call Klarna.Payments.init first', callback, negative);
    const several = options && options.payment_method_categories;
    const categories = Array.isArray(several) ? several : [options && options.payment_method_category];
    if (categories.length === 0 || categories.some((c) => typeof c !== 'string' || c === '')) {
      fail('PaymentMethodCategoryNotProvidedError', 'set payment_method_category, or payment_method_categories', callback, negative);
    }
    const unknown = categories.find((c) => !session.claims.payment_method_categories.includes(c));
    if (unknown !== undefined) {
      fail('PaymentMethodCategoryNotSupportedError', 'the session has no payment method category ' + unknown, callback, negative);
    }
    // Which payment methods can be preferred is not documented: here it is the session's categories.
    const preferred = options.preferred_payment_method;
    if (preferred !== undefined && !session.claims.payment_method_categories.includes(preferred)) {
      fail('PreferredPaymentMethodNotSupportedError', 'the session has no payment method ' + preferred, callback, negative);
    }
    return JSON.stringify(Array.isArray(several) ? [options.instance_id || '', ...several] : categories[0]);
  }

  function containerOf(options, callback, negative) {
    const given = options && options.container;
    let found = null;
    if (given instanceof Element) {
      found = given;
    } else if (typeof given === 'string') {
      try {
        found = document.querySelector(given);
      } catch { /* no selector */ }
    }
    if (!found) fail('InvalidContainerSelectorError', 'the container is neither an element nor the selector of one', callback, negative);
    return found;
  }

  // ---- events ----

  function emit(event, ...values) {
    for (const handler of [...handlers[event]]) handler(...values);
  }

  function checkEvent(event) {
    if (!Object.hasOwn(handlers, event)) fail('EventNotSupportedError', 'there is no event ' + event);
  }

  // ---- drawing ----

  // make makes an element. Texts are set as texts: what a shop sends is never taken for HTML.
  function make(tag, hook, text, ...children) {
    const element = document.createElement(tag);
    if (hook) element.dataset.klarnaSandbox = hook;
    if (text) element.textContent = text;
    element.append(...children);
    return element;
  }

  function button(hook, text, act) {
    const element = make('button', hook, text);
    element.type = 'button';
    element.addEventListener('click', act);
    return element;
  }

  function money(details, amount) {
    const options = { style: 'currency', currency: details.purchase_currency };
    let format;
    try {
      format = new Intl.NumberFormat(details.locale, options);
    } catch {
      format = new Intl.NumberFormat('en', options);
    }
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
  }

  function drawTeaser(container, key, details) {
    const named = details.payment_method_categories.find((c) => JSON.stringify(c.identifier) === key);
    const teaser = make('section', 'teaser', '',
      make('p', 'notice', NOTICE),
      make('p', '', (named ? named.name : 'Klarna') + ': ', make('strong', 'amount', money(details, details.order_amount))));
    teaser.className = 'klarna-sandbox';
    teaser.setAttribute('aria-label', 'Local sandbox for Klarna');
    container.replaceChildren(teaser);
    emit('heightChanged', Math.ceil(teaser.getBoundingClientRect().height));
  }

  // ask the person. done is called once with the result.
  function drawDialog(what, members, done) {
    const title = make('h2', '', 'Pay');
    title.id = 'klarna-sandbox-title';
    const amount = make('p', 'amount', '…');
    const lines = make('ul', 'lines');
    const status = make('p', 'status');
    status.setAttribute('role', 'status');

    const field = make('select', 'invalid-field', '', ...FIELDS.map((name) => make('option', '', name)));
    field.id = 'klarna-sandbox-field';
    const label = make('label', '', 'Field to report as invalid');
    label.htmlFor = field.id;

    const buttons = [
      button('approve', 'Approve', () => send('approve')),
      button('decline', 'Decline', () => send('decline')),
      button('invalid', 'Report as invalid', () => send('invalid_fields', { invalid_fields: [field.value] })),
    ];
    const close = button('close', 'Close', () => send('close'));
    const [approve, decline, invalid] = buttons;
    const dialog = make('dialog', 'dialog', '',
      make('p', 'notice', NOTICE), title, amount, lines, approve, decline,
      make('div', '', '', label, field, invalid), close, status);
    dialog.className = 'klarna-sandbox';
    dialog.setAttribute('aria-labelledby', title.id);

    let over = false;
    let sending = false;
    const enable = (on) => { for (const b of buttons) b.disabled = !on; };

    function end(result) {
      if (over) return;
      over = true;
      open = false;
      dialog.close(); // returns the focus
      dialog.remove();
      emit('fullscreenOverlayHidden');
      done(result);
    }

    async function send(outcome, more) {
      if (sending || over) return;
      sending = true;
      enable(false);
      status.textContent = 'One moment…';
      end(await ask(what, { ...members, ...more, outcome }));
    }

    async function begin() {
      const details = await ask('session', members.data ? { data: members.data } : {});
      if (over || sending) return; // closed meanwhile
      if (details.error) {
        end({ approved: false, show_form: details.show_form, error: details.error });
        return;
      }
      amount.textContent = money(details, details.order_amount);
      lines.replaceChildren(...details.order_lines.map((l) =>
        make('li', '', l.quantity + ' × ' + l.name + ', ' + money(details, l.total_amount))));
      enable(true);
      dialog.dataset.klarnaSandboxReady = '';
      approve.focus();
    }

    dialog.addEventListener('cancel', (event) => { // Escape
      event.preventDefault();
      send('close');
    });
    enable(false);
    open = true;
    document.body.append(dialog);
    dialog.showModal();
    emit('fullscreenOverlayShown');
    begin();
  }

  // ---- the calls ----

  function init(options) {
    const token = options && options.client_token;
    const claims = claimsOf(token);
    if (!claims) fail('InvalidClientTokenError', 'the client token is not one of a klarnatest server');
    session = { token, claims };
    loaded = new Map();
  }

  function load(options, dataOrCallback, maybeCallback) {
    const [data, callback] = shift(dataOrCallback, maybeCallback);
    const negative = { show_form: false };
    const key = keyOf(options, callback, negative);
    const container = containerOf(options, callback, negative);
    loaded.set(key, container);
    ask('session', data ? { data } : {}).then((details) => {
      const result = { show_form: details.show_form };
      if (details.error) result.error = details.error;
      if (details.order_lines) drawTeaser(container, key, details);
      else container.replaceChildren();
      if (callback) callback(result);
    });
  }

  // authorizing is what authorize, reauthorize and finalize have in common.
  function authorizing(what, options, dataOrCallback, maybeCallback) {
    const [data, callback] = shift(dataOrCallback, maybeCallback);
    const negative = { approved: false, show_form: false };
    const key = keyOf(options, callback, negative);
    if (!loaded.has(key)) fail('ApplicationNotLoadedError', 'call Klarna.Payments.load first, with the same options', callback, negative);
    if (what === 'finalize' && !session.finalizeRequired) {
      fail('OperationNotSupportedError', 'there is nothing to finalize', callback, negative);
    }
    if (open) { // as if the second one was closed at once
      if (callback) callback({ approved: false, show_form: true });
      return;
    }
    const members = { ...(data ? { data } : {}) };
    if (what === 'authorize' && options.auto_finalize === false) members.auto_finalize = false;
    const of = session;
    drawDialog(what, members, (result) => {
      of.finalizeRequired = result.finalize_required === true || (what === 'finalize' && !result.approved && result.show_form);
      if (callback) callback(result);
    });
  }

  function loadPaymentReview(options, callback) {
    const negative = { show_form: false };
    if (!session) fail('ApplicationNotInitializedError', 'call Klarna.Payments.init first', callback, negative);
    if (String(session.claims.purchase_country).toUpperCase() !== 'US') {
      fail('OperationNotSupportedError', 'a payment review is for the US only', callback, negative);
    }
    const container = containerOf(options, callback, negative);
    ask('session', {}).then((details) => {
      if (details.order_lines) drawTeaser(container, '', details);
      if (callback) callback({ show_form: details.show_form });
    });
  }

  function on(event, handler) {
    checkEvent(event);
    handlers[event].push(handler);
  }

  function off(event, handler) {
    checkEvent(event);
    handlers[event] = handler ? handlers[event].filter((h) => h !== handler) : [];
  }

  // ---- looks ----

  // A constructed style sheet is not subject to the page's Content-Security-Policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    .klarna-sandbox, .klarna-sandbox * { all: revert; box-sizing: border-box; }
    .klarna-sandbox { font: 16px/1.4 system-ui, sans-serif; color: #1b1b1f; background: #fff; }
    .klarna-sandbox p, .klarna-sandbox ul, .klarna-sandbox h2 { margin: 0 0 12px; padding: 0; }
    .klarna-sandbox [data-klarna-sandbox="notice"] { padding: 8px 12px; background: #ffd84d; font-weight: 600; border-radius: 6px; }
    section.klarna-sandbox { border: 2px dashed #8a6d00; border-radius: 10px; padding: 12px 12px 0; }
    dialog.klarna-sandbox:not([open]) { display: none; }
    dialog.klarna-sandbox { width: min(26rem, calc(100vw - 24px)); max-height: calc(100vh - 24px); overflow: auto;
      border: 0; border-radius: 14px; padding: 20px; box-shadow: 0 12px 48px rgb(0 0 0 / .35); }
    dialog.klarna-sandbox::backdrop { background: rgb(0 0 0 / .55); }
    .klarna-sandbox h2 { font-size: 16px; font-weight: 400; margin: 0; }
    dialog.klarna-sandbox [data-klarna-sandbox="amount"] { font-size: 30px; font-weight: 700; }
    .klarna-sandbox ul { list-style: none; color: #55555f; max-height: 30vh; overflow: auto; }
    .klarna-sandbox button, .klarna-sandbox select { display: block; width: 100%; min-height: 44px; margin: 0 0 10px; padding: 8px 12px;
      font: inherit; color: inherit; background: #fff; border: 1px solid #6d6d78; border-radius: 8px; }
    .klarna-sandbox button { cursor: pointer; }
    .klarna-sandbox button[data-klarna-sandbox="approve"] { color: #fff; background: #1d6b3a; border-color: #1d6b3a; font-weight: 600; }
    .klarna-sandbox button:disabled { opacity: .55; cursor: default; }
    .klarna-sandbox :focus-visible { outline: 3px solid #2457d6; outline-offset: 2px; }
    .klarna-sandbox div { border-top: 1px solid #dcdce2; border-bottom: 1px solid #dcdce2; padding-top: 12px; margin: 4px 0 14px; }
    .klarna-sandbox label { display: block; margin-bottom: 4px; }
    .klarna-sandbox [data-klarna-sandbox="status"] { min-height: 1.4em; margin: 0; text-align: center; }
  `);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

  window.Klarna = Object.assign(window.Klarna || {}, {
    Payments: {
      init,
      load,
      authorize: (...args) => authorizing('authorize', ...args),
      reauthorize: (...args) => authorizing('reauthorize', ...args),
      finalize: (...args) => authorizing('finalize', ...args),
      loadPaymentReview,
      on,
      off,
    },
  });
  if (typeof window.klarnaAsyncCallback === 'function') window.klarnaAsyncCallback();
})();
