package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// serve handles requests until the context ends, and then waits for those under way: an order that is being placed is not
// cancelled.
func serve(ctx context.Context, listener net.Listener, shop *shop) error {
	server := &http.Server{
		Handler:           shop.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      placeTimeout + 15*time.Second, // a shopper waits while the order is placed
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(shop.logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	shop.logger.Info("stopping")
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), placeTimeout+5*time.Second)
	defer cancel()
	err := server.Shutdown(stopping)
	shop.close()
	return errors.Join(err, ignoreClosed(<-failed))
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
