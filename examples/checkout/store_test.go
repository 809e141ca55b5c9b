package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klarna-go/klarna-payments/internal/pgtest"
	"github.com/klarna-go/klarna-payments/klarna"
	"github.com/klarna-go/klarna-payments/klarna/klarnatest"
	"github.com/klarna-go/klarna-payments/klarna/ordermanagement"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestProcessesThatStartAtOnceMigrateOnceAndShareAKey(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		var keys [6]string
		atOnce(len(keys), func(i int) {
			st, err := openStore(t.Context(), database)
			if err != nil {
				t.Error(err)
				return
			}
			defer st.close()
			key, err := st.key(t.Context())
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		})
		for _, key := range keys {
			if len(key) != 32 || key != keys[0] {
				t.Error("the processes have different keys")
			}
		}
		st, err := openStore(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		defer st.close()
		files, err := migrations.ReadDir("migrations")
		if err != nil {
			t.Fatal(err)
		}
		var done int
		if err := st.db.QueryRow(`SELECT COUNT(*) FROM shop_migrations`).Scan(&done); err != nil || done != len(files) {
			t.Errorf("%d migrations were made of %d: %v", done, len(files), err)
		}
	})
}

func TestOnlyTheShopReadsItsFile(t *testing.T) {
	database := filepath.Join(t.TempDir(), "a shop? 100%.sqlite")
	st, err := openStore(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer st.close()
	if info, err := os.Stat(database); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Errorf("the file is %v: %v", info, err)
	}
}

func TestADatabaseThatCannotBeOpenedIsNamed(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "missing", "shop.sqlite"), "postgres://127.0.0.1:1/shop?connect_timeout=2"} {
		if _, err := openStore(t.Context(), name); err == nil || !strings.HasPrefix(err.Error(), "the database: ") {
			t.Errorf("%s fails with %v", name, err)
		}
	}
}

func TestCartsCheckoutsOrdersAndChangesSurviveARestart(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		server := klarnatest.NewServer()
		before := newWorldOn(t, server, database)
		cart := before.newBrowser()
		cart.post("/cart", url.Values{"csrf": {find(t, cart.get("/").body, `name="csrf" value="([^"]+)"`)}, "product": {"mug"}, "quantity": {"7"}})
		paying := before.newBrowser().checkout()
		buyer := before.newStaff()
		lost := klarnatest.ResetAfter()
		server.Fail(ordermanagement.OperationCaptureOrder, lost, lost, lost)
		form := buyer.form("capture").with(map[string]string{"mug": "1"})
		wantText(t, buyer.send(form), http.StatusOK, "the outcome is unknown")

		after := before.restart()
		wantPage(t, cart.at(after).get("/cart"), http.StatusOK, "/cart", "€125.50") // 7 mugs and the cookbook
		again := paying.at(after).checkout()
		if again.authorizedPath != paying.authorizedPath || again.csrf != paying.csrf || after.count(klarna.OperationCreateSession) != 2 {
			t.Error("the checkout is another one")
		}
		wantPage(t, again.bring(again.approve()), http.StatusOK, anyOrder, thanks)

		s := &staff{buyer.at(after), buyer.number, buyer.orderID}
		wantText(t, s.get("/office"), http.StatusOK, s.number, "Change unknown")
		if key := s.form("capture").fields.Get("key"); key != form.fields.Get("key") {
			t.Error("the capture has another key")
		}
		wantText(t, s.send(s.form("capture")), http.StatusOK, "€14.50 was captured")
		wantAmounts(t, s.order(), 1450, 0, 4340)
	})
}

// A process that died while it captured leaves a change that is being sent for ever.
func TestAChangeThatDiedWithItsProcessIsFoundAgain(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		s := newWorldOn(t, klarnatest.NewServer(), database).newStaff()
		lost := klarnatest.ResetAfter()
		s.klarna.Fail(ordermanagement.OperationCaptureOrder, lost, lost, lost)
		s.send(s.form("capture").with(map[string]string{"mug": "1"}))
		died := func(ago string) {
			t.Helper()
			at := now()
			if ago == "long" {
				at = at.Add(-sendingFor)
			}
			if _, err := s.shop.store.db.Exec(`UPDATE changes SET state = 'sending', attempted = $1`, at); err != nil {
				t.Fatal(err)
			}
		}
		died("just now")
		if got := s.page(); len(forms(got, "capture")) != 0 || !strings.Contains(got.body, "is under way") {
			t.Errorf("it is not under way:\n%s", got.body)
		}
		died("long")
		wantText(t, s.send(s.form("capture")), http.StatusOK, "€14.50 was captured")
		wantAmounts(t, s.order(), 1450, 0, 4340)
	})
}

func TestProcessesShareShoppersAndOrders(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		p := one.newBrowser().checkout()
		moved := p.at(other)
		moved.setQuantity("mug", "3")
		wantPage(t, p.get("/checkout"), http.StatusOK, "/checkout", "€67.50")
		token := p.approve()

		// The callback's URL is signed by one process and checked by the other.
		signed := strings.Replace(p.record().session.MerchantURLs.Authorization, one.url, other.url, 1)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, signed,
			strings.NewReader(`{"authorization_token":"`+token+`","session_id":"`+p.record().sessionID+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if got := other.newBrowser().do(req); got.status != http.StatusNoContent {
			t.Errorf("the response to the callback is %d", got.status)
		}
		eventually(t, "the callback placed the order", func() bool { return p.order().state == placed })
		wantPage(t, moved.bring(token), http.StatusOK, anyOrder, thanks)
		wantPage(t, p.bring(token), http.StatusOK, anyOrder, thanks)
		if one.orders() != 1 || one.shop.office.password != other.shop.office.password {
			t.Errorf("%d orders, or different passwords of the back office", one.orders())
		}
	})
}

// Two tabs change the cart at two processes. Whatever comes first, Klarna's session holds the cart that is stored.
func TestCartChangesAtTwoProcesses(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		for range 10 {
			p := one.newBrowser().checkout()
			moved := p.at(other)
			together(func() { p.setQuantity("candle", "3") }, func() { moved.setQuantity("towel", "2") })
			wantPage(t, p.get("/cart"), http.StatusOK, "/cart", "€108.50") // 2 mugs, the cookbook, 3 candles, 2 towels
			session, err := p.shop.klarna.ReadSession(t.Context(), p.record().sessionID)
			if err != nil {
				t.Fatal(err)
			}
			if session.OrderAmount != 10850 || p.record().session.OrderAmount != 10850 {
				t.Fatalf("Klarna's session has %d, and the shop's record %d", session.OrderAmount, p.record().session.OrderAmount)
			}
		}
	})
}

func TestADoubleClickAtTwoProcessesCapturesOnce(t *testing.T) {
	atTwoProcesses(t, func(t *testing.T, one, other *world) {
		for range 5 {
			s := one.newStaff()
			f := s.form("capture").with(map[string]string{"mug": "1"})
			var ends [6]response
			atOnce(len(ends), func(i int) { ends[i] = s.at([]*world{one, other}[i%2]).post(f.path, f.fields) })
			for _, end := range ends {
				wantText(t, end, http.StatusOK, "€14.50 was captured")
			}
			wantAmounts(t, s.order(), 1450, 0, 4340)
		}
		if n := one.count(ordermanagement.OperationCaptureOrder); n != 5 {
			t.Errorf("%d requests for 5 captures", n)
		}
	})
}

func TestCartsThatNobodyComesBackToAreForgotten(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, database string) {
		w := newWorldOn(t, klarnatest.NewServer(), database)
		buyer, paying := w.newBrowser().checkout(), w.newBrowser().checkout()
		buyer.bring(buyer.approve())
		if err := w.shop.store.forget(t.Context(), now().Add(-rememberFor)); err != nil {
			t.Fatal(err)
		}
		if again := paying.checkout(); again.authorizedPath != paying.authorizedPath {
			t.Error("a new cart is forgotten")
		}
		if err := w.shop.store.forget(t.Context(), now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		var shoppers, checkouts int
		if err := w.shop.store.db.QueryRow(`SELECT (SELECT COUNT(*) FROM shoppers), (SELECT COUNT(*) FROM checkouts)`).Scan(&shoppers, &checkouts); err != nil {
			t.Fatal(err)
		}
		if shoppers != 0 || checkouts != 1 {
			t.Errorf("%d shoppers and %d checkouts are left", shoppers, checkouts)
		}
		wantPage(t, buyer.get(orderPath(buyer.record().number)), http.StatusOK, anyOrder, thanks) // an order is kept
	})
}
