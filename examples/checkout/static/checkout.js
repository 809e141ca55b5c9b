// The browser's part of the checkout: load Klarna's widget, have the shopper approve, and post the authorization token to
// the shop's server. Paying on Klarna's page works without it: it only marks what is missing in the address. All texts are in the page; this script only shows them.
(() => {
  'use strict';

  const page = document.getElementById('checkout');
  const form = document.getElementById('pay-form');
  const pay = document.getElementById('pay');
  const payOnPage = document.getElementById('pay-on-page');
  const summary = page.querySelector('.aside');
  const container = '#klarna-widget';

  let loads = 0; // only the newest load counts: the shopper may have chosen another way to pay meanwhile

  // ---- what the shopper sees ----

  // The state is starting, loading, ready, paying, changing or leaving; broken when Klarna's script does not work.
  function enter(state) {
    page.dataset.state = state;
    const idle = state === 'ready';
    if (pay) pay.disabled = !idle;
    if (payOnPage) payOnPage.disabled = ['paying', 'changing', 'leaving'].includes(state); // a widget that does not work is no reason
    for (const radio of page.querySelectorAll('[type="radio"]')) radio.disabled = !idle && state !== 'loading';
    for (const button of summary.querySelectorAll('button')) {
      button.disabled = !['ready', 'loading', 'broken'].includes(state) || button.dataset.off !== undefined;
    }
  }

  function breakDown() {
    enter('broken');
    say('unavailable');
  }

  function say(notice) {
    for (const element of page.querySelectorAll('[data-notice]')) {
      element.hidden = element.dataset.notice !== notice;
      if (!element.hidden) element.scrollIntoView({ block: 'nearest' });
    }
  }

  function tell(text) {
    document.getElementById('status').textContent = text;
  }

  function post(id, name, value) {
    enter('leaving');
    const hidden = document.getElementById(id);
    hidden.elements[name].value = value;
    hidden.submit();
  }

  // ---- Klarna ----

  const category = () => form.elements.category.value;

  // end has the server find out why Klarna offers nothing: the shopper was declined, or the session has expired.
  const end = () => post('unavailable-form', 'category', category());

  function load() {
    const mine = ++loads;
    enter('loading');
    try {
      Klarna.Payments.load({ container, payment_method_category: category() }, {}, (result) => {
        if (mine !== loads) return;
        if (result.show_form) enter('ready');
        else end();
      });
    } catch {
      breakDown();
    }
  }

  // It is called straight from the click: Klarna opens a window, which the browser allows only then.
  function authorize() {
    enter('paying');
    say('');
    clearMarks();
    const options = { payment_method_category: category() };
    try {
      Klarna.Payments.authorize(options, { billing_address: address() }, (result) => {
        if (result.approved && result.authorization_token) {
          tell('Approved. We are placing your order.');
          post('authorized-form', 'authorization_token', result.authorization_token);
        } else if (!result.show_form) {
          end(); // declined, or too late
        } else {
          enter('ready');
          const fields = result.error && result.error.invalid_fields;
          if (!fields || !fields.length) say('closed');
          else if (mark(fields)) say('invalid');
          else say('invalid-elsewhere');
        }
      });
    } catch {
      breakDown();
    }
  }

  // ---- the address ----

  const inputs = () => [...document.querySelectorAll('#address input')];

  // address leaves empty fields out: Klarna distinguishes an empty field from a missing one.
  function address() {
    const given = { country: 'DE' };
    for (const input of inputs()) {
      const value = input.value.trim();
      if (value) given[input.id] = value;
    }
    return given;
  }

  function setWrong(input, wrong) {
    const message = document.getElementById(input.id + '-wrong');
    message.hidden = !wrong;
    if (wrong) {
      input.setAttribute('aria-invalid', 'true');
      input.setAttribute('aria-describedby', message.id);
    } else {
      input.removeAttribute('aria-invalid');
      input.removeAttribute('aria-describedby');
    }
  }

  function clearMarks() {
    for (const input of inputs()) setWrong(input, false);
  }

  // mark marks the fields that Klarna names, and returns whether there were any. Here both addresses are the same.
  function mark(fields) {
    const names = fields.map((name) => name.replace(/^shipping_address\./, 'billing_address.'));
    const wrong = inputs().filter((input) => names.includes(input.name));
    for (const input of wrong) setWrong(input, true);
    if (wrong.length) wrong[0].focus();
    return wrong.length > 0;
  }

  // ---- the cart ----

  // change posts a quantity, swaps the summary, and loads the widget again: Klarna's session holds the new cart by then.
  async function change(quantities, button) {
    ++loads; // a load under way is of the old cart
    const body = new URLSearchParams(new FormData(quantities, button));
    enter('changing');
    say('');
    try {
      const response = await fetch(quantities.action, { method: 'POST', headers: { 'X-Part': 'summary' }, body });
      if (response.redirected || !response.ok) {
        // There is no session any more: begin anew. Unless the cart is paid already, or could not be changed.
        const elsewhere = response.redirected && new URL(response.url).pathname !== '/cart';
        location.assign(elsewhere ? response.url : '/checkout');
        return;
      }
      const part = document.createElement('template');
      part.innerHTML = await response.text(); // made by the shop's server, which escapes what goes into it
      document.getElementById('summary-part').replaceWith(part.content);
    } catch {
      say('cart-failed');
      return;
    }
    prepareSummary();
    const { total, count } = document.getElementById('summary-part').dataset;
    document.getElementById('cart-count').textContent = count;
    tell('The total is ' + total + ' now.');
    if (!form) { // all was declined, and Klarna decides anew for another amount
      location.reload();
      return;
    }
    document.getElementById('pay-total').textContent = total;
    const wasThere = document.getElementById('on-page');
    if (wasThere) wasThere.remove(); // another cart is paid on another page
    load();
    const again = document.getElementById(button.id);
    if (again) again.focus();
  }

  function prepareSummary() {
    for (const button of summary.querySelectorAll('button:disabled')) button.dataset.off = '';
  }

  // ---- start ----

  // Who comes back by the browser's own button sees the page as it was left, and may have paid meanwhile.
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });

  // A picture that does not load is replaced by its text.
  for (const picture of page.querySelectorAll('[data-badge]')) {
    const fall = () => {
      const text = document.createElement('span');
      text.className = 'badge';
      text.textContent = picture.alt;
      picture.replaceWith(text);
    };
    if (picture.complete && picture.naturalWidth === 0) fall();
    else picture.addEventListener('error', fall);
  }

  prepareSummary();
  summary.addEventListener('submit', (event) => {
    const { state } = page.dataset;
    if (state === 'starting' || state === 'broken') return; // posted like any other form, it leads to the cart
    event.preventDefault();
    if (state === 'ready' || state === 'loading') change(event.target, event.submitter);
  });
  if (!form) {
    enter('ready');
    return;
  }
  form.noValidate = true; // what is missing is marked here
  form.addEventListener('submit', (event) => {
    const onPage = payOnPage !== null && event.submitter === payOnPage;
    if (!onPage) event.preventDefault();
    if (!onPage && page.dataset.state !== 'ready') return;
    clearMarks();
    const wrong = inputs().filter((input) => !input.checkValidity());
    for (const input of wrong) setWrong(input, true);
    if (wrong.length) {
      event.preventDefault();
      wrong[0].focus();
    } else if (onPage) {
      ++loads;
      enter('leaving'); // and the form is posted
    } else {
      authorize();
    }
  });
  form.addEventListener('input', (event) => {
    if (event.target.closest('#address')) setWrong(event.target, false);
  });
  form.addEventListener('change', (event) => {
    if (event.target.name === 'category') {
      say('');
      load();
    }
  });

  window.klarnaAsyncCallback = () => {
    try {
      Klarna.Payments.init({ client_token: page.dataset.clientToken });
    } catch {
      breakDown();
      return;
    }
    load();
  };
  const script = document.createElement('script');
  script.src = page.dataset.script;
  script.async = true;
  script.addEventListener('error', breakDown);
  document.head.append(script);
})();
